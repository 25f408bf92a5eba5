"""The gate's pages: sign in, choose where you stand, scan, and see at arm's length whether to open."""

from wenyue.web.gate.pages import routes

__all__ = ["routes"]
