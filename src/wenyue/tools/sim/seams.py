"""The one door of the simulator into the engine's inside: what it drives step by step, and where bugs are planted.

Nothing else outside the booking slice may import these modules; the house test names this file as the exception.
"""

from wenyue.booking import (
    accepting,
    batch,
    changes,
    drawing,
    early,
    moves,
    opening,
    redeeming,
    returning,
    rules,
    store,
    views,
)
from wenyue.booking.batch import RETRYABLE, STEP, InDoubt, Probe, execute, unwatched
from wenyue.booking.effects import Effects
from wenyue.booking.facts import Facts
from wenyue.booking.model import LineFacts, PoolFacts, SlotFacts
from wenyue.booking.opening import BelowTaken, CapacityAnswer
from wenyue.booking.store import due_holds
from wenyue.booking.views import Views
from wenyue.emergency import store as room_store
from wenyue.infra import admission

__all__ = [
    "RETRYABLE",
    "STEP",
    "BelowTaken",
    "CapacityAnswer",
    "Effects",
    "Facts",
    "InDoubt",
    "LineFacts",
    "PoolFacts",
    "Probe",
    "SlotFacts",
    "Views",
    "accepting",
    "admission",
    "batch",
    "changes",
    "drawing",
    "due_holds",
    "early",
    "execute",
    "moves",
    "opening",
    "redeeming",
    "returning",
    "room_store",
    "rules",
    "store",
    "unwatched",
    "views",
]
