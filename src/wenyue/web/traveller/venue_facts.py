"""What somebody who comes wants to know of a venue, as its page says it: hours, address, phone, ways there. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from urllib.parse import urlencode

from wenyue.booking import SlotView
from wenyue.catalogue import OpeningHours, Venue
from wenyue.core.clock import zone
from wenyue.locale import DEFAULT, text_in, translations
from wenyue.web.shared.i18n import Locale, say_weekday

_ENDS: Final = re.compile(r"\s*[;；\n]\s*")
_HEAD: Final = re.compile(r"([^:：]{1,16})[:：]\s*(.+)")
_BY_CAR: Final = ("自驾", "停车", "开车", "car", "parking", "drive")
_MONDAY: Final = date(2024, 1, 1)
_LIST_MAX: Final = 12


@dataclass(frozen=True, slots=True)
class FactView:
    """One fact: what is said first, what is to be known of it, and where it leads."""

    icon: str
    text: str
    more: str = ""
    href: str = ""
    action: str = ""
    week: tuple[tuple[str, str], ...] = ()  # each weekday with its hours


@dataclass(frozen=True, slots=True)
class WayView:
    """A way there, or what there is to see: its head, where it has one, and the rest."""

    icon: str
    head: str
    text: str


@dataclass(frozen=True, slots=True)
class VenueFactsView:
    """What the page says of a venue besides its calendar."""

    facts: tuple[FactView, ...]
    ways: tuple[WayView, ...]
    sights: tuple[str, ...]


def facts_view(
    venue: Venue, week: Sequence[OpeningHours], slots: Sequence[SlotView], today: date, locale: Locale
) -> VenueFactsView:
    """The facts that are known, in the order in which one asks. `slots` say when a hotel's nights begin and end."""
    gettext, facts = translations(locale).gettext, venue.facts
    found: list[FactView] = []
    hours = _stay(venue, slots, locale) if venue.kind == "hotel" else _hours(venue, week, today, locale)
    if hours is not None:
        found.append(hours)
    address = text_in(facts.address, locale) or " · ".join(
        dict.fromkeys(part for part in (venue.province, venue.city) if part)
    )
    map_url = map_address(venue, locale)
    if address or map_url:
        found.append(
            FactView(
                "pin",
                address or gettext("On the map"),
                text_in(facts.entrance, locale),
                map_url,
                gettext("Map") if map_url else "",
            )
        )
    if facts.phone:
        first = re.split(r"[,;/、]", facts.phone, maxsplit=1)[0]
        number = re.sub(r"[^0-9+]", "", re.split(r"[转(]", first, maxsplit=1)[0])
        found.append(FactView("phone", facts.phone, "", f"tel:{number}", gettext("Call")))
    if access := text_in(facts.access, locale):
        found.append(FactView("access", gettext("Wheelchairs and prams"), access))
    return VenueFactsView(
        tuple(found),
        tuple(_way(one) for one in _parts(text_in(facts.directions, locale))),
        tuple(_parts(text_in(facts.sights, locale))),
    )


def map_address(venue: Venue, locale: Locale) -> str:
    """Where a map shows the venue: for readers of Chinese one that knows China best, for others OpenStreetMap."""
    if venue.latitude is None or venue.longitude is None:
        return ""
    if locale == DEFAULT:
        query = {
            "position": f"{venue.longitude},{venue.latitude}",
            "name": text_in(venue.name, locale),
            "coordinate": "wgs84",
        }
        return f"https://uri.amap.com/marker?{urlencode(query)}"
    place = {"mlat": venue.latitude, "mlon": venue.longitude}
    return f"https://www.openstreetmap.org/?{urlencode(place)}#map=15/{venue.latitude}/{venue.longitude}"


def _hours(venue: Venue, week: Sequence[OpeningHours], today: date, locale: Locale) -> FactView | None:
    """Today's hours, and the week where its days differ."""
    gettext, note = translations(locale).gettext, text_in(venue.facts.hours_note, locale)
    if not week:
        return FactView("clock", note) if note else None
    by_day = {one.weekday: one for one in week}
    now = by_day.get(today.weekday())
    last = ""
    if now is not None and now.last_entry != now.closes:
        at = f"{now.last_entry:%H:%M}"
        if venue.kind == "attraction":
            last = gettext("Last entry {at}", at=at)
        elif venue.kind == "restaurant":
            last = gettext("Last seating {at}", at=at)
        else:
            last = gettext("Last departure {at}", at=at)
    text = (
        gettext("Today {a}–{b}", a=f"{now.opens:%H:%M}", b=f"{now.closes:%H:%M}")
        if now is not None
        else gettext("Not open today")
    )
    is_even = len(by_day) == 7 and len({(one.opens, one.closes, one.last_entry) for one in week}) == 1
    days = () if is_even else tuple(_day(day, by_day.get(day), locale) for day in range(7))
    more = gettext(". ").join(
        part for part in (last, gettext("The same every day") if is_even else "", note) if part
    )
    return FactView("clock", text, more, week=days)


def _day(day: int, hours: OpeningHours | None, locale: Locale) -> tuple[str, str]:
    pgettext = translations(locale).pgettext
    name = pgettext("of a week", "{day}", day=say_weekday(_MONDAY + timedelta(days=day), locale))
    if hours is None:
        return name, pgettext("of a week", "Closed")
    return name, f"{hours.opens:%H:%M}–{hours.closes:%H:%M}"


def _stay(venue: Venue, slots: Sequence[SlotView], locale: Locale) -> FactView | None:
    """When guests of a hotel come and go: they do not go in and out by opening hours."""
    note = text_in(venue.facts.hours_note, locale)
    night = next((one for one in slots), None)
    if night is None:
        return FactView("clock", note) if note else None
    at = zone(venue.timezone)
    text = translations(locale).gettext(
        "Check-in from {a:%H:%M}, check-out by {b:%H:%M}",
        a=night.starts_at.astimezone(at),
        b=night.ends_at.astimezone(at),
    )
    return FactView("clock", text, note)


def _parts(text: str) -> list[str]:
    return [one for one in _ENDS.split(text) if one][:_LIST_MAX]


def _way(text: str) -> WayView:
    said = _HEAD.fullmatch(text)
    head, rest = (said[1], said[2]) if said else ("", text)
    is_by_car = any(word in (head or rest).casefold() for word in _BY_CAR)
    return WayView("car" if is_by_car else "bus", head, rest)
