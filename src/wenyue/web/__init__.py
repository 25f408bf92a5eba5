"""HTTP and HTML: they translate between people, partners or machines and the slices below, and decide nothing."""
