"""From a chosen session to the review: the trip, who goes, and everything once more before it is booked."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from starlette.responses import Response

from wenyue.accounts import visitors
from wenyue.booking import (
    availability,
)
from wenyue.catalogue import product
from wenyue.core.clock import local_date
from wenyue.core.ids import uuid7
from wenyue.locale import text_in
from wenyue.policy import cancel_terms
from wenyue.web.shared import whole_number
from wenyue.web.shared.forms import FieldError, parse_day
from wenyue.web.shared.i18n import say_money
from wenyue.web.shared.request_context import redirect
from wenyue.web.traveller.booking_views import say_age_on, say_terms
from wenyue.web.traveller.calendar_views import (
    NIGHTS_MAX,
)
from wenyue.web.traveller.context import TravellerContext, get, post
from wenyue.web.traveller.people import person_of
from wenyue.web.traveller.trip import (
    TRIP_ITEMS_MAX,
    TRIP_PEOPLE_MAX,
    Trip,
    TripItem,
    set_trip,
)
from wenyue.web.traveller.trip_items import Chosen, choose, expired_text, going_of, line_of, review_path
from wenyue.web.traveller.views import LineView, NoteView

_BIGGEST_ID: Final = 2**63 - 1
_COUNT_MAX: Final = 50


async def add_to_trip(context: TravellerContext) -> Response:
    """Choose a session (or the nights from one day on)."""
    form = context.form
    product_id, slot_id = form.number("product", 1, _BIGGEST_ID), form.number("slot", 1, _BIGGEST_ID)
    day, count = parse_day(form.one("day")), form.number("count", 1, _COUNT_MAX) or 1
    if product_id is None or slot_id is None or day is None:
        return context.not_found()
    async with context.reading() as tx:
        item = await product(tx, product_id)
        nights = min(count, NIGHTS_MAX) if item and item.kind == "night" else 1
        slots = await availability(tx, product_id, day, day + timedelta(days=nights - 1), context.now)
    if item is None or not any(slot.slot_id == slot_id for slot in slots):
        return context.not_found()
    by_day = {slot.on_date: slot for slot in slots}
    if nights > 1 and len(by_day) == nights:
        items = tuple(TripItem(product_id, one.on_date, one.slot_id) for one in by_day.values())
    else:
        items = (TripItem(product_id, day, slot_id, 1 if item.kind == "night" else count),)
    response = redirect("/trip")
    set_trip(response, context.trip.adding(items), context.services)
    return response


async def remove_from_trip(context: TravellerContext) -> Response:
    """Take one item out."""
    response = redirect("/trip")
    set_trip(
        response, context.trip.without(context.form.number("slot", 1, _BIGGEST_ID) or 0), context.services
    )
    return response


async def show_trip(context: TravellerContext) -> Response:
    """The chosen items, and who goes."""
    return await _trip_page(context, ())


async def choose_people(context: TravellerContext) -> Response:
    """Remember who goes, then show everything once more."""
    ids = [whole_number(raw, 1, _BIGGEST_ID) for raw in context.form.many("visitor", TRIP_PEOPLE_MAX)]
    trip = Trip(context.trip.items, tuple(one for one in ids if one is not None))
    async with context.reading() as tx:
        found = await choose(context, tx, trip.items, ())
        going = await going_of(context, tx, trip.people)
    if context.form.one("add"):  # who is ticked is still ticked when they come back with one more
        response = redirect("/visitors/new?back=trip")
        set_trip(response, trip, context.services)
        return response
    problem = ""
    if not trip.people and any(one.product.needs_visitors for one in found):
        problem = context.gettext("Choose at least one visitor.")
    problem = problem or expired_text(context, found, going)
    if problem:
        return await _trip_page(context, (FieldError("people", problem),), trip.people)
    response = redirect("/trip/review")
    set_trip(response, trip, context.services)
    return response


async def review(context: TravellerContext) -> Response:
    """Everything once more, with the terms, and a button that carries the booking's own id."""
    async with context.reading() as tx:
        going = await going_of(context, tx, context.trip.people)
        on_site = _on_site(context.request.query_params.get("onsite", ""))
        chosen = await choose(context, tx, context.trip.items, going, on_site)
    if not chosen or (not going and any(one.product.needs_visitors for one in chosen)):
        return redirect("/trip")
    gettext, locale = context.gettext, context.locale
    expired = expired_text(context, chosen, going)
    if expired:
        return await _trip_page(context, (FieldError("people", expired),))
    due = sum(one.due_minor for one in chosen)
    fields = [("id", str(uuid7()))]
    fields += [
        ("line", f"{one.item.written()}.{one.slot.price_minor}.{int(one.is_on_card)}") for one in chosen
    ]
    fields += [("visitor", str(one.id)) for one in going]
    terms: list[NoteView] = []
    for one in chosen:
        preset = context.services.presets.get(one.product.policy_code)
        if preset is not None:
            said = cancel_terms(preset, one.slot.on_date, one.slot.starts_at, one.venue.timezone, context.now)
            name = text_in(one.venue.name, locale)
            terms.append(say_terms(said, name, one.venue.timezone, locale))
    day = chosen[0].slot.on_date
    return context.page(
        "review",
        tab="trip",
        lines=[_switchable(context, one, on_site) for one in chosen],
        people=[person_of(one, locale, say_age_on(one.birth, day, locale)) for one in going],
        terms=list(dict.fromkeys(terms)),
        total=say_money(due, locale, chosen[0].slot.currency) if due else gettext("Nothing to pay"),
        total_label=gettext("To pay on site"),
        fields=fields,
        is_hold=due > 0,
    )


async def back_to_trip(_visit: TravellerContext) -> Response:
    """Where a reload of an answer to a form leads."""
    return redirect("/trip")


async def _trip_page(
    context: TravellerContext, errors: tuple[FieldError, ...], chosen_people: tuple[int, ...] | None = None
) -> Response:
    async with context.reading() as tx:
        known = await visitors(tx, context.services.vault, context.holder_id)
        chosen = await choose(
            context, tx, context.trip.items, [one for one in known if one.id in context.trip.people]
        )
    today = local_date(context.now, "Asia/Shanghai")
    day = chosen[0].slot.on_date if chosen else today
    selected = set(context.trip.people) or {one.id for one in known if one.is_self}
    selected = selected if chosen_people is None else set(chosen_people)
    people = [
        person_of(
            one, context.locale, say_age_on(one.birth, day, context.locale), is_chosen=one.id in selected
        )
        for one in known
    ]
    return context.page(
        "trip",
        tab="trip",
        status=422 if errors else 200,
        lines=[line_of(context, one) for one in chosen],
        people=people,
        is_saved="saved" in context.request.query_params,
        errors=errors,
    )


def _switchable(context: TravellerContext, one: Chosen, on_site: frozenset[int]) -> LineView:
    """A line of the review, with the other way to pay for it where there is one."""
    line, slot_id = line_of(context, one), one.item.slot_id
    if slot_id in on_site:
        return replace(
            line, switch=(review_path(on_site - {slot_id}), context.gettext("Use my card instead"))
        )
    if one.is_on_card and one.slot.price_minor:
        return replace(
            line, switch=(review_path(on_site | {slot_id}), context.gettext("Pay on site instead"))
        )
    return line


def _on_site(raw: str) -> frozenset[int]:
    """The slots in `onsite=1-2-3`."""
    found = (whole_number(part, 1, _BIGGEST_ID) for part in raw[:600].split("-")[:TRIP_ITEMS_MAX])
    return frozenset(one for one in found if one is not None)


routes = [
    get("/trip", show_trip, needs_login=True),
    post("/trip/add", add_to_trip, needs_login=False),
    post("/trip/remove", remove_from_trip, needs_login=False),
    post("/trip/people", choose_people),
    get("/trip/review", review, needs_login=True),
    get("/trip/book", back_to_trip),
    get("/trip/people", back_to_trip),
]
