"""At the counter: what is booked at a venue with the document that staff hold in their hands. Counted and written down."""

from datetime import datetime
from typing import Final

from wenyue.audit import Entry, record
from wenyue.booking import by_others
from wenyue.gate.model import LookupProblem
from wenyue.gate.undoing import actor_of
from wenyue.infra.db import Tx, fetch_dict, queries
from wenyue.kernel.limits import LOOKUPS_PER_DAY, LOOKUPS_PER_MINUTE
from wenyue.kernel.personal import Vault

_SQL: Final = queries("wenyue.gate", "lookup.sql")
_KIND: Final = "document"


async def places_of_person(
    tx: Tx,
    vault: Vault,
    *,
    venue_id: int,
    staff_id: int,
    person_key: bytes,
    number_key: bytes | None,
    now: datetime,
) -> list[by_others.PlaceByOther] | LookupProblem:
    """Coming places of the person at the venue, in bookings that are not of their own account.

    `number_key`: of the document's bare number: a place that somebody booked with it under another kind or nationality is
    found, too, by whoever sees the document.

    Whether the member of staff works there the caller has checked. It counts as a look-up, and is recorded as one.
    """
    await tx.execute(_SQL["lock_keeper"], {"staff_id": staff_id})
    before = await fetch_dict(
        tx, _SQL["lookups_before"], {"staff_id": staff_id, "now": now, "is_scan": False}
    )
    if before and (before["in_minute"] >= LOOKUPS_PER_MINUTE or before["in_day"] >= LOOKUPS_PER_DAY):
        return LookupProblem.TOO_OFTEN
    numbers = [number_key] if number_key is not None else []
    found = await by_others.places_by_others(
        tx, [person_key], now, number_keys=numbers, venue_id=venue_id, is_staff=True
    )
    term = vault.fingerprint(b"gate|document|" + person_key)
    row: dict[str, object] = {
        "now": now,
        "staff_id": staff_id,
        "venue_id": venue_id,
        "kind": _KIND,
        "term": term,
        "found": len(found),
    }
    await tx.execute(_SQL["add_lookup"], row)
    detail: dict[str, object] = {"kind": _KIND, "term": term.hex(), "found": len(found)}
    await record(tx, [Entry(now, actor_of(staff_id), "gate.looked_up", f"venue:{venue_id}", detail)])
    return found
