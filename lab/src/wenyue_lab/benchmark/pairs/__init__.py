"""Whether a booking became dearer between two checkouts, measured in turns. See docs/performance.md."""
