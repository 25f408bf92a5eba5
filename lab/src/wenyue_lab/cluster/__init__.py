"""`wenyue lab`: a real database cluster with everything in front of it, on one machine, to look at and to break."""

from wenyue_lab.cluster.command import app

__all__ = ["app"]
