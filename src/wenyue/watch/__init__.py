"""Watching: what the monitor checks, how findings become alerts, who is told. Owns the PostgreSQL schema `watch`.

`beat` is for partners and workers: a sign of life. Everything else is for the monitor (`wenyue.monitor`).
"""

from wenyue.watch.store import beat

__all__ = ["beat"]
