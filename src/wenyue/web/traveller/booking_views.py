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
from wenyue.policy import CancelTerms, Preset, cancel_terms
from wenyue.web.shared.i18n import (
    Locale,
    pick,
    say_date,
    say_full_date,
    say_money,
    say_month,
    say_span,
    say_weekday,
    translator,
)
from wenyue.web.traveller import views
from wenyue.web.traveller.calendar_views import said_label
from wenyue.web.traveller.views import KIND_ICONS, BookingPage, NoteView, PersonView, TicketView
from wenyue.web.wording import say_instant
from wenyue.web.wording.documents import DOCUMENT_KINDS

_STATES: Final[Mapping[BookingState, tuple[str, str, str, str]]] = {
    BookingState.HELD: ("待确认", "To confirm", "warn", "clock"),
    BookingState.CONFIRMED: ("已预约", "Booked", "good", "check"),
    BookingState.CANCELLED: ("已取消", "Cancelled", "", "x"),
    BookingState.EXPIRED: ("已过期释放", "Expired", "", "clock"),
    BookingState.NO_SHOW: ("未到", "Missed", "bad", "tight"),
}
_QUANTITY: Final = {
    "session": ("{n}人", "{n} people", "1 person"),
    "night": ("{n}间", "{n} rooms", "1 room"),
    "table": ("{n}桌", "{n} tables", "1 table"),
    "seat": ("{n}座", "{n} seats", "1 seat"),
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
    zh, many, one = _QUANTITY.get(kind, _QUANTITY["session"])
    return translator(locale)(zh, one if quantity == 1 else many, n=quantity)


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
    t = translator(locale)
    lines = shown_lines(booking)
    first, state = lines[0], _STATES[state_of(booking, now)]
    is_night = first.product_kind == "night"
    label = "" if is_night else said_label(first.label_zh, first.label_en, locale)
    names = [mask_name(visitor.name) for _, visitor in booking.coming]
    party = names[0] if names else say_quantity(first.product_kind, first.quantity, locale)
    if len(names) > 1:
        party = t("{a}等{n}人", "{a} and {m} more", a=names[0], n=len(names), m=len(names) - 1)
    return TicketView(
        href=f"/bookings/{booking.id}",
        month=say_month(first.on_date, locale),
        day=str(first.on_date.day),
        weekday=t("周{x}", "{x}", x=say_weekday(first.on_date, locale)),
        title=pick(first.venue_zh, first.venue_en, locale),
        when=f"{_time_of(first, locale)} {label}".strip(),
        party=party,
        more=t("另含{n}项", "{n} more", n=len(lines) - 1) if len(lines) > 1 else "",
        state=t(state[0], state[1]),
        tone=state[2],
        icon=state[3],
        is_past=is_over(booking, now),
        has_voucher=booking.state is BookingState.CONFIRMED and not is_over(booking, now),
    )


def line_view(line: LineView, kind: str, locale: Locale, currency: str) -> views.LineView:
    """A stored line."""
    t = translator(locale)
    is_on_card = line.card_id is not None
    redeemed = t("（已入园{n}）", " ({n} admitted)", n=line.redeemed) if line.redeemed else ""
    if line.is_missed:
        redeemed = t("（未到）", " (missed)")
    return views.LineView(
        slot_id=line.slot_id,
        kind=kind,
        icon=KIND_ICONS.get(kind, "ticket"),
        title=pick(line.venue_zh, line.venue_en, locale),
        product=pick(line.product_zh, line.product_en, locale),
        when=f"{say_date(line.on_date, locale)} {_time_of(line, locale)}",
        quantity=say_quantity(line.product_kind, line.quantity, locale) + redeemed,
        price="" if is_on_card else say_money(line.price_minor * line.quantity, currency),
        pays=t("卡内权益", "On your card")
        if is_on_card
        else t("到店付款", "Pay on site")
        if line.price_minor
        else t("免费", "Free"),
        pays_tone="good" if is_on_card else "",
        pays_icon="card" if is_on_card else "check",
    )


def person_view(visitor: PartyVisitor, number: int, locale: Locale) -> PersonView:
    """A person of a stored booking, masked."""
    kinds = {kind.value: kind for kind in DocumentKind}
    kind = kinds.get(visitor.kind)
    name = DOCUMENT_KINDS[kind][1 if locale == "en" else 0] if kind else ""
    return PersonView(number, mask_name(visitor.name), f"{name} {mask_document(visitor.number)}".strip(), "")


def say_age_on(birth: date | None, day: date, locale: Locale) -> str:
    """`34周岁`, or '' when the document does not say."""
    if birth is None:
        return ""
    return translator(locale)("{n}周岁", "age {n}", n=max(0, age_on(birth, day)))


def booking_page(facts: BookingFacts, locale: Locale) -> BookingPage:
    """The booking's own page."""
    t, view = translator(locale), facts.view
    lines = shown_lines(view)
    first, state = lines[0], _STATES[state_of(view, facts.now)]
    timezone = first.timezone
    total = say_money(view.total_minor, view.currency)
    is_live = state_of(view, facts.now) in (BookingState.HELD, BookingState.CONFIRMED)
    details = [
        (t("人数", "Party"), say_quantity("session", len(view.coming), locale))
        if view.coming
        else (t("数量", "Quantity"), say_quantity(first.product_kind, first.quantity, locale)),
        (t("到店付款", "To pay on site"), total if view.total_minor else t("无需付款", "Nothing")),
        (t("预约时间", "Booked"), _say_moment(view.created_at, timezone, locale)),
        (t("预约编号", "Number"), booking_code(view.id)),
    ]
    if view.party.is_erased:
        details.append((t("游客信息", "Visitors"), t("个人信息已按期清除", "Personal data erased")))
    return BookingPage(
        id=str(view.id),
        version=f"{int(view.changed_at.timestamp())}-{max(line.line_no for line in view.lines)}",
        title=pick(first.venue_zh, first.venue_en, locale),
        when=f"{say_date(first.on_date, locale)} {_time_of(first, locale)}",
        state=t(state[0], state[1]),
        icon=state[3],
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
        lines_title=t("包含项目", "What is booked")
        if any(line.is_live for line in lines)
        else t("曾包含的项目（含改期前的场次）", "What was booked, sessions before a change included"),
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
    t = translator(locale)
    until = say_instant(terms.until, locale, timezone)
    if not terms.is_allowed:
        text = t("{x}：{at} 起已不能取消或改期。", "{x}: no longer cancellable since {at}.", x=name, at=until)
        return NoteView("bad", "lock", text)
    if terms.strike and is_move:
        text = t(
            "{x}：{at} 前可以改期，但现在改期与现在取消一样，会记为一次违约，累计达到上限将暂停预约资格。",
            (
                "{x}: can be moved until {at}, but moving now counts as a strike, as cancelling now does;"
                " too many strikes suspend booking."
            ),
            x=name,
            at=until,
        )
        return NoteView("warn", "tight", text)
    if terms.strike:
        text = t(
            "{x}：{at} 前可以取消或改期，但会记为一次违约，累计达到上限将暂停预约资格。",
            "{x}: can be cancelled or moved until {at}, but it counts as a strike; too many strikes suspend booking.",
            x=name,
            at=until,
        )
        return NoteView("warn", "tight", text)
    text = t("{x}：{at} 前可免费取消或改期。", "{x}: free to cancel or change until {at}.", x=name, at=until)
    return NoteView("good", "clock", text)


def _notes(facts: BookingFacts, lines: list[LineView], locale: Locale) -> list[NoteView]:
    t, view = translator(locale), facts.view
    if state_of(view, facts.now) is BookingState.EXPIRED:
        text = t(
            "未在时限内确认，名额已释放，没有收费。",
            "Not confirmed in time: the places were released, nothing was charged.",
        )
        return [NoteView("", "clock", text)]
    if view.state is BookingState.CANCELLED:
        text = t(
            "名额已释放，用掉的卡权益已退回。",
            "The places were released and the card entitlement was returned.",
        )
        return [NoteView("", "check", text)]
    if view.state is BookingState.NO_SHOW:
        text = t("未按时入园，按规则记为一次爽约。", "Not used: it counts as a missed visit under the rules.")
        return [NoteView("warn", "tight", text)]
    notes: list[NoteView] = []
    if any(line.is_missed for line in lines):
        text = t(
            "标为“未到”的项目未按时入园，按规则记为一次爽约。",
            "What is marked as missed was not used: it counts as a missed visit under the rules.",
        )
        notes.append(NoteView("warn", "tight", text))
    if any(line.visitors for line in lines):
        text = t(
            "请携带预约时所填证件的原件，按预约时段入园。",
            "Bring the original documents and come within the booked time.",
        )
        notes.append(NoteView("", "id", text))
    return notes


def _terms(facts: BookingFacts, lines: list[LineView], locale: Locale) -> list[NoteView]:
    """The terms of every line, each sentence once."""
    if facts.view.state is not BookingState.CONFIRMED or is_over(facts.view, facts.now):
        return []
    said = [
        say_terms(terms, pick(line.venue_zh, line.venue_en, locale), line.timezone, locale)
        for line, terms in terms_of(lines, facts.presets, facts.now)
    ]
    return list(dict.fromkeys(said))


def _time_of(line: LineView, locale: Locale) -> str:
    if line.product_kind == "night":
        starts = line.starts_at.astimezone(zone(line.timezone)).strftime("%H:%M")
        return translator(locale)("{a} 入住", "check in {a}", a=starts)
    return say_span(line.starts_at, line.ends_at, line.timezone)


def _kind(line: LineView, venues: Mapping[int, Venue]) -> str:
    venue = venues.get(line.venue_id)
    return venue.kind if venue else "attraction"


def _say_moment(at: datetime, timezone: str, locale: Locale) -> str:
    wall = at.astimezone(zone(timezone))
    return f"{say_full_date(local_date(at, timezone), locale)} {wall:%H:%M}"
