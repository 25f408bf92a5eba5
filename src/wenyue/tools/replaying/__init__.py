"""Replaying: real demand, in the order it came, through the public interface on a virtual clock, checked event by event."""

from wenyue.tools.replaying.command import app, read_demand, run_replay

__all__ = ["app", "read_demand", "run_replay"]
