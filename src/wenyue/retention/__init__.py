"""Retention: personal data past its period is overwritten, in bounded steps, counted in the record.

Owns the PostgreSQL schema `retention`; only its function there may overwrite what other slices have sealed.
"""

from wenyue.retention.model import Kind, Period
from wenyue.retention.store import count_due, erase_step, periods, set_period

__all__ = ["Kind", "Period", "count_due", "erase_step", "periods", "set_period"]
