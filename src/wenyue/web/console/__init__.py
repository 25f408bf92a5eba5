"""The operators' console: how the installation does now, and what to do about it. Only staff with an operator's role come in."""

from wenyue.web.console.pages import routes

__all__ = ["routes"]
