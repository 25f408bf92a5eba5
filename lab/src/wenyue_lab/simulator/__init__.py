"""The simulator: the real engine and database, virtual time, crashes, a naive model; see docs/simulator.md."""

from wenyue_lab.simulator.command import app

__all__ = ["app"]
