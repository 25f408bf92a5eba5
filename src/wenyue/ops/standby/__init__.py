"""A warm standby on a second machine: it follows over TLS, and one command lets it take over."""

from wenyue.ops.standby.command import app

__all__ = ["app"]
