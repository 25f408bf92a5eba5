"""Replaying: real demand, in the order it came, through the public interface on a virtual clock, checked event by event."""

from wenyue_lab.replay.command import app, read_demand, run_replay

__all__ = ["app", "read_demand", "run_replay"]
