"""`wenyue fairness`: the proof that a waiting room let people in as promised, also for whoever has only the public file."""

from wenyue.tools.fairness.command import app

__all__ = ["app"]
