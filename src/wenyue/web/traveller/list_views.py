"""Rows, dates and chips of the list of places: figures become sentences. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, get_args

from wenyue.booking import SlotState
from wenyue.booking.slots.outlook import VenueDay
from wenyue.catalogue import Venue, VenueKind
from wenyue.catalogue.directory import Directory, distance_km
from wenyue.core.clock import local_date
from wenyue.locale import translations
from wenyue.locale.formats import WEEKDAY_NAME, say_clock, say_day, say_number
from wenyue.policy import HolidayCalendar
from wenyue.web.shared.i18n import Locale, say_date, say_money, say_short_release
from wenyue.web.traveller.context import with_query
from wenyue.web.traveller.list_filter import Point, Shelf, count_on, matching
from wenyue.web.traveller.list_query import PlacesQuery
from wenyue.web.traveller.views import KIND_ICONS, KIND_NAMES, VenueView

_SATURDAY: Final = 5
_METRES_BELOW_KM: Final = 1.0
_TENTHS_BELOW_KM: Final = 10.0


@dataclass(frozen=True, slots=True)
class DateView:
    """A date to choose. `label` says all of it; `count` '': how many places are free is not known."""

    href: str
    weekday: str
    number: str
    count: str
    label: str
    is_off: bool
    is_current: bool


@dataclass(frozen=True, slots=True)
class ChipView:
    """A filter to press. `count` '': not known."""

    href: str
    text: str
    count: str
    icon: str
    is_current: bool
    is_switch: bool = False


@dataclass(frozen=True, slots=True)
class RowView:
    """A place in the list. `strong` with its `icon` says when it is free; '': that is not known."""

    venue: VenueView
    href: str
    distance: str
    tone: str = ""
    icon: str = ""
    strong: str = ""
    rest: str = ""
    price: str = ""
    unit: str = ""
    is_on_card: bool = False
    is_away: bool = False


@dataclass(frozen=True, slots=True)
class RowFacts:
    """What a row is drawn from besides the venue. `days` None: it could not be read in time.

    `refusals`: why the card does not pay, by slot; None: there is no card.
    """

    directory: Directory
    query: PlacesQuery
    days: Mapping[int, Sequence[VenueDay]] | None
    refusals: Mapping[int, object] | None
    origin: Point | None
    now: datetime


def date_views(
    shelf: Shelf, query: PlacesQuery, holidays: HolidayCalendar, today: date, locale: Locale
) -> list[DateView]:
    """The dates to choose from, each with how many places have room for the party."""
    texts, seen = translations(locale), list[DateView]()
    for day in shelf.strip:
        count = count_on(shelf, query, day)
        name = texts.gettext("Today") if day == today else say_day(day, locale, WEEKDAY_NAME)
        said = "" if count is None else say_places(count, locale)
        brief = "" if count is None else texts.npgettext("under a date", "{n}", "{n}", count)
        seen.append(
            DateView(
                href=replace(query, day=day).first_page().href,
                weekday=name,
                number=str(day.day),
                count=brief,
                label=f"{name} {say_day(day, locale)}" + (f" {said}" if said else ""),
                is_off=day.weekday() >= _SATURDAY or bool(holidays.holiday_name(day)),
                is_current=day == query.day,
            )
        )
    return seen


def kind_chips(shelf: Shelf, query: PlacesQuery, locale: Locale) -> list[ChipView]:
    """All kinds, and each kind, with how many places there would be."""
    chips: list[ChipView] = []
    for kind in (None, *get_args(VenueKind)):
        text = KIND_NAMES[kind].say(locale) if kind else translations(locale).gettext("All")
        icon = KIND_ICONS[kind] if kind else ""
        other = replace(query, kind=kind).first_page()
        count = say_number(matching(shelf, other).bit_count(), locale)
        chips.append(ChipView(other.href, text, count, icon, is_current=query.kind == kind))
    return chips


def switch_chips(query: PlacesQuery, locale: Locale, *, has_card: bool) -> list[ChipView]:
    """What can be switched on besides: only with room, only what the card is good for."""
    texts = translations(locale)
    free = texts.gettext("Room for {n}", n=query.party) if query.party > 1 else texts.gettext("Has room")
    chips = [
        ChipView(
            replace(query, is_free=not query.is_free).first_page().href, free, "", "check" if query.is_free else "plenty",
            is_current=query.is_free, is_switch=True,
        )
    ]  # fmt: skip
    if has_card or query.is_card:
        chips.append(
            ChipView(
                replace(query, is_card=not query.is_card).first_page().href, texts.gettext("On your card"), "",
                "check" if query.is_card else "card", is_current=query.is_card, is_switch=True,
            )
        )  # fmt: skip
    return chips


def row_view(venue: Venue, shown: VenueView, facts: RowFacts, locale: Locale) -> RowView:
    """A place of the list."""
    href = with_query(shown.href, {"day": facts.query.day.isoformat() if facts.query.day else ""})
    row = RowView(shown, href, say_distance(venue, facts.origin, locale))
    if facts.days is None:
        return row
    days = facts.days.get(venue.id, ())
    return _with_days(row, venue, days, facts, locale)


def shown_day(days: Sequence[VenueDay], wanted: date | None) -> VenueDay | None:
    """The day of which a row speaks: the wanted one if it has room, else the first after it that has, else the first."""
    free = [one for one in days if one.fitting]
    if wanted is not None:
        return next((one for one in free if one.on_date >= wanted), free[0] if free else None)
    return free[0] if free else None


def _with_days(
    row: RowView, venue: Venue, days: Sequence[VenueDay], facts: RowFacts, locale: Locale
) -> RowView:
    gettext, wanted = translations(locale).gettext, facts.query.day
    free, today = shown_day(days, wanted), local_date(facts.now, venue.timezone)
    why = (
        _why_not(next((one for one in days if one.on_date == wanted), None), wanted, locale) if wanted else ""
    )
    if free is None:
        release = min((one.release_at for one in days if one.release_at is not None), default=None)
        if release is not None:
            strong, icon = say_short_release(release, venue.timezone, locale), "lock"
        else:
            strong = gettext("No free day in two weeks") if days else gettext("Nothing on sale yet")
            icon = "full"
        row = replace(
            row,
            tone="full",
            icon=icon,
            strong=strong,
            rest=why if release is not None else "",
            is_away=bool(days),
        )
        return _priced(row, venue, days[0], facts, locale) if days else row
    kind = _kind_of(free, venue, facts)
    left = _left(kind, free, locale)
    if wanted is None or free.on_date == wanted:
        tone, icon = ("good", "plenty") if free.state is SlotState.PLENTY else ("tight", "tight")
        strong = _begins(kind, free, venue, locale)
        if wanted is None:
            day = gettext("today") if free.on_date == today else say_date(free.on_date, locale)
            strong = gettext("Earliest {d}", d=day)
            if kind != "night" and free.starts_at is not None:
                strong = f"{strong} {say_clock(free.starts_at, locale, venue.timezone)}"
        row = replace(row, tone=tone, icon=icon, strong=strong, rest=left)
    else:
        strong = gettext("Earliest {d}", d=say_date(free.on_date, locale))
        href = with_query(row.venue.href, {"day": free.on_date.isoformat()})
        row = replace(row, tone="full", icon="full", strong=strong, rest=why, is_away=True, href=href)
    return _priced(row, venue, free, facts, locale)


def _begins(kind: str, day: VenueDay, venue: Venue, locale: Locale) -> str:
    gettext = translations(locale).gettext
    if kind == "night" or day.starts_at is None:
        return gettext("Rooms on {d}", d=say_day(day.on_date, locale))
    at = say_clock(day.starts_at, locale, venue.timezone)
    if kind == "table":
        return gettext("Tables from {t}", t=at)
    return gettext("From {t}", t=at) if day.fitting > 1 else gettext("At {t}", t=at)


def _left(kind: str, day: VenueDay, locale: Locale) -> str:
    texts, n = translations(locale), day.left or 0
    if kind == "night":
        return texts.ngettext("{n} room left", "{n} rooms left", n)
    if kind == "table":
        return texts.ngettext("{n} table left", "{n} tables left", n)
    if day.fitting > 1 and day.state is SlotState.PLENTY:
        return texts.pgettext("in a list", "plenty of places")
    if day.fitting > 1:
        return texts.ngettext("{n} place in the first session", "{n} places in the first session", n)
    return texts.ngettext("{n} place left", "{n} places left", n)


def _why_not(day: VenueDay | None, wanted: date, locale: Locale) -> str:
    gettext, said = translations(locale).gettext, say_day(wanted, locale)
    if day is None:
        return gettext("nothing on {d}", d=said)
    if day.fitting:
        return ""
    return {
        SlotState.FULL: gettext("{d} full", d=said),
        SlotState.NOT_RELEASED: gettext("{d} not open yet", d=said),
        SlotState.ENDED: gettext("{d} over", d=said),
    }.get(day.state, gettext("{d} closed", d=said))


def _kind_of(day: VenueDay, venue: Venue, facts: RowFacts) -> str:
    offers = facts.directory.offers_of.get(venue.id, [])
    return next(
        (one.kind for one in offers if one.id == day.product_id), offers[0].kind if offers else "session"
    )


def _priced(row: RowView, venue: Venue, day: VenueDay, facts: RowFacts, locale: Locale) -> RowView:
    gettext, kind = translations(locale).gettext, _kind_of(day, venue, facts)
    pays = facts.refusals is not None and any(
        one is not None and one not in facts.refusals for one in (day.slot_id, day.last_slot_id)
    )
    price = say_money(day.price_minor, locale, day.currency) if day.price_minor else gettext("Free")
    unit = {"night": gettext("a night"), "table": gettext("a table")}.get(kind, gettext("a person"))
    if not day.price_most_minor:
        unit = ""
    elif day.price_most_minor > day.price_minor:
        unit = gettext("{unit} and up", unit=unit)
    if pays and day.price_most_minor:
        price = gettext("{price} without the card", price=price)
    return replace(row, price=price, unit=unit, is_on_card=pays)


def say_distance(venue: Venue, origin: Point | None, locale: Locale) -> str:
    """How far the venue is from a point, as the crow flies; '' where one of them is not known."""
    if origin is None or venue.latitude is None or venue.longitude is None:
        return ""
    gettext, far = translations(locale).gettext, distance_km(origin, (venue.latitude, venue.longitude))
    if far < _METRES_BELOW_KM:
        return gettext("{n} m", n=max(100, round(far * 10) * 100))
    return gettext("{n} km", n=f"{far:.1f}" if far < _TENTHS_BELOW_KM else say_number(round(far), locale))


def say_places(n: int, locale: Locale) -> str:
    """`22 处`."""
    return translations(locale).npgettext("in a list", "{n} place", "{n} places", n)


def heading(shelf: Shelf, query: PlacesQuery, total: int, locale: Locale) -> str:
    """What the list is: `4月24日，22 处有 4 位的空`, or only how many places there are."""
    texts = translations(locale)
    if query.day is not None and (free := count_on(shelf, query, query.day)) is not None:
        said = say_day(query.day, locale)
        places = say_places(free, locale)
        if not free and query.party == 1:
            return texts.gettext("{d}: no place has room", d=said)
        if not free:
            return texts.gettext("{d}: no place has room for {n}", d=said, n=query.party)
        if query.party == 1:
            return texts.gettext("{d}: {places} with room", d=said, places=places)
        return texts.gettext("{d}: {places} with room for {n}", d=said, places=places, n=query.party)
    if not total:
        return texts.gettext("Nothing found")
    return texts.ngettext("{n} place to go to", "{n} places to go to", total)
