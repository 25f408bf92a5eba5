"""What every request meets before its route: bounds of the body, who may come in now, in which class, and by when."""
