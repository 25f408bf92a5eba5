"""Moving a visit of a booking: who moves, to which day, at what price. A stay moves as one, by its day of arrival."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from starlette.responses import Response

from wenyue.application import Denied, Move, Traveller, move_lines
from wenyue.application.move_visit import move_visit
from wenyue.application.placements import Placement, is_mixed, placement_at, placements, price_now
from wenyue.application.visits import Visit, visit_with, visits_of
from wenyue.booking import Answer, BookingView, Outcome, SlotView, availability
from wenyue.catalogue import product, venue
from wenyue.container import Services
from wenyue.core.clock import local_date
from wenyue.core.limits import LINE_NUMBERS_MAX, VISITORS_MAX
from wenyue.locale import text_in
from wenyue.locale.formats import say_list
from wenyue.platform.database.db import Tx
from wenyue.web.shared import whole_number
from wenyue.web.shared.forms import FieldError, parse_day
from wenyue.web.shared.request_context import redirect
from wenyue.web.traveller.booking_access import booking_id_of, change_booking, facts_of, find
from wenyue.web.traveller.booking_views import booking_page, say_terms, shown_lines, terms_of
from wenyue.web.traveller.calendar_views import CALENDAR_DAYS, CalendarFacts, calendar_view
from wenyue.web.traveller.card_desk import bearer_of, refusals_of
from wenyue.web.traveller.context import TravellerContext, get, post, with_pairs
from wenyue.web.traveller.queue_views import queues_of
from wenyue.web.traveller.room_cookies import room_tokens
from wenyue.web.traveller.visit_views import say_visit

_BIGGEST_ID: Final = 2**63 - 1
_DEAREST: Final = 10**12
_UNPROCESSABLE: Final = 422


async def ask_reschedule(context: TravellerContext) -> Response:
    """Another day or session for one visit, or for some of its people."""
    query = context.request.query_params
    async with context.reading() as tx:
        view = await find(context, tx)
        visit = _visit_of(view, whole_number(query.get("line", ""), 0, LINE_NUMBERS_MAX))
        if view is None or visit is None:
            return context.not_found()
        facts = await facts_of(context, tx, view)
        people = _people_of(visit, query.getlist("person"))
        shown = await _calendar_facts(context, tx, view, visit, people)
        if shown is None:
            return context.not_found()
    page = booking_page(facts, context.locale)
    if not (page.can_change and page.can_move):
        return redirect(f"/bookings/{view.id}")
    errors: list[FieldError] = []
    if "choose" in query and visit.first.visitors and not people:
        errors = [FieldError("people", context.gettext("Choose at least one person to move."))]
    name, locale = text_in(visit.first.venue, context.locale), context.locale
    terms = [
        say_terms(one, name, line.timezone, locale, is_move=True)
        for line, one in terms_of(visit.lines[:1], context.services.presets, context.now)
    ]
    return context.page(
        "reschedule",
        tab="bookings",
        status=_UNPROCESSABLE if errors else 200,
        view=page,
        errors=errors,
        error_of={"people": ""} | {error.field: error.text for error in errors},
        terms=terms,
        visits=[
            (
                with_pairs(f"/bookings/{view.id}/reschedule", [("line", one.number)]),
                f"{text_in(one.first.venue, locale)} · {say_visit(one, locale)}",
                one.number == visit.number,
            )
            for one in visits_of(shown_lines(view))
        ],
        number=visit.number,
        is_stay=visit.is_stay,
        title=name,
        now_text=say_visit(visit, locale),
        people=[
            (number, one.name, not people or number in people)
            for number, one in view.coming
            if number in visit.first.visitors
        ],
        is_some=bool(people),
        # While people are chosen no day can be pressed: it would move everybody.
        is_picking=bool(errors) or ("pick" in query and bool(visit.first.visitors)),
        pick=with_pairs(
            f"/bookings/{view.id}/reschedule",
            [("line", visit.number), ("pick", 1), *(("person", number) for number in people)],
        ),
        movers=say_list([one.name for number, one in view.coming if number in people], locale),
        extra=[("line", visit.number), *(("person", number) for number in people)],
        calendar_view=calendar_view(shown, locale),
    )


async def reschedule(context: TravellerContext) -> Response:
    """Move the visit to the chosen slot, or some of its people; an old place goes only when the new one is had."""
    wanted = context.form.number("line", 0, LINE_NUMBERS_MAX)
    slot_id = context.form.number("slot", 1, _BIGGEST_ID)
    if wanted is None or slot_id is None:
        return context.not_found()
    async with context.reading() as tx:
        view = await find(context, tx)
        visit = visit_with(visits_of(shown_lines(view)), wanted) if view is not None else None
        people = _people_of(visit, context.form.many("person", VISITORS_MAX)) if visit else ()
        found: list[Placement] = []
        if visit is not None and visit.is_stay:
            found = placements(visit, await _slots_of(context, tx, visit), visit.first.quantity)
    shown_price = context.form.number("price", 0, _DEAREST)
    chosen = placement_at(found, slot_id)
    if chosen is not None and not chosen.moves:  # it was moved there already
        return redirect(f"/bookings/{booking_id_of(context)}?done=moved")
    tokens = room_tokens(context.request)

    async def move(services: Services, traveller: Traveller, booking_id: UUID) -> Answer | Denied:
        if chosen is None:
            one = Move(wanted, slot_id, shown_price)
            return await move_lines(
                services, traveller, booking_id, [one], visitors=people, room_tokens=tokens
            )
        return await move_visit(
            services,
            traveller,
            booking_id,
            chosen,
            line_no=wanted,
            price_minor=shown_price,
            visitors=people,
            room_tokens=tokens,
        )

    return await change_booking(context, move, "moved", [("person", str(number)) for number in people])


async def _calendar_facts(
    context: TravellerContext, tx: Tx, view: BookingView, visit: Visit, people: Collection[int]
) -> CalendarFacts | None:
    line = visit.first
    place, item = await venue(tx, line.venue_code), await product(tx, line.product_id)
    if place is None or item is None:
        return None
    slots = await _slots_of(context, tx, visit)
    found = placements(visit, slots, len(people) or line.quantity)
    on_card = {one.line_no for one in visit.lines if one.card_id is not None}
    bearer = await bearer_of(context, tx) if on_card else None
    places = len(people) or line.quantity
    leaving = [(one.venue_id, one.on_date, one.quantity, places) for one in visit.lines if one.card_id]
    refusals = await refusals_of(context, tx, slots, bearer, leaving)
    pairs = [("line", visit.number), *(("person", number) for number in people)]
    return CalendarFacts(
        venue=place,
        product=item,
        slots=[one.slot for one in found],
        holidays=context.services.calendar,
        refusals=None if refusals is None else _refused(found, refusals, on_card),
        read_at=context.now,
        now=context.services.clock(),
        chosen=parse_day(context.request.query_params.get("day", "")) or line.on_date,
        href=with_pairs(f"/bookings/{view.id}/reschedule", pairs),
        moving=replace(
            line,
            price_minor=price_now(visit),
            quantity=places,
            card_id=None if is_mixed(visit) else line.card_id,
        ),
        nights=len(visit.lines) if visit.is_stay else 1,
        queues=queues_of(context, [one.slot.slot_id for one in found], place.timezone),
    )


async def _slots_of(context: TravellerContext, tx: Tx, visit: Visit) -> Sequence[SlotView]:
    """The slots of the calendar's days, and of a stay's further nights."""
    line = visit.first
    today = local_date(context.now, line.timezone)
    last = today + timedelta(days=CALENDAR_DAYS - 1 + len(visit.lines) - 1)
    return await availability(tx, line.product_id, today, last, context.now)


def _refused(
    found: Sequence[Placement], refusals: Mapping[int, Outcome], on_card: Collection[int]
) -> dict[int, Outcome]:
    """Why the card does not pay, by the slot in which a placement begins: for the first of its nights that it does not pay."""
    reasons = {
        one.slot.slot_id: next(
            (refusals[slot] for line, slot, _ in one.moves if line in on_card and slot in refusals), None
        )
        for one in found
    }
    return {slot_id: reason for slot_id, reason in reasons.items() if reason is not None}


def _people_of(visit: Visit | None, raw: Sequence[str]) -> tuple[int, ...]:
    """The people who move; nobody: everybody does."""
    named = visit.first.visitors if visit is not None else ()
    wanted = {whole_number(one, 0, VISITORS_MAX) for one in raw[:VISITORS_MAX]}
    chosen = tuple(number for number in named if number in wanted)
    return chosen if len(chosen) < len(named) else ()


def _visit_of(view: BookingView | None, line_no: int | None) -> Visit | None:
    """The visit with this line, or the first one."""
    live = [line for line in view.lines if line.is_live] if view else []
    visits = visits_of(live)
    return visit_with(visits, line_no) or (visits[0] if visits else None)


routes = [
    get("/bookings/{id}/reschedule", ask_reschedule, needs_login=True),
    post("/bookings/{id}/reschedule", reschedule),
]
