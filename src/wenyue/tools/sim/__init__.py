"""The simulator: the real engine on a real database, on virtual time, against crashes and a naive model; see docs/simulator.md."""

from wenyue.tools.sim.command import app

__all__ = ["app"]
