"""What an accepted booking writes down, and how the facts move on for the decisions after it. Pure."""

from datetime import timedelta

from msgspec import Struct

from wenyue.booking.decisions.allocation import take_pools
from wenyue.booking.decisions.allowance import DESK_CHANNELS, open_line
from wenyue.booking.decisions.effects import BookingRow, Effects, LineRow, PlaceRow
from wenyue.booking.decisions.facts import Facts
from wenyue.booking.model import (
    Answer,
    BookingRequest,
    BookingState,
    EventKind,
    ExistingBooking,
    Outcome,
    SlotFacts,
)
from wenyue.core.limits import HOLD_TTL_S_MAX


class Passed(Struct, frozen=True, gc=False):
    """The results of every check, per line."""

    slots: list[SlotFacts]
    paid_by: list[int | None]
    scopes: list[int]
    drawn: list[tuple[int, ...]]


def accept(request: BookingRequest, passed: Passed, facts: Facts, effects: Effects) -> Answer:
    """Write the booking down, and move the facts so that the next decision sees it."""
    state, hold_until = BookingState.CONFIRMED, None
    if request.is_hold:
        state = BookingState.HELD
        hold_until = facts.now + timedelta(seconds=min(request.hold_ttl_s, HOLD_TTL_S_MAX))
    total_minor = sum(
        _write_line(request, number, state, passed, facts=facts, effects=effects)
        for number in range(len(request.lines))
    )
    # A card that pays for no line was not checked, so it is not noted.
    card_id = request.card_id if any(line.is_on_card for line in request.lines) else None
    currency = currencies(request, passed.slots)[0]
    booked = (
        request.id,
        request.body_hash,
        state,
        request.channel,
        request.holder_id,
        card_id,
        hold_until,
        total_minor,
        currency,
    )
    effects.bookings.append(BookingRow(*booked, request.party, request.source, request.source_key))
    facts.existing[request.id] = ExistingBooking(*booked)
    if request.is_hold and request.holder_id is not None:
        facts.holds[request.holder_id] = facts.holds.get(request.holder_id, 0) + 1
    outcome, kind = (
        (Outcome.HELD, EventKind.HELD) if request.is_hold else (Outcome.CONFIRMED, EventKind.CONFIRMED)
    )
    effects.record(request.actor, "booking.held" if request.is_hold else "booking.confirmed", request.id)
    effects.append_event(kind, request.id)
    return Answer(
        outcome, request.id, hold_until=hold_until, total_minor=total_minor, state=state, currency=currency
    )


def _write_line(
    request: BookingRequest,
    number: int,
    state: BookingState,
    passed: Passed,
    *,
    facts: Facts,
    effects: Effects,
) -> int:
    """One line with its named places, drawn from its pools; what it costs in money."""
    line, slot, scope = request.lines[number], passed.slots[number], passed.scopes[number]
    entitlement_no, drawn = passed.paid_by[number], passed.drawn[number]
    price_minor = 0 if line.is_on_card else slot.price_minor
    effects.lines.append(
        LineRow(
            request.id,
            number,
            slot.id,
            slot.product_id,
            slot.venue_id,
            slot.on_date,
            line.quantity,
            price_minor,
            drawn,
            request.card_id if line.is_on_card else None,
            entitlement_no,
        )
    )
    for index in line.visitors:
        person_key = request.visitors[index].person_key
        number_key = request.visitors[index].number_key
        if number_key is not None and request.channel in DESK_CHANNELS:
            number_key = None
        effects.places.append(
            PlaceRow(request.id, number, index, person_key, scope, slot.on_date, number_key)
        )
        facts.places.add((person_key, slot.on_date, scope))
        if number_key is not None:
            facts.numbers.add((number_key, slot.on_date, scope))
    if request.holder_id is not None and request.holder_id not in facts.once:
        facts.open.setdefault(request.holder_id, {})[request.id, number] = open_line(
            slot, line.quantity, is_named=bool(line.visitors), is_on_card=line.is_on_card
        )
    take_pools(facts, effects, drawn, state, line.quantity)
    if entitlement_no is not None and request.card_id is not None:
        effects.spend(request.card_id, entitlement_no, line.quantity)
    return price_minor * line.quantity


def currencies(request: BookingRequest, slots: list[SlotFacts]) -> list[str]:
    """The currencies of the lines that cost money; when none does, the first line's."""
    paid = [slot.currency for line, slot in zip(request.lines, slots, strict=True) if not line.is_on_card]
    return paid or [slots[0].currency]
