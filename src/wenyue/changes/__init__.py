"""Changes: what one person proposes and another agrees to; what only restricts takes effect at once and is reviewed.

It knows *that* something changes and who agreed, not what it means: acts are the use cases of `application`.
Owns the PostgreSQL schema `changes`.
"""

from wenyue.changes import rules, store
from wenyue.changes.model import (
    DELAY,
    LASTS,
    LISTED_MAX,
    OF_PERSON_A_DAY_MAX,
    PAGES_MAX,
    REASON_LENGTH_MAX,
    REVIEWED_WITHIN,
    WAITING_OF_PERSON_MAX,
    WAITING_OF_VENUE_MAX,
    Bounds,
    Change,
    Counts,
    Effect,
    Looked,
    Refusal,
    State,
)
from wenyue.changes.store import find as proposal
from wenyue.changes.store import latest as proposals

__all__ = [
    "DELAY",
    "LASTS",
    "LISTED_MAX",
    "OF_PERSON_A_DAY_MAX",
    "PAGES_MAX",
    "REASON_LENGTH_MAX",
    "REVIEWED_WITHIN",
    "WAITING_OF_PERSON_MAX",
    "WAITING_OF_VENUE_MAX",
    "Bounds",
    "Change",
    "Counts",
    "Effect",
    "Looked",
    "Refusal",
    "State",
    "proposal",
    "proposals",
    "rules",
    "store",
]
