"""Stored bookings as tickets and pages: dates on the venue's clock, people masked, terms in sentences. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from markupsafe import Markup

from wenyue.booking import BookingState, BookingView, LineView, PartyVisitor
from wenyue.catalogue import Venue
from wenyue.core.clock import local_date, zone
from wenyue.core.documents import DocumentKind, age_on, mask_document, mask_name
from wenyue.gate import booking_code
from wenyue.locale import Message, text_in, translations
from wenyue.locale.formats import WEEKDAY_NAME, say_day, say_instant
from wenyue.policy import CancelTerms, Preset, cancel_terms
from wenyue.web.shared.i18n import (
    Locale,
    say_date,
    say_full_date,
    say_money,
    say_month,
    say_span,
)
from wenyue.web.traveller import views
from wenyue.web.traveller.calendar_views import said_label
from wenyue.web.traveller.views import KIND_ICONS, BookingPage, NoteView, PersonView, TicketView
from wenyue.web.wording.documents import DOCUMENT_KINDS

_STATES: Final[Mapping[BookingState, tuple[Message, str, str]]] = {
    BookingState.HELD: (Message("To confirm"), "warn", "clock"),
    BookingState.CONFIRMED: (Message("Booked"), "good", "check"),
    BookingState.CANCELLED: (Message("Cancelled"), "", "x"),
    BookingState.EXPIRED: (Message("Expired"), "", "clock"),
    BookingState.NO_SHOW: (Message("Missed"), "bad", "tight"),
}


@dataclass(frozen=True, slots=True)
class BookingFacts:
    """What a booking's pages are made from. `qr`: the voucher's code, when it still admits anybody."""

    view: BookingView
    venues: Mapping[int, Venue]
    presets: Mapping[str, Preset]
    now: datetime
    qr: Markup | None = None


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


def state_of(booking: BookingView, now: datetime) -> BookingState:
    """The state as of `now`: a hold that has run out is expired before the sweep writes it down."""
    has_run_out = booking.hold_until is not None and booking.hold_until <= now
    return BookingState.EXPIRED if booking.state is BookingState.HELD and has_run_out else booking.state


def is_over(booking: BookingView, now: datetime) -> bool:
    """It belongs to the past: given back, missed, or every line has ended."""
    if state_of(booking, now) not in (BookingState.HELD, BookingState.CONFIRMED):
        return True
    return all(line.ends_at <= now for line in booking.lines)


def shown_lines(booking: BookingView) -> list[LineView]:
    """The lines that count, in time order; of a booking that was given back, every line it ever had, the newest first.

    What was moved away and what was given back at the end look the same in the record, so both are shown.
    """
    live = sorted(
        (line for line in booking.lines if line.is_live), key=lambda line: (line.starts_at, line.line_no)
    )
    return live or sorted(booking.lines, key=lambda line: line.line_no, reverse=True)


def ticket_view(booking: BookingView, now: datetime, locale: Locale) -> TicketView:
    """A booking in a list, under the day of its first line."""
    gettext = translations(locale).gettext
    lines = shown_lines(booking)
    first, state = lines[0], _STATES[state_of(booking, now)]
    is_night = first.product_kind == "night"
    label = "" if is_night else said_label(first.label, locale)
    names = [mask_name(visitor.name) for _, visitor in booking.coming]
    party = names[0] if names else say_quantity(first.product_kind, first.quantity, locale)
    if len(names) > 1:
        party = gettext("{a} and {m} more", a=names[0], n=len(names), m=len(names) - 1)
    return TicketView(
        href=f"/bookings/{booking.id}",
        month=say_month(first.on_date, locale),
        day=str(first.on_date.day),
        weekday=say_day(first.on_date, locale, WEEKDAY_NAME),
        title=text_in(first.venue, locale),
        when=f"{_time_of(first, locale)} {label}".strip(),
        party=party,
        more=gettext("{n} more", n=len(lines) - 1) if len(lines) > 1 else "",
        state=state[0].say(locale),
        tone=state[1],
        icon=state[2],
        is_past=is_over(booking, now),
        has_voucher=booking.state is BookingState.CONFIRMED and not is_over(booking, now),
    )


def line_view(line: LineView, kind: str, locale: Locale, currency: str) -> views.LineView:
    """A stored line."""
    gettext = translations(locale).gettext
    is_on_card = line.card_id is not None
    redeemed = gettext(" ({n} admitted)", n=line.redeemed) if line.redeemed else ""
    if line.is_missed:
        redeemed = gettext(" (missed)")
    return views.LineView(
        slot_id=line.slot_id,
        kind=kind,
        icon=KIND_ICONS.get(kind, "ticket"),
        title=text_in(line.venue, locale),
        product=text_in(line.product, locale),
        when=f"{say_date(line.on_date, locale)} {_time_of(line, locale)}",
        quantity=say_quantity(line.product_kind, line.quantity, locale) + redeemed,
        price="" if is_on_card else say_money(line.price_minor * line.quantity, locale, currency),
        pays=translations(locale).pgettext("heading", "On your card")
        if is_on_card
        else gettext("Pay on site")
        if line.price_minor
        else gettext("Free"),
        pays_tone="good" if is_on_card else "",
        pays_icon="card" if is_on_card else "check",
    )


def person_view(visitor: PartyVisitor, number: int, locale: Locale) -> PersonView:
    """A person of a stored booking, masked."""
    kinds = {kind.value: kind for kind in DocumentKind}
    kind = kinds.get(visitor.kind)
    name = DOCUMENT_KINDS[kind].say(locale) if kind else ""
    return PersonView(number, mask_name(visitor.name), f"{name} {mask_document(visitor.number)}".strip(), "")


def say_age_on(birth: date | None, day: date, locale: Locale) -> str:
    """`34周岁`, or '' when the document does not say."""
    if birth is None:
        return ""
    return translations(locale).gettext("age {n}", n=max(0, age_on(birth, day)))


def booking_page(facts: BookingFacts, locale: Locale) -> BookingPage:
    """The booking's own page."""
    gettext, view = translations(locale).gettext, facts.view
    lines = shown_lines(view)
    first, state = lines[0], _STATES[state_of(view, facts.now)]
    timezone = first.timezone
    total = say_money(view.total_minor, locale, view.currency)
    is_live = state_of(view, facts.now) in (BookingState.HELD, BookingState.CONFIRMED)
    details = [
        (gettext("People"), say_quantity("session", len(view.coming), locale))
        if view.coming
        else (gettext("Quantity"), say_quantity(first.product_kind, first.quantity, locale)),
        (gettext("To pay on site"), total if view.total_minor else gettext("Nothing")),
        (gettext("Booked"), _say_moment(view.created_at, timezone, locale)),
        (gettext("Number"), booking_code(view.id)),
    ]
    if view.party.is_erased:
        details.append((gettext("Visitors"), gettext("Personal data erased")))
    return BookingPage(
        id=str(view.id),
        version=f"{int(view.changed_at.timestamp())}-{max(line.line_no for line in view.lines)}",
        title=text_in(first.venue, locale),
        when=f"{say_date(first.on_date, locale)} {_time_of(first, locale)}",
        state=state[0].say(locale),
        icon=state[2],
        number=booking_code(view.id),
        qr=facts.qr,
        facts=tuple(details),
        lines=tuple(line_view(line, _kind(line, facts.venues), locale, view.currency) for line in lines),
        people=tuple(person_view(one, number, locale) for number, one in view.coming),
        notes=tuple(_notes(facts, lines, locale)),
        terms=tuple(_terms(facts, lines, locale)),
        total=total,
        hold_until=view.hold_until.isoformat() if view.hold_until and view.hold_until > facts.now else "",
        hold_until_text=view.hold_until.astimezone(zone(timezone)).strftime("%H:%M")
        if view.hold_until
        else "",
        can_change=is_live and not is_over(view, facts.now) and not any(line.redeemed for line in lines),
        lines_title=gettext("Your booking")
        if any(line.is_live for line in lines)
        else gettext("Your booking, including sessions you changed from"),
        can_move=view.state is BookingState.CONFIRMED,
    )


def terms_of(
    lines: Sequence[LineView], presets: Mapping[str, Preset], now: datetime
) -> list[tuple[LineView, CancelTerms]]:
    """What cancelling now means, line by line."""
    return [
        (line, cancel_terms(presets[line.policy_code], line.on_date, line.starts_at, line.timezone, now))
        for line in lines
        if line.policy_code in presets
    ]


def say_terms(
    terms: CancelTerms, name: str, timezone: str, locale: Locale, *, is_move: bool = False
) -> NoteView:
    """One line's terms as a note: until when, and whether it counts against the traveller (`is_move`: if it moves)."""
    gettext = translations(locale).gettext
    until = say_instant(terms.until, locale, timezone)
    if not terms.is_allowed:
        text = gettext("{x}: can't be cancelled since {at}.", x=name, at=until)
        return NoteView("bad", "lock", text)
    if terms.strike and is_move:
        text = gettext(
            "{x}: can be rescheduled until {at}, but rescheduling or cancelling now counts "
            "as a late change. Too many late changes suspend booking.",
            x=name,
            at=until,
        )
        return NoteView("warn", "tight", text)
    if terms.strike:
        text = gettext(
            "{x}: can be cancelled or rescheduled until {at}, but this counts as a late "
            "change. Too many late changes suspend booking.",
            x=name,
            at=until,
        )
        return NoteView("warn", "tight", text)
    text = gettext("{x}: can be cancelled or rescheduled freely until {at}.", x=name, at=until)
    return NoteView("good", "clock", text)


def _notes(facts: BookingFacts, lines: list[LineView], locale: Locale) -> list[NoteView]:
    gettext, view = translations(locale).gettext, facts.view
    if state_of(view, facts.now) is BookingState.EXPIRED:
        text = gettext(
            "The booking wasn't confirmed in time. The places were released, and nothing was charged."
        )
        return [NoteView("", "clock", text)]
    if view.state is BookingState.CANCELLED:
        text = gettext("The places were released, and any visits went back on your card.")
        return [NoteView("", "check", text)]
    if view.state is BookingState.NO_SHOW:
        text = gettext("The booking wasn't used. Under the rules, it counts as a missed visit.")
        return [NoteView("warn", "tight", text)]
    notes: list[NoteView] = []
    if any(line.is_missed for line in lines):
        text = gettext("Items marked as missed weren't used. Under the rules, they count as missed visits.")
        notes.append(NoteView("warn", "tight", text))
    if any(line.visitors for line in lines):
        text = gettext("Bring the original documents and come at the booked time.")
        notes.append(NoteView("", "id", text))
    return notes


def _terms(facts: BookingFacts, lines: list[LineView], locale: Locale) -> list[NoteView]:
    """The terms of every line, each sentence once."""
    if facts.view.state is not BookingState.CONFIRMED or is_over(facts.view, facts.now):
        return []
    said = [
        say_terms(terms, text_in(line.venue, locale), line.timezone, locale)
        for line, terms in terms_of(lines, facts.presets, facts.now)
    ]
    return list(dict.fromkeys(said))


def _time_of(line: LineView, locale: Locale) -> str:
    if line.product_kind == "night":
        starts = line.starts_at.astimezone(zone(line.timezone)).strftime("%H:%M")
        return translations(locale).gettext("check-in {a}", a=starts)
    return say_span(line.starts_at, line.ends_at, line.timezone)


def _kind(line: LineView, venues: Mapping[int, Venue]) -> str:
    venue = venues.get(line.venue_id)
    return venue.kind if venue else "attraction"


def _say_moment(at: datetime, timezone: str, locale: Locale) -> str:
    wall = at.astimezone(zone(timezone))
    return f"{say_full_date(local_date(at, timezone), locale)} {wall:%H:%M}"
