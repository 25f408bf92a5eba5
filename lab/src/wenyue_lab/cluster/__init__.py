"""A real database cluster with everything in front of it, on one machine, to look at and to break. See docs/lab.md."""
