"""At the counter: what is booked at a venue with the document that staff hold in their hands. Counted and written down."""

from datetime import datetime
from typing import Final

from wenyue.booking import by_others
from wenyue.core.personal import Vault
from wenyue.gate.counting import Lookup, may_look_up, write_down
from wenyue.gate.model import LookupProblem
from wenyue.platform.database.db import Tx

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
    slot_id: int | None = None,
) -> list[by_others.PlaceByOther] | LookupProblem:
    """Coming places of the person at the venue, in bookings that are not of their own account.

    `number_key`: of the document's bare number: a place that somebody booked with it under another kind or nationality is
    found, too, by whoever sees the document. `slot_id`: places of that session come first, however many others there are.

    Whether the member of staff works there the caller has checked. It counts as a look-up, and is recorded as one.
    """
    if not await may_look_up(tx, staff_id, now):
        return LookupProblem.TOO_OFTEN
    numbers = [number_key] if number_key is not None else []
    found = await by_others.places_by_others(
        tx, [person_key], now, number_keys=numbers, venue_id=venue_id, first_slot_id=slot_id, is_staff=True
    )
    term = vault.fingerprint(b"gate|document|" + person_key)
    await write_down(tx, Lookup(staff_id, venue_id, _KIND, term, len(found)), now)
    return found


async def count_holder(
    tx: Tx, vault: Vault, *, venue_id: int, staff_id: int, person_key: bytes, found: int, now: datetime
) -> LookupProblem | None:
    """Count and record that staff looked whose document this is, and found so many accounts; None, or TOO_OFTEN."""
    if not await may_look_up(tx, staff_id, now):
        return LookupProblem.TOO_OFTEN
    term = vault.fingerprint(b"gate|document|" + person_key)
    await write_down(tx, Lookup(staff_id, venue_id, _KIND, term, found), now)
    return None
