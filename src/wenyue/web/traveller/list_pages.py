"""Where to go: the list of places by name, date, people, what is free, what the card is good for, and distance."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from starlette.responses import Response

from wenyue import catalogue
from wenyue.booking import outlook
from wenyue.booking.slots.outlook import VenueDay
from wenyue.catalogue import Venue
from wenyue.catalogue.directory import Directory
from wenyue.catalogue.picturing import pictures
from wenyue.catalogue.searching import FOUND_MAX, found_ids, near_venues
from wenyue.core.clock import local_date
from wenyue.core.limits import PAGE_SIZE
from wenyue.locale.formats import say_clock
from wenyue.platform.database.db import Tx
from wenyue.web.shared import SECURITY_HEADERS
from wenyue.web.traveller.card_desk import Bearer, bearer_of
from wenyue.web.traveller.context import TravellerContext, get
from wenyue.web.traveller.list_filter import Point, Shelf, changes, matching, ordered, page_of
from wenyue.web.traveller.list_query import AHEAD_DAYS, PlacesQuery, ReadQuery, read_query, strip_of
from wenyue.web.traveller.list_views import (
    RowFacts,
    RowView,
    date_views,
    heading,
    kind_chips,
    row_view,
    say_places,
    shown_day,
    switch_chips,
)
from wenyue.web.traveller.picture_pages import first_view
from wenyue.web.traveller.views import venue_view

_TIMEZONE: Final = "Asia/Shanghai"
_NEAR_SHOWN: Final = 5
_WAIT_S: Final = 0.5  # for what is free: later than that the list says nothing of dates
_STRIP_WAIT_S: Final = 0.15  # for the numbers below the dates, which nobody asked for
_OLD_S: Final = 30.0  # figures that are older say as of when
_UNPROCESSABLE: Final = 422
_OWN_PLACE: Final = {  # whoever presses the button may be asked where they are
    "Permissions-Policy": SECURITY_HEADERS["Permissions-Policy"].replace(
        "geolocation=()", "geolocation=(self)"
    )
}


@dataclass(frozen=True, slots=True)
class _Read:
    """What a page was made from."""

    shelf: Shelf
    bearer: Bearer | None
    today: date


async def list_venues(context: TravellerContext) -> Response:
    """The list, page by page; what could not be read of the address is said at its field and left out."""
    today = local_date(context.now, _TIMEZONE)
    asked = read_query(context.request.query_params, today, context.locale)
    directory = await context.services.outlook.directory()
    async with context.reading() as tx:
        bearer = await bearer_of(context, tx)
        found = await found_ids(tx, asked.query.text)
        origin = await _origin(tx, directory, asked.query)
    if asked.query.origin and origin is None:
        asked = asked.with_error("from", _unknown_place(context, asked.query))
    shelf = Shelf(
        directory, found, {}, strip_of(asked.query, today), {}, directory.of_ids(found or ()), origin
    )
    shelf = await _filled(context, asked.query, shelf, bearer)
    read = _Read(shelf, bearer, today)
    ids = ordered(shelf, asked.query)
    page, seen = page_of(ids, asked.query, PAGE_SIZE)
    rows, has_demo, is_late = await _rows(context, read, asked.query, page)
    near = [] if ids or not asked.query.text or found else await _near(context, asked.query.text)
    response = context.page(
        "venues",
        tab="venues",
        status=_UNPROCESSABLE if asked.errors else 200,
        **_form(context, read, asked),
        heading=heading(shelf, asked.query, len(ids), context.locale),
        rows=rows,
        near=near,
        changes=_changes(context, shelf, asked.query, len(ids)) if not near else (),
        more=_more(asked.query, page, seen, len(ids)),
        left=len(ids) - seen,
        is_cut=found is not None and len(found) >= FOUND_MAX,
        is_late=is_late or (bool(asked.query.day or asked.query.is_free) and not shelf.is_known(asked.query)),
        as_of=_as_of(context, shelf),
        has_demo=has_demo,
    )
    response.headers.update(_OWN_PLACE)
    return response


def _form(context: TravellerContext, read: _Read, asked: ReadQuery) -> dict[str, object]:
    """The fields and links above the list."""
    query, locale = asked.query, context.locale
    return {
        "query": query,
        "any_day": replace(query, day=None).first_page().href,
        "soonest": replace(query, sort="soon").first_page().href,
        "typed_day": asked.day,
        "typed_party": asked.party,
        "errors": asked.errors,
        "wrong": {one.field: one.text for one in asked.errors},
        "first_day": read.today.isoformat(),
        "last_day": (read.today + timedelta(days=AHEAD_DAYS)).isoformat(),
        "party_max": outlook.PARTY_MAX,
        "dates": date_views(read.shelf, query, context.services.calendar, read.today, locale),
        "kinds": kind_chips(read.shelf, query, locale),
        "switches": switch_chips(query, locale, has_card=read.bearer is not None),
        "provinces": sorted(read.shelf.directory.provinces.items()),
    }


async def _filled(
    context: TravellerContext, query: PlacesQuery, shelf: Shelf, bearer: Bearer | None
) -> Shelf:
    """The shelf with what is free and what the card is good for, as far as it is known in time."""
    own = context.services.outlook
    wait_s = _WAIT_S if query.is_free or query.sort == "soon" else _STRIP_WAIT_S
    days = await own.days(shelf.strip, first=query.day, wait_s=wait_s)
    if query.day is not None and query.day not in days:
        days |= await own.days([query.day], first=query.day, wait_s=_WAIT_S)
    cards: dict[date | None, int] = {}
    if query.is_card and bearer is not None:
        for day in (*shelf.strip, query.day):
            cards[day] = await own.cards.mask(shelf.directory, context.services.rulebook, bearer.card, day)
    return replace(shelf, days=days, cards=cards)


async def _rows(
    context: TravellerContext, read: _Read, query: PlacesQuery, page: Sequence[int]
) -> tuple[list[RowView], bool, bool]:
    """(the rows of a page, whether any is a demonstration, whether their days came too late)."""
    strip, own = read.shelf.strip, context.services.outlook
    reading = asyncio.create_task(
        own.of_venues(page, (strip[0], strip[-1]), party=query.party, wait_s=_WAIT_S)
    )
    async with context.reading() as tx:
        places = await catalogue.venues_by_id(tx, page)
        first = await pictures(tx, page, is_first=True)
    days = await reading
    refusals = await _refusals(context, read.bearer, days, query)
    facts = RowFacts(read.shelf.directory, query, days, refusals, read.shelf.origin, context.now)
    shown = [places[one] for one in page if one in places and places[one].is_active]
    rows = [
        row_view(
            one,
            venue_view(one, context.locale, first_view(first, one, context.locale)),
            facts,
            context.locale,
        )
        for one in shown
    ]
    return rows, any(one.is_demo for one in shown), days is None


async def _refusals(
    context: TravellerContext,
    bearer: Bearer | None,
    days: Mapping[int, Sequence[VenueDay]] | None,
    query: PlacesQuery,
) -> dict[int, object] | None:
    """Why the card does not pay for what the rows speak of, by slot; None without a card."""
    if bearer is None or days is None:
        return None
    shown = [shown_day(one, query.day) for one in days.values()]
    slots = {
        id_ for one in shown if one is not None for id_ in (one.slot_id, one.last_slot_id) if id_ is not None
    }
    own, book = context.services.outlook.cards, context.services.rulebook
    async with context.reading() as tx:
        found = await own.refusals(tx, slots, bearer.card, book, context.now)
    return None if found is None else dict(found)


async def _origin(tx: Tx, directory: Directory, query: PlacesQuery) -> Point | None:
    """From where distances are: a point, a city or province, or the first place of that name that says where it is."""
    if not query.origin:
        return None
    point = query.point or directory.middle_of(query.origin)
    if point is not None:
        return point
    for one in await found_ids(tx, query.origin) or ():
        entry = directory.entry(one)
        if entry is not None and entry.latitude is not None and entry.longitude is not None:
            return entry.latitude, entry.longitude
    return None


async def _near(context: TravellerContext, text: str) -> list[RowView]:
    """Places whose names are nearly what was typed, when nothing was found."""
    async with context.reading() as tx:
        ids = await near_venues(tx, text, _NEAR_SHOWN)
        places: dict[int, Venue] = await catalogue.venues_by_id(tx, ids)
        first = await pictures(tx, ids, is_first=True)
    shown = [
        venue_view(places[one], context.locale, first_view(first, places[one], context.locale)) for one in ids
    ]
    return [RowView(one, one.href, "") for one in shown]


def _changes(
    context: TravellerContext, shelf: Shelf, query: PlacesQuery, total: int
) -> list[tuple[str, str, str]]:
    """(address, what to change, how many places there are then), when nothing is left that has room."""
    free = None if query.day is None else shelf.room(query.day, query.party)
    if total and (free is None or matching(shelf, query) & free):
        return []
    return [
        (one.query.href, context.say(one.text), say_places(one.count, context.locale))
        for one in changes(shelf, query, context.locale)
    ]


def _more(query: PlacesQuery, page: Sequence[int], seen: int, total: int) -> str:
    if not page or seen >= total:
        return ""
    return replace(query, after=page[-1], seen=seen).href


def _as_of(context: TravellerContext, shelf: Shelf) -> str:
    """The time of the oldest figure below the dates, when it is old; ''."""
    oldest = min((one.read_at for one in shelf.days.values()), default=context.now)
    return say_clock(oldest, context.locale) if (context.now - oldest).total_seconds() > _OLD_S else ""


def _unknown_place(context: TravellerContext, query: PlacesQuery) -> str:
    return context.gettext(
        "We know no place called “{x}”. Write a city, a province or a place, such as West Lake",
        x=query.origin,
    )


routes = [get("/venues", list_venues)]
