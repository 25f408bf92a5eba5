"""The monitor role: every minute it looks, judges, and tells people. It needs neither the web nor the worker nor a database."""

from wenyue.monitor.loop import Monitor
from wenyue.monitor.senders import TextSender, senders_of
from wenyue.monitor.start import connect, look_once, run_monitor, scene_of

__all__ = [
    "Monitor",
    "TextSender",
    "connect",
    "look_once",
    "run_monitor",
    "scene_of",
    "senders_of",
]
