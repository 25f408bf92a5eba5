"""Drills: break a real installation on purpose while people book, and check from outside that nothing was lost."""

from wenyue.tools.drill.command import app

__all__ = ["app"]
