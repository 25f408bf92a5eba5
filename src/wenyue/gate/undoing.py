"""Taking an admission back, within what a keeper may do alone. Runs in the caller's transaction."""

from collections.abc import Callable
from datetime import datetime, time
from typing import Final
from uuid import UUID

from wenyue.accounts import Staff
from wenyue.audit import Entry, record
from wenyue.booking import undo_redemption
from wenyue.core.clock import at_local, local_date
from wenyue.events import append, kinds
from wenyue.gate.model import Reason, UndoFacts, UndoLimits, UndoOutcome
from wenyue.gate.undo_rules import undo_outcome
from wenyue.platform.database.db import Tx, fetch_dict, queries

_SQL: Final = queries("wenyue.gate", "undoing.sql")
_MACHINE: Final = 0  # the keeper's id where none is signed in


async def undo(
    tx: Tx,
    scan_id: UUID,
    *,
    staff_id: int | None,
    is_theirs: Callable[[int, str], bool],
    reason: str,
    now: datetime,
    limits: UndoLimits,
    second: Staff | None = None,
) -> UndoOutcome:
    """Take an admission back within UNDO_WINDOW_S: the place can be used again. Idempotent.

    The reason is kept in `gate.undo` and with the redemption, never in the record.

    `is_theirs`: whether the member of staff takes back what was let in at this venue and gate. `second`: who confirmed it
    with a password, just checked.
    **Commit a refusal too**: one for want of a second person is written down, once for a scan and keeper.
    """
    await tx.execute(_SQL["lock_keeper"], {"staff_id": staff_id or _MACHINE})
    found = await fetch_dict(tx, _SQL["lock_for_undo"], {"id": scan_id})
    if found is None or not is_theirs(found["venue_id"], found["gate"]):
        return UndoOutcome.UNKNOWN_SCAN
    if found["undone_at"] is not None:
        return UndoOutcome.UNDONE
    place = {key: found[key] for key in ("booking_id", "line_no", "visitor_no")}
    timezone = found["timezone"] or "Asia/Shanghai"
    since = at_local(local_date(now, timezone), time(0), timezone)
    counts = await fetch_dict(tx, _SQL["undone_before"], {**place, "staff_id": staff_id, "since": since})
    facts = UndoFacts(
        venue_id=found["venue_id"],
        is_admission=found["verdict"] == Reason.ADMIT,
        at=found["at"],
        staff_id=staff_id,
        place_count=counts["of_place"] if counts else 0,
        keeper_count=counts["of_keeper"] if counts else 0,
        second=second,
    )
    outcome = undo_outcome(facts, limits, reason, now)
    detail: dict[str, object] = {
        "scan": str(scan_id),  # without the reason, which keepers type: the record forgets nothing
        "of_place": facts.place_count,
        "of_keeper": facts.keeper_count,
    }
    if outcome in {UndoOutcome.SECOND_NEEDED, UndoOutcome.SECOND_UNFIT}:
        tried: dict[str, object] = {"scan_id": scan_id, "staff_id": staff_id or _MACHINE, "at": now}
        if (await tx.execute(_SQL["add_refused"], tried)).rowcount == 1:
            entry = Entry(now, actor_of(staff_id), "gate.undo_refused", str(found["booking_id"]), detail)
            await record(tx, [entry])
    if outcome is not UndoOutcome.UNDONE:
        return outcome
    await undo_redemption(tx, scan_id, reason, now)
    second_id = second.id if second is not None else None
    await tx.execute(
        _SQL["add_undo"],
        {"scan_id": scan_id, "at": now, "staff_id": staff_id, "reason": reason, "second_staff_id": second_id},
    )
    if second is not None:
        detail["confirmed_by"] = f"staff:{second.id}"
    await record(tx, [Entry(now, actor_of(staff_id), "gate.undone", str(found["booking_id"]), detail)])
    at = (place["line_no"], place["visitor_no"], found["venue_id"], scan_id)
    await append(tx, [kinds.AdmissionTakenBack(found["booking_id"], *at)], now)
    return UndoOutcome.UNDONE


def actor_of(staff_id: int | None) -> str:
    """Who acts, as the record names them."""
    return "system:gate" if staff_id is None else f"staff:{staff_id}"
