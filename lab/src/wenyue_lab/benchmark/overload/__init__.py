"""Ten times the peak, open loop, and a rush for few places. See docs/performance.md."""
