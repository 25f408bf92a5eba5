"""How bookings are read and written. SQL lives in the files beside the modules."""
