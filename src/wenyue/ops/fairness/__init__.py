"""`wenyue fairness`: the proof that a waiting room let people in as promised, also for whoever has only the public file."""

from wenyue.ops.fairness.command import app

__all__ = ["app"]
