"""Visits as tickets and cards: dates on the venue's clock, a stay from check-in to check-out. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from markupsafe import Markup

from wenyue.application.visits import Visit
from wenyue.booking import LineView
from wenyue.catalogue import Venue
from wenyue.core.clock import zone
from wenyue.locale import DEFAULT, Message, text_in, translations
from wenyue.locale.formats import say_day
from wenyue.policy import Preset, cancel_terms
from wenyue.web.shared.i18n import Locale, say_date, say_money, say_span
from wenyue.web.shared.scene_files import scene_url
from wenyue.web.traveller.calendar_views import said_label
from wenyue.web.traveller.views import KIND_ICONS, NoteView, PersonView, PictureView

_ARRIVAL: Final = {
    "attraction": Message("Entry {when}"),
    "restaurant": Message("Table {when}"),
    "transport": Message("Boarding {when}"),
}


@dataclass(frozen=True, slots=True)
class VisitView:
    """One visit on the booking's own pages. `stay`: check-in day and time, nights, check-out day and time."""

    number: int
    kind: str
    icon: str
    title: str
    product: str
    day: str
    time: str
    until: str
    when: str
    amount: str
    pays: str
    picture: PictureView
    stay: tuple[str, str, str, str, str] | None = None
    notes: tuple[NoteView, ...] = ()
    is_next: bool = False
    move: str = ""
    cancel: str = ""


@dataclass(frozen=True, slots=True)
class DayOfVisits:
    """What begins on one day."""

    title: str
    note: str
    visits: tuple[VisitView, ...]


@dataclass(frozen=True, slots=True)
class BookingPage:
    """A booking with its voucher. `version` changes with the booking: an open voucher is compared by it."""

    id: str
    version: str
    title: str
    when: str
    state: str
    icon: str
    number: str
    qr: Markup | None
    facts: tuple[tuple[str, str], ...]
    days: tuple[DayOfVisits, ...]
    visits: tuple[VisitView, ...]
    people: tuple[PersonView, ...]
    notes: tuple[NoteView, ...]
    total: str
    hold_until: str = ""  # ISO 8601, while held
    hold_until_text: str = ""
    lines_title: str = ""
    can_change: bool = False
    can_move: bool = False
    next_label: str = ""
    picture: PictureView | None = None
    qr_label: str = ""
    document_note: str = ""


def say_quantity(kind: str, quantity: int, locale: Locale) -> str:
    """`2人`, `1间`; `2 people`, `1 room`."""
    ngettext = translations(locale).ngettext
    match kind:
        case "night":
            return ngettext("{n} room", "{n} rooms", quantity)
        case "table":
            return ngettext("{n} table", "{n} tables", quantity)
        case "seat":
            return ngettext("{n} seat", "{n} seats", quantity)
        case _:
            return ngettext("{n} person", "{n} people", quantity)


def say_nights(visit: Visit, locale: Locale) -> str:
    """`2晚`; `2 nights`."""
    return translations(locale).ngettext("{n} night", "{n} nights", len(visit.lines))


def say_days(visit: Visit, locale: Locale) -> str:
    """`11月30日–12月2日`, or the one day with its weekday."""
    if visit.last_day == visit.first.on_date or not visit.is_stay:
        return say_date(visit.first.on_date, locale)
    first, last = say_day(visit.first.on_date, locale), say_day(visit.last_day, locale)
    return translations(locale).gettext("{first} – {last}", first=first, last=last)


def say_when(visit: Visit, locale: Locale) -> str:
    """Its hours; of a stay, the nights and the hours of check-in and check-out."""
    gettext = translations(locale).gettext
    if not visit.is_stay:
        label = said_label(visit.first.label, locale)
        return f"{say_span(visit.starts_at, visit.ends_at, visit.first.timezone)} {label}".strip()
    return gettext(
        "{nights} · check-in {a} · check-out {b}",
        nights=say_nights(visit, locale),
        a=clock(visit.starts_at, visit.first),
        b=clock(visit.ends_at, visit.first),
    )


def say_visit(visit: Visit, locale: Locale) -> str:
    """`11月30日–12月2日 · 2晚 · 1间`, `3月5日 周四 08:00–10:00`: which one it is, in one line."""
    if visit.is_stay:
        amount = say_quantity("night", visit.first.quantity, locale)
        return f"{say_days(visit, locale)} · {say_nights(visit, locale)} · {amount}"
    span = say_span(visit.starts_at, visit.ends_at, visit.first.timezone)
    return f"{say_date(visit.first.on_date, locale)} {span}"


def say_arrival(visit: Visit, kind: str, locale: Locale) -> str:
    """The day and hours in the words of the kind: one enters a park, dines, boards, checks in."""
    if visit.is_stay or kind not in _ARRIVAL:
        return f"{say_days(visit, locale)} · {say_when(visit, locale)}"
    return _ARRIVAL[kind].say(locale, when=say_visit(visit, locale))


def clock(at: datetime, line: LineView) -> str:
    """`14:00` on the venue's wall clock."""
    return at.astimezone(zone(line.timezone)).strftime("%H:%M")


def kind_of(visit: Visit, venues: Mapping[int, Venue]) -> str:
    """The kind of its venue."""
    venue = venues.get(visit.first.venue_id)
    if venue is not None:
        return venue.kind
    return {"night": "hotel", "table": "restaurant", "seat": "transport"}.get(
        visit.first.product_kind, "attraction"
    )


def picture_of(visit: Visit, venues: Mapping[int, Venue]) -> PictureView:
    """The scene of its venue."""
    line, venue = visit.first, venues.get(visit.first.venue_id)
    tags = venue.tags if venue else ()
    names = [text_in(line.venue, DEFAULT), *line.venue.values()]
    return PictureView(scene_url(names, tags, kind_of(visit, venues), line.venue_code))


def may_cancel(visit: Visit, presets: Mapping[str, Preset], now: datetime) -> bool:
    """It lies ahead, nobody has used it, and the terms of each of its lines allow it."""
    return not visit.is_used and all(
        line.is_live
        and line.ends_at > now
        and (
            line.policy_code not in presets
            or cancel_terms(
                presets[line.policy_code], line.on_date, line.starts_at, line.timezone, now
            ).is_allowed
        )
        for line in visit.lines
    )


def say_pays(visit: Visit, locale: Locale, currency: str) -> str:
    """Who pays: the card, the traveller on site, or nobody; of a stay whose nights differ, both."""
    gettext = translations(locale).gettext
    on_card = [line for line in visit.lines if line.card_id is not None]
    due = say_money(visit.price_minor, locale, currency)
    if not on_card:
        return gettext("{sum} on site", sum=due) if visit.price_minor else gettext("Free")
    if len(on_card) == len(visit.lines):
        return translations(locale).pgettext("heading", "On your card")
    return gettext(
        "{n} of {m} nights on your card, {sum} on site", n=len(on_card), m=len(visit.lines), sum=due
    )


def visit_view(
    visit: Visit,
    venues: Mapping[int, Venue],
    locale: Locale,
    currency: str,
    *,
    notes: Sequence[NoteView] = (),
    is_next: bool = False,
    links: tuple[str, str] = ("", ""),
) -> VisitView:
    """A stored visit; `links`: where it is moved and where it is cancelled ('': not any more)."""
    gettext, line = translations(locale).gettext, visit.first
    kind, redeemed = kind_of(visit, venues), max(one.redeemed for one in visit.lines)
    amount = say_quantity(line.product_kind, line.quantity, locale)
    if redeemed:
        amount += gettext(" ({n} admitted)", n=redeemed)
    if any(one.is_missed for one in visit.lines):
        amount += gettext(" (missed)")
    stay = None
    if visit.is_stay:
        stay = (
            say_date(line.on_date, locale),
            gettext("Check-in {a}", a=clock(visit.starts_at, line)),
            say_nights(visit, locale),
            say_date(visit.last_day, locale),
            gettext("Check-out {a}", a=clock(visit.ends_at, line)),
        )
    label = "" if visit.is_stay else said_label(line.label, locale)
    return VisitView(
        number=visit.number,
        kind=kind,
        icon=KIND_ICONS.get(kind, "ticket"),
        title=text_in(line.venue, locale),
        product=f"{text_in(line.product, locale)} {label}".strip(),
        day=say_date(line.on_date, locale),
        time=clock(visit.starts_at, line),
        until=gettext("check-in") if visit.is_stay else gettext("to {b}", b=clock(visit.ends_at, line)),
        when=say_arrival(visit, kind, locale),
        amount=amount,
        pays=say_pays(visit, locale, currency),
        picture=picture_of(visit, venues),
        stay=stay,
        notes=tuple(notes),
        is_next=is_next,
        move=links[0],
        cancel=links[1],
    )
