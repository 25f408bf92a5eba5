"""Looking a booking up at the gate by name, phone or old number: bounded, masked, counted, and written down."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

from wenyue.booking import Admission, BookingState, redeemable
from wenyue.catalogue import venues_by_id
from wenyue.core.clock import local_date
from wenyue.core.documents import mask_document, mask_name, mask_phone
from wenyue.core.limits import LOOKUP_FOUND_MAX
from wenyue.core.personal import Vault
from wenyue.gate.candidates import open_parties, visitor_of
from wenyue.gate.counting import Lookup, may_look_up, write_down
from wenyue.gate.desk import Parties
from wenyue.gate.indexing import key_of
from wenyue.gate.model import (
    Found,
    FoundPerson,
    FoundVisit,
    LookupProblem,
    LookupRequest,
    Standing,
    VenueUnknown,
)
from wenyue.gate.terms import term_of
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.gate", "lookup.sql")
_STANDING: Final = {
    BookingState.HELD: Standing.HELD,
    BookingState.CONFIRMED: Standing.BOOKED,
    BookingState.NO_SHOW: Standing.MISSED,
}


async def look_up(tx: Tx, vault: Vault, request: LookupRequest, now: datetime) -> Found | LookupProblem:
    """Visits of one venue near today by name, phone or old number. The whole name counts, not a part of it.

    Whether the member of staff works at the venue the caller has checked. Every look-up that was made is written down
    with who made it and the keyed hash of the term, also when nothing was found. Raises VenueUnknown.
    """
    term = term_of(request.kind, request.text)
    if not term:
        return LookupProblem.NOTHING_ASKED
    if not await may_look_up(tx, request.staff_id, now):
        return LookupProblem.TOO_OFTEN
    venue = (await venues_by_id(tx, [request.venue_id])).get(request.venue_id)
    if venue is None:
        raise VenueUnknown
    today, days = local_date(now, venue.timezone), timedelta(days=request.days)
    key = key_of(vault, request.kind, term)
    wanted: dict[str, object] = {
        "term": key,
        "venue_id": request.venue_id,
        "from_day": today - days,
        "to_day": today + days,
        "today": today,
        "limit": LOOKUP_FOUND_MAX + 1,
    }
    ids: list[UUID] = [
        row[0] for row in await (await tx.execute(_SQL["bookings_of_term"], wanted)).fetchall()
    ]
    visits = await _visits(tx, vault, ids[:LOOKUP_FOUND_MAX], request, now)
    near = tuple(one for one in visits if abs((one.on_date - today).days) <= request.days)
    made = Lookup(request.staff_id, request.venue_id, request.kind.value, key, len(near))
    await write_down(tx, made, now)
    return Found(near, is_more=len(ids) > LOOKUP_FOUND_MAX)


async def _visits(
    tx: Tx, vault: Vault, ids: list[UUID], request: LookupRequest, now: datetime
) -> list[FoundVisit]:
    if not ids:
        return []
    today = local_date(now, "Asia/Shanghai")
    places = await redeemable(tx, booking_ids=ids, venue_id=request.venue_id, on_date=today)
    here = sorted(
        (one for one in places if one.venue_id == request.venue_id),
        key=lambda one: (abs((one.on_date - today).days), one.starts_at, one.booking_id, one.line_no),
    )
    parties = await open_parties(tx, vault, ids)
    return [
        _visit(list(group), parties)
        for _, group in groupby(here, key=lambda one: (one.booking_id, one.line_no))
    ]


def _visit(places: Sequence[Admission], parties: Parties) -> FoundVisit:
    first = places[0]
    party = parties.get(first.booking_id)
    people: list[FoundPerson] = []
    for place in places:
        visitor = visitor_of(parties, place.booking_id, place.visitor_no) if place.person_key else None
        if visitor is not None:
            name, document = mask_name(visitor.name), mask_document(visitor.number)
            people.append(FoundPerson(place.visitor_no, name, document, place.redeemed_at is not None))
    return FoundVisit(
        booking_id=first.booking_id,
        line_no=first.line_no,
        quantity=sum(place.quantity for place in places),
        standing=_standing(places),
        product=first.product,
        label=first.label,
        on_date=first.on_date,
        starts_at=first.starts_at,
        ends_at=first.ends_at,
        timezone=first.timezone,
        contact=mask_name(party.contact_name) if party else "",
        phone=mask_phone(party.contact_phone) if party and party.contact_phone else "",
        people=tuple(people),
    )


def _standing(places: Sequence[Admission]) -> Standing:
    live = [place for place in places if place.is_live]
    standing = _STANDING.get(places[0].state, Standing.VOID)
    if not live or standing is Standing.VOID:
        return Standing.VOID
    return Standing.USED if all(place.redeemed_at is not None for place in live) else standing
