"""Whether an admission may be taken back, and by whom. Pure.

An undo frees a place: somebody may enter twice on it. So a keeper takes back alone only a little; beyond that a second
person, who is not the keeper and holds `undo.confirm` at the venue, confirms each one.
"""

from datetime import datetime

from wenyue.core.duties import Right
from wenyue.gate.model import UNDO_WINDOW_S, UndoFacts, UndoLimits, UndoOutcome


def undo_outcome(facts: UndoFacts, limits: UndoLimits, reason: str, now: datetime) -> UndoOutcome:
    """UNDONE when it may be taken back now, else why not."""
    if not facts.is_admission:
        return UndoOutcome.NOT_ADMITTED
    if not reason.strip():
        return UndoOutcome.REASON_NEEDED
    if (now - facts.at).total_seconds() > UNDO_WINDOW_S:
        return UndoOutcome.TOO_LATE
    if facts.second is not None and not _is_fit(facts):
        return UndoOutcome.SECOND_UNFIT
    is_beyond = facts.place_count >= limits.per_place or facts.keeper_count >= limits.per_day
    return UndoOutcome.SECOND_NEEDED if is_beyond and facts.second is None else UndoOutcome.UNDONE


def _is_fit(facts: UndoFacts) -> bool:
    second = facts.second
    if second is None or second.id == facts.staff_id:
        return False
    return second.may(Right.UNDO_CONFIRM, facts.venue_id)
