"""Stored bookings as tickets and pages: dates on the venue's clock, terms in sentences. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from markupsafe import Markup

from wenyue.application.visits import Visit, next_visit, visits_of
from wenyue.booking import BookingState, BookingView, LineView, PartyVisitor
from wenyue.catalogue import Venue
from wenyue.core.clock import local_date, zone
from wenyue.core.documents import DocumentKind, age_on, mask_document
from wenyue.gate import booking_code
from wenyue.locale import Message, text_in, translations
from wenyue.locale.formats import WEEKDAY_NAME, say_day, say_instant, say_list
from wenyue.policy import CancelTerms, Preset, cancel_terms
from wenyue.web.shared.i18n import Locale, say_full_date, say_money, say_month
from wenyue.web.traveller.views import NoteView, PersonView, TicketView
from wenyue.web.traveller.visit_views import (
    BookingPage,
    DayOfVisits,
    VisitView,
    kind_of,
    may_cancel,
    picture_of,
    say_arrival,
    say_days,
    say_quantity,
    say_when,
    visit_view,
)
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


def tickets_of(booking: BookingView, now: datetime, locale: Locale) -> list[tuple[Visit, TicketView]]:
    """A booking in a list: one ticket for each visit, each under its own day, in time order."""
    return [(visit, _ticket(booking, visit, now, locale)) for visit in visits_of(shown_lines(booking))]


def _ticket(booking: BookingView, visit: Visit, now: datetime, locale: Locale) -> TicketView:
    gettext, first = translations(locale).gettext, visit.first
    state = _STATES[state_of(booking, now)]
    names = [one.name for number, one in booking.coming if number in first.visitors]
    party = names[0] if names else say_quantity(first.product_kind, first.quantity, locale)
    if len(names) > 1:
        party = gettext("{a} and {m} more", a=names[0], n=len(names), m=len(names) - 1)
    has_ended = is_over(booking, now) or visit.ends_at <= now
    return TicketView(
        href=f"/bookings/{booking.id}",
        month=say_month(first.on_date, locale),
        day=str(first.on_date.day),
        weekday=say_day(first.on_date, locale, WEEKDAY_NAME),
        title=text_in(first.venue, locale),
        when=f"{say_days(visit, locale)} · {say_when(visit, locale)}"
        if visit.is_stay
        else say_when(visit, locale),
        party=party,
        more="",
        state=state[0].say(locale),
        tone=state[1],
        icon=state[2],
        is_past=has_ended,
        has_voucher=booking.state is BookingState.CONFIRMED and not is_over(booking, now),
        anchor=f"#visit-{visit.number}",
    )


def person_view(visitor: PartyVisitor, number: int, locale: Locale) -> PersonView:
    """A person of a stored booking, for the account that booked: the name in full, the document masked."""
    kinds = {kind.value: kind for kind in DocumentKind}
    kind = kinds.get(visitor.kind)
    name = DOCUMENT_KINDS[kind].say(locale) if kind else ""
    return PersonView(number, visitor.name, f"{name} {mask_document(visitor.number)}".strip(), "")


def say_age_on(birth: date | None, day: date, locale: Locale) -> str:
    """`34周岁`, or '' when the document does not say."""
    if birth is None:
        return ""
    return translations(locale).gettext("age {n}", n=max(0, age_on(birth, day)))


def booking_page(facts: BookingFacts, locale: Locale) -> BookingPage:
    """The booking's own page: its next visit first, then every visit under its day."""
    gettext, view = translations(locale).gettext, facts.view
    lines = shown_lines(view)
    visits, state = visits_of(lines), _STATES[state_of(view, facts.now)]
    is_live = state_of(view, facts.now) in (BookingState.HELD, BookingState.CONFIRMED)
    coming = next_visit(visits, facts.now) if is_live else None
    head = coming or visits[0]
    kind, timezone = kind_of(head, facts.venues), head.first.timezone
    total = say_money(view.total_minor, locale, view.currency)
    names = [one.name for number, one in view.coming if number in head.first.visitors]
    details = [
        (gettext("Visitors"), say_list(names, locale))
        if names
        else (gettext("Quantity"), say_quantity(head.first.product_kind, head.first.quantity, locale)),
        (gettext("To pay on site"), total if view.total_minor else gettext("Nothing")),
        (gettext("Booked"), _say_moment(view.created_at, timezone, locale)),
        (gettext("Number"), booking_code(view.id)),
    ]
    if view.party.is_erased:
        details.append((gettext("Visitors"), gettext("Personal data erased")))
    can_move = view.state is BookingState.CONFIRMED
    shown = [
        (visit, _visit_view(facts, visit, locale, is_next=visit is coming, can_move=can_move))
        for visit in visits
    ]
    return BookingPage(
        id=str(view.id),
        version=f"{int(view.changed_at.timestamp())}-{max(line.line_no for line in view.lines)}",
        title=text_in(head.first.venue, locale),
        when=say_arrival(head, kind, locale),
        state=state[0].say(locale),
        icon=state[2],
        number=booking_code(view.id),
        qr=facts.qr,
        facts=tuple(details),
        days=tuple(_days(shown, facts.now, locale)),
        visits=tuple(one for _, one in shown),
        people=tuple(person_view(one, number, locale) for number, one in view.coming),
        notes=tuple(_notes(facts, lines, locale)),
        total=total,
        hold_until=view.hold_until.isoformat() if view.hold_until and view.hold_until > facts.now else "",
        hold_until_text=view.hold_until.astimezone(zone(timezone)).strftime("%H:%M")
        if view.hold_until
        else "",
        can_change=is_live
        and not is_over(view, facts.now)
        and (can_move or not any(line.redeemed for line in lines)),
        lines_title=gettext("Your booking")
        if any(line.is_live for line in lines)
        else gettext("Your booking, including sessions you changed from"),
        can_move=can_move,
        next_label=gettext("Next visit") if coming and len(visits) > 1 else "",
        picture=picture_of(head, facts.venues),
        qr_label=gettext("Admission QR code") if kind == "attraction" else gettext("Voucher QR code"),
        document_note=_document_note(kind, locale) if names else "",
    )


def _document_note(kind: str, locale: Locale) -> str:
    gettext = translations(locale).gettext
    if kind == "attraction":
        return gettext("You can also enter with just your identity document")
    return gettext("Your identity document alone is enough too")


def _visit_view(
    facts: BookingFacts, visit: Visit, locale: Locale, *, is_next: bool, can_move: bool
) -> VisitView:
    view = facts.view
    is_open = can_move and not visit.is_used and visit.first.is_live and visit.starts_at > facts.now
    path = f"/bookings/{view.id}"
    return visit_view(
        visit,
        facts.venues,
        locale,
        view.currency,
        notes=visit_notes(visit, facts, locale) if can_move and not is_over(view, facts.now) else (),
        is_next=is_next,
        links=(
            f"{path}/reschedule?line={visit.number}" if is_open else "",
            f"{path}/cancel?line={visit.number}"
            if is_open and may_cancel(visit, facts.presets, facts.now)
            else "",
        ),
    )


def visit_notes(visit: Visit, facts: BookingFacts, locale: Locale) -> list[NoteView]:
    """The terms of a visit, each sentence once: of a stay, those of its first night."""
    if visit.is_used or visit.ends_at <= facts.now:
        return []
    name = text_in(visit.first.venue, locale)
    return [
        say_terms(terms, name, line.timezone, locale)
        for line, terms in terms_of(visit.lines[:1], facts.presets, facts.now)
    ]


def _days(shown: Sequence[tuple[Visit, VisitView]], now: datetime, locale: Locale) -> list[DayOfVisits]:
    days: dict[str, DayOfVisits] = {}
    for visit, one in shown:
        day = days.get(one.day)
        if day is None:
            is_today = local_date(now, visit.first.timezone) == visit.first.on_date
            note = translations(locale).gettext("Today") if is_today else ""
            days[one.day] = DayOfVisits(one.day, note, (one,))
        else:
            days[one.day] = replace(day, visits=(*day.visits, one))
    return list(days.values())


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


def _say_moment(at: datetime, timezone: str, locale: Locale) -> str:
    wall = at.astimezone(zone(timezone))
    return f"{say_full_date(local_date(at, timezone), locale)} {wall:%H:%M}"
