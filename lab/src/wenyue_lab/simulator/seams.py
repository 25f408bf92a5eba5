"""The one door of the simulator into the engine's inside: what it drives step by step, and where bugs are planted.

Nothing else outside the booking slice may import these modules; the house test names this file as the exception.
"""

from wenyue.booking import slot_planning
from wenyue.booking.decisions import (
    accepting,
    allocation,
    cancelling,
    changes,
    moves,
    release,
    rules,
)
from wenyue.booking.decisions.effects import Effects
from wenyue.booking.decisions.facts import Facts
from wenyue.booking.engine import (
    availability_cache,
    batch,
    early,
)
from wenyue.booking.engine.availability_cache import Views
from wenyue.booking.engine.batch import RETRYABLE, STEP, InDoubt, Probe, execute, unwatched
from wenyue.booking.model import LineFacts, PoolFacts, SlotFacts
from wenyue.booking.persistence import (
    redemption,
    store,
)
from wenyue.booking.persistence.store import due_holds
from wenyue.booking.slots.slot_planning import BelowTaken, CapacityAnswer
from wenyue.platform.load_shedding import admission
from wenyue.waiting_room import store as room_store

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
    "allocation",
    "availability_cache",
    "batch",
    "cancelling",
    "changes",
    "due_holds",
    "early",
    "execute",
    "moves",
    "redemption",
    "release",
    "room_store",
    "rules",
    "slot_planning",
    "store",
    "unwatched",
]
