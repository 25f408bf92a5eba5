"""Which places somebody has: those in their name, and the unnamed ones of their accounts."""

from typing import Final
from uuid import UUID

from wenyue.booking import Admission, redeemable
from wenyue.core.limits import CLAIMS_PER_DOCUMENT_MAX
from wenyue.gate.desk import Question
from wenyue.gate.indexing import key_of_person
from wenyue.gate.model import PERSONS_MAX
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.gate")
_LOOKUP: Final = queries("wenyue.gate", "lookup.sql")


def number_of(place: Admission) -> tuple[UUID, int, int]:
    """What tells one place from another."""
    return place.booking_id, place.line_no, place.visitor_no


async def places_of(
    question: Question, person_key: bytes, *, claimed_by: int | None = None
) -> list[Admission]:
    """The person's named places, and unnamed ones of their accounts: of `claimed_by` alone, which nobody saw the document of."""
    tx, venue_id, today = question.tx, question.venue_id, question.today
    places = await redeemable(tx, person_key=person_key, venue_id=venue_id, on_date=today)
    holders = [claimed_by] if claimed_by is not None else await _holders_of(tx, person_key)
    for holder_id in holders:
        known = {place.booking_id for place in places}
        booked = await redeemable(tx, holder_id=holder_id, venue_id=venue_id, on_date=today)
        places += [one for one in booked if one.person_key is None and one.booking_id not in known]
    return places or await _void_places_of(question, person_key)


async def _holders_of(tx: Tx, person_key: bytes) -> list[int]:
    asked = {"person_keys": [person_key], "limit": CLAIMS_PER_DOCUMENT_MAX}
    return [holder_id for (holder_id,) in await (await tx.execute(_SQL["holders_of"], asked)).fetchall()]


async def _void_places_of(question: Question, person_key: bytes) -> list[Admission]:
    """Who has no live place: what they had near today, so that the gate says that it was cancelled."""
    wanted: dict[str, object] = {
        "term": key_of_person(question.desk.vault, person_key),
        "venue_id": question.venue_id,
        "from_day": question.today,
        "to_day": question.today,
        "today": question.today,
        "limit": PERSONS_MAX,
    }
    rows = await (await question.tx.execute(_LOOKUP["bookings_of_term"], wanted)).fetchall()
    ids: list[UUID] = [row[0] for row in rows]
    if not ids:
        return []
    places = await redeemable(
        question.tx, booking_ids=ids, venue_id=question.venue_id, on_date=question.today
    )
    return [one for one in places if one.person_key == person_key]
