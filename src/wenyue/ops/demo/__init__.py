"""The demo: real names of 341 attractions with made-up figures, and hotels, restaurants, shuttles, cards, staff made up.

Everything is labelled as demo where it is shown. `load` is idempotent; `banner` says what to sign in with.
"""

from wenyue.ops.demo.loading import load
from wenyue.ops.demo.people import banner

__all__ = ["banner", "load"]
