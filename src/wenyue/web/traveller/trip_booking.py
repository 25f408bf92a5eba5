"""The one button that books: what the form says becomes a request, and the engine's answer a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from wenyue.accounts import VisitorRecord
from wenyue.application import Denied, Details, PlaceBooking, person_of_record, place_booking
from wenyue.application.given import Given
from wenyue.application.places_by_others import NotTaken, own_places
from wenyue.application.visits import visits_of
from wenyue.booking import Answer, Outcome, WantedLine, bookings_of
from wenyue.cards import CardRefusal
from wenyue.core.ids import parse_uuid
from wenyue.locale import text_in
from wenyue.web.shared import whole_number
from wenyue.web.shared.i18n import say_date
from wenyue.web.shared.request_context import redirect
from wenyue.web.traveller.card_desk import Bearer, bearer_of
from wenyue.web.traveller.context import TravellerContext, post
from wenyue.web.traveller.denials import denied
from wenyue.web.traveller.others_pages import PATH as OTHERS
from wenyue.web.traveller.outcome import refusal
from wenyue.web.traveller.room_cookies import room_tokens
from wenyue.web.traveller.trip import (
    TRIP_ITEMS_MAX,
    TRIP_PEOPLE_MAX,
    Trip,
    TripItem,
    parse_item,
    set_trip,
)
from wenyue.web.traveller.trip_items import Chosen, choose, expired_text, going_of, review_path, time_of

_BIGGEST_ID: Final = 2**63 - 1
_CARD_REFUSALS: Final = frozenset(Outcome(int(refusal)) for refusal in CardRefusal)


async def book(context: TravellerContext) -> Response:
    """Book what the form says. The same form again is the same booking."""
    booking_id = parse_uuid(context.form.one("id"))
    lines = [_read_line(raw) for raw in context.form.many("line", TRIP_ITEMS_MAX)]
    wanted = [line for line in lines if line is not None]
    if booking_id is None or not wanted or len(wanted) != len(lines):
        return context.not_found()
    ids = [whole_number(raw, 1, _BIGGEST_ID) for raw in context.form.many("visitor", TRIP_PEOPLE_MAX)]
    async with context.reading() as tx:
        going = await going_of(context, tx, [one for one in ids if one is not None])
        bearer = await bearer_of(context, tx)
        chosen = await choose(context, tx, [line.item for line in wanted], going)
    if len(chosen) != len(wanted):
        return _refuse(context, Answer(Outcome.SLOT_UNKNOWN, booking_id), chosen, going, frozenset())
    expired = expired_text(context, chosen, going)
    if expired:
        title = context.gettext("A document ends before the visit")
        actions = (("/trip", context.pgettext("to change it", "Back to my trip"), True),)
        return context.message(title, expired, status=409, actions=actions)
    wanted.sort(key=lambda line: [one.item.slot_id for one in chosen].index(line.item.slot_id))
    details = _details(context, wanted, chosen, going, bearer)
    placing = PlaceBooking(booking_id, details.lines, Given(details), room_tokens(context.request))
    answer = (await place_booking(context.services, context.traveller, Given(placing))).outcome
    if isinstance(answer, Denied):
        return denied(context, answer, again=("/trip/book", _fields(context)))
    if not answer.outcome.is_success:
        on_site = frozenset(line.item.slot_id for line in wanted if not line.is_on_card)
        own = await _own_booking(context, answer, chosen, going)
        is_by_others = not own and await _is_by_others(context, answer, chosen, going)
        return _refuse(context, answer, chosen, going, on_site, is_by_others=is_by_others, own=own)
    response = redirect(f"/bookings/{booking_id}?done=booked")
    set_trip(response, Trip(), context.services)
    return response


async def _own_booking(
    context: TravellerContext, answer: Answer, chosen: Sequence[Chosen], going: Sequence[VisitorRecord]
) -> str:
    """Where the account's own booking stands in which this person has that place already; '' if it is not this account's."""
    line, number = answer.line, answer.visitor
    if answer.outcome is not Outcome.PERSON_TWICE or line is None or number is None:
        return ""
    if line >= len(chosen) or number >= len(going):
        return ""
    place, day = chosen[line].venue.id, chosen[line].slot.on_date
    person = (going[number].document_kind, going[number].document_number.reveal())
    async with context.reading() as tx:
        found = await bookings_of(tx, context.services.vault, context.holder_id)
    for view in found:
        named = {index for index, one in view.coming if (one.kind, one.number) == person}
        for one in visits_of([line for line in view.lines if line.is_live]):
            where = {(line.venue_id, line.on_date) for line in one.lines}
            if (place, day) in where and named & set(one.first.visitors):
                return f"/bookings/{view.id}#visit-{one.number}"
    return ""


async def _is_by_others(
    context: TravellerContext, answer: Answer, chosen: Sequence[Chosen], going: Sequence[VisitorRecord]
) -> bool:
    """Whether another account booked the traveller there that day, which is why they have a place; told to the proved holder."""
    line, number = answer.line, answer.visitor
    if answer.outcome is not Outcome.PERSON_TWICE or line is None or number is None:
        return False
    if line >= len(chosen) or number >= len(going) or not going[number].is_self:
        return False
    where = (chosen[line].venue.id, chosen[line].slot.on_date)
    async with context.reading() as tx:
        found = await own_places(context.services, tx, context.holder_id, context.now)
    return not isinstance(found, NotTaken) and any((one.venue_id, one.on_date) == where for one in found)


@dataclass(frozen=True, slots=True)
class _FormLine:
    item: TripItem
    price_minor: int
    is_on_card: bool
    written: str


def _read_line(raw: str) -> _FormLine | None:
    head, _, pays = raw.rpartition(".")
    head, _, price = head.rpartition(".")
    item, price_minor = parse_item(head), whole_number(price, 0, 10**12)
    if item is None or price_minor is None or pays not in ("0", "1"):
        return None
    return _FormLine(item, price_minor, pays == "1", raw)


def _details(
    context: TravellerContext,
    wanted: Sequence[_FormLine],
    chosen: Sequence[Chosen],
    going: Sequence[VisitorRecord],
    bearer: Bearer | None,
) -> Details:
    everybody = tuple(range(len(going)))
    lines = tuple(
        WantedLine(
            slot_id=line.item.slot_id,
            quantity=one.quantity,
            visitors=everybody if one.product.needs_visitors else (),
            is_on_card=line.is_on_card,
            price_minor=None if line.is_on_card else line.price_minor,
        )
        for line, one in zip(wanted, chosen, strict=True)
    )
    return Details(
        lines,
        tuple(person_of_record(one, context.services.vault) for one in going),
        card_id=bearer.card.id if bearer and any(line.is_on_card for line in wanted) else None,
        contact_name=going[0].name.reveal() if going else "",
        contact_phone=next((phone for one in going if (phone := one.phone.reveal())), ""),
    )


def _fields(context: TravellerContext) -> list[tuple[str, str]]:
    """What the form says, to be sent again."""
    return [
        (name, value)
        for name in ("id", "line", "visitor")
        for value in context.form.many(name, TRIP_ITEMS_MAX)
    ]


def _refuse(
    context: TravellerContext,
    answer: Answer,
    chosen: Sequence[Chosen],
    going: Sequence[VisitorRecord],
    on_site: frozenset[int],
    *,
    is_by_others: bool = False,
    own: str = "",
) -> Response:
    """Say no: which line and which person, the reason, and the way back with everything still chosen."""
    about, actions = "", list[tuple[str, str, bool]]()
    if answer.line is not None and answer.line < len(chosen):
        one = chosen[answer.line]
        name = text_in(one.venue.name, context.locale)
        about = f"{name} · {say_date(one.slot.on_date, context.locale)} {time_of(context, one)}"
        if answer.outcome in _CARD_REFUSALS:
            slots = on_site | {one.item.slot_id}
            actions.append((review_path(slots), context.gettext("Pay on site instead"), True))
    if answer.visitor is not None and answer.visitor < len(going):
        who = going[answer.visitor].name.reveal()
        about += context.gettext(" (visitor {n}, {who})", n=answer.visitor + 1, who=who)
    if own:
        actions.append((own, context.gettext("Show the booking there is"), True))
    if is_by_others:
        about += context.gettext(". Someone else booked a place with your document for this day")
        actions.append((OTHERS, context.gettext("That wasn't me"), True))
    actions.append(("/trip", context.pgettext("to change it", "Back to my trip"), not actions))
    if chosen and (answer.outcome.is_full or answer.outcome in (Outcome.SLOT_CLOSED, Outcome.SALES_ENDED)):
        one = chosen[min(answer.line or 0, len(chosen) - 1)]
        actions.append((f"/venues/{one.venue.code}#calendar", context.gettext("Other days"), False))
    return refusal(context, answer, again=("/trip/book", _fields(context)), about=about, actions=actions)


routes = [post("/trip/book", book)]
