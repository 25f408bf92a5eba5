"""How often a keeper looks people up: counted one at a time, written down with a keyed hash of what was asked."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from wenyue.audit import Entry, record
from wenyue.gate.elsewhere import are_few
from wenyue.gate.undoing import actor_of
from wenyue.platform.database.db import Tx, fetch_dict, queries

_SQL: Final = queries("wenyue.gate", "lookup.sql")
_SCAN: Final = "scan"


@dataclass(frozen=True, slots=True)
class Lookup:
    """One look-up that was made. `kind`: what was asked by; `term`: its keyed hash; `found`: how many visits."""

    staff_id: int
    venue_id: int
    kind: str
    term: bytes
    found: int


async def may_look_up(tx: Tx, staff_id: int, now: datetime) -> bool:
    """Whether the keeper's look-ups are within their limits; no other one of theirs until the transaction ends."""
    return await _is_within(tx, staff_id, now, is_scan=False)


async def write_down(tx: Tx, made: Lookup, now: datetime) -> None:
    """Count a look-up, and record who made it."""
    await _add(tx, made, now)
    detail: dict[str, object] = {"kind": made.kind, "term": made.term.hex(), "found": made.found}
    entry = Entry(now, actor_of(made.staff_id), "gate.looked_up", f"venue:{made.venue_id}", detail)
    await record(tx, [entry])


async def count_in_vain(tx: Tx, staff_id: int, venue_id: int, presented: bytes, now: datetime) -> bool:
    """Count a number that leads to nothing here among the keeper's; whether they are few still. Beyond it no row is added."""
    if not await _is_within(tx, staff_id, now, is_scan=True):
        return False
    await _add(tx, Lookup(staff_id, venue_id, _SCAN, presented, 0), now)
    return True


async def _is_within(tx: Tx, staff_id: int, now: datetime, *, is_scan: bool) -> bool:
    asked: dict[str, object] = {"staff_id": staff_id, "now": now, "is_scan": is_scan}
    await tx.execute(_SQL["lock_keeper"], asked)
    before = await fetch_dict(tx, _SQL["lookups_before"], asked)
    return before is None or are_few(before["in_minute"], before["in_day"])


async def _add(tx: Tx, made: Lookup, now: datetime) -> None:
    row: dict[str, object] = {
        "now": now,
        "staff_id": made.staff_id,
        "venue_id": made.venue_id,
        "kind": made.kind,
        "term": made.term,
        "found": made.found,
    }
    await tx.execute(_SQL["add_lookup"], row)
