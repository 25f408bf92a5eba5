"""Files that an operator moves in with: read as offices write them, understood row by row, compared with what is there."""
