"""What one of each costs, and the machines that a release needs. See docs/scale.md."""
