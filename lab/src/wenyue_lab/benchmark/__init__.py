"""The benchmark: this system over HTTP with every rule on, beside the usual ways on the same server. See docs/performance.md."""
