"""Changes: what one person proposes and another agrees to; what only restricts takes effect at once and is reviewed.

It knows *that* something changes and who agreed, not what it means: acts are the use cases of `application`.
Owns the PostgreSQL schema `changes`.
"""

from wenyue.changes import rules, store
from wenyue.changes.model import (
    DELAY,
    LASTS,
    OPEN_MAX,
    REASON_LENGTH_MAX,
    REVIEWED_WITHIN,
    Bounds,
    Change,
    Counts,
    Effect,
    Looked,
    Refusal,
    State,
)

__all__ = [
    "DELAY",
    "LASTS",
    "OPEN_MAX",
    "REASON_LENGTH_MAX",
    "REVIEWED_WITHIN",
    "Bounds",
    "Change",
    "Counts",
    "Effect",
    "Looked",
    "Refusal",
    "State",
    "rules",
    "store",
]
