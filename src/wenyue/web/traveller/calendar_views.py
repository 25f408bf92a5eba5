"""The 14-day calendar: slots, card and clock become day cells and session rows. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from wenyue.booking import LineView, Outcome, SlotState, SlotView
from wenyue.catalogue import Product, Venue
from wenyue.core.clock import days, local_date, zone
from wenyue.locale import DEFAULT, Message, Texts, text_in, translations
from wenyue.locale.formats import say_ago, say_day, say_instant
from wenyue.policy import HolidayCalendar
from wenyue.web.shared.i18n import (
    Locale,
    say_date,
    say_money,
    say_short_release,
    say_span,
    say_weekday,
)
from wenyue.web.traveller.views import CalendarView, DayView, QueueView, SessionView
from wenyue.web.wording.outcomes import WORDS

CALENDAR_DAYS: Final = 14
NIGHTS_MAX: Final = 7
SEATS_MAX: Final = 9
_ICONS: Final = {
    "plenty": "plenty",
    "tight": "tight",
    "full": "full",
    "unreleased": "lock",
    "closed": "closed",
    "ended": "clock",
    "card": "nocard",
    "none": "full",
    "queue": "users",
}
# By the names that the calendar of holidays has: short, as they stand in a cell.
_HOLIDAYS: Final = {
    "元旦": Message("holiday.new_year"),
    "春节": Message("holiday.spring_festival"),
    "清明节": Message("holiday.qingming"),
    "劳动节": Message("holiday.labour_day"),
    "端午节": Message("holiday.dragon_boat"),
    "中秋节": Message("holiday.mid_autumn"),
    "国庆节": Message("holiday.national_day"),
}


@dataclass(frozen=True, slots=True)
class CalendarFacts:
    """Everything the calendar is drawn from; the slots were read at `read_at`."""

    venue: Venue
    product: Product
    slots: Sequence[SlotView]
    holidays: HolidayCalendar
    refusals: Mapping[int, Outcome] | None  # why the card does not pay, by slot; None: there is no card
    read_at: datetime
    now: datetime
    chosen: date | None
    href: str  # where a day leads: the page, to which ?product=&day= is added
    # The sessions are offered as a new place for this line; of a stay, for all its nights together: `card_id` None where
    # money pays for some of them, and what is asked for is only of these.
    moving: LineView | None = None
    nights: int = 1  # of the stay that moves
    queues: Mapping[int, QueueView] = field(default_factory=dict[int, QueueView])  # of slots that have one


def calendar_view(facts: CalendarFacts, locale: Locale) -> CalendarView:
    """The calendar of one product from today (on the venue's clock) on."""
    gettext = translations(locale).gettext
    today = local_date(facts.now, facts.venue.timezone)
    span = days(today, today + timedelta(days=CALENDAR_DAYS - 1))
    by_day: dict[date, list[SlotView]] = {day: [] for day in span}
    for slot in facts.slots:
        if slot.on_date in by_day:
            by_day[slot.on_date].append(slot)
    wanted = facts.chosen
    chosen = wanted if wanted is not None and wanted in by_day else _first_bookable(by_day, today)
    cells = tuple(_day(facts, day, by_day[day], locale, is_current=day == chosen) for day in span)
    current = next(cell for cell in cells if cell.is_current)
    monday = today - timedelta(days=today.weekday())
    sessions = tuple(_session(facts, slot, locale) for slot in by_day[chosen])
    queue = next((facts.queues[one.slot_id] for one in by_day[chosen] if one.slot_id in facts.queues), None)
    is_silent = current.state in ("plenty", "tight", "queue") or (current.state == "full" and bool(sessions))
    return CalendarView(
        product_id=facts.product.id,
        chosen=chosen.isoformat(),
        range=f"{say_date(span[0], locale)} – {say_date(span[-1], locale)}",
        weekdays=tuple(say_weekday(monday + timedelta(days=number), locale) for number in range(7)),
        gap=today.weekday(),
        days=cells,
        freshness=gettext("Places: {age}", age=say_ago(facts.now - facts.read_at, locale)),
        provisional=_provisional(facts.holidays, span, locale),
        chosen_text=say_date(chosen, locale),
        sessions=() if current.state == "closed" else sessions,
        chosen_note="" if is_silent else current.long,
        chosen_tone="warn" if current.state in ("card", "unreleased") else "",
        chosen_icon=current.icon,
        queue=queue,
    )


def _provisional(holidays: HolidayCalendar, span: Sequence[date], locale: Locale) -> str:
    """That the holidays of a year shown are by law only: which days are moved for them is not known yet."""
    year = next((day.year for day in span if not holidays.is_published(day.year)), 0)
    return (
        year
        and translations(locale).gettext(
            "The {y} holidays aren't published yet. Statutory days are shown; others may change.", y=year
        )
    ) or ""


def said_label(texts: Texts, locale: Locale) -> str:
    """A session's label, unless it only repeats the time."""
    label = text_in(texts, locale)
    return label if any(character.isalpha() for character in label) else ""


def _first_bookable(by_day: dict[date, list[SlotView]], today: date) -> date:
    bookable = (SlotState.PLENTY, SlotState.TIGHT)
    return next((day for day, slots in by_day.items() if any(one.state in bookable for one in slots)), today)


def _holiday_tag(name: str, locale: Locale) -> str:
    if name in _HOLIDAYS:
        return _HOLIDAYS[name].say(locale)
    return name.removesuffix("节") if locale == DEFAULT else ""  # operators name theirs in Chinese


def _day(
    facts: CalendarFacts, day: date, slots: list[SlotView], locale: Locale, *, is_current: bool
) -> DayView:
    state, short, long = _state_of_day(facts, slots, locale)
    holiday = facts.holidays.holiday_name(day)
    tag = _holiday_tag(holiday, locale)
    query = urlencode({"product": facts.product.id, "day": day.isoformat()})
    joint = "&" if "?" in facts.href else "?"
    return DayView(
        href=f"{facts.href}{joint}{query}",
        number=day.day,
        text=say_date(day, locale),
        state=state,
        icon=_ICONS[state],
        short=short,
        long=long,
        tag=tag,
        is_current=is_current,
    )


def _state_of_day(facts: CalendarFacts, slots: list[SlotView], locale: Locale) -> tuple[str, str, str]:
    """(state, in the cell, in full). A day is as good as its best session."""
    open_slots = [slot for slot in slots if slot.state in (SlotState.PLENTY, SlotState.TIGHT)]
    return _open_day(facts, open_slots, locale) if open_slots else _shut_day(facts, slots, locale)


def _open_day(facts: CalendarFacts, slots: list[SlotView], locale: Locale) -> tuple[str, str, str]:
    gettext = translations(locale).gettext
    refusals = [
        facts.refusals[slot.slot_id] for slot in slots if facts.refusals and slot.slot_id in facts.refusals
    ]
    if len(refusals) == len(slots):
        reason = WORDS[refusals[0]].title.say(locale)
        return (
            "card",
            translations(locale).pgettext("days", "No card"),
            gettext("Not on your card ({x})", x=reason),
        )
    if all((queue := facts.queues.get(slot.slot_id)) is not None and not queue.is_mine for slot in slots):
        return "queue", gettext("Queue"), facts.queues[slots[0].slot_id].short
    if any(slot.state is SlotState.PLENTY for slot in slots):
        return "plenty", translations(locale).pgettext("places", "Open"), gettext("Plenty left")
    left = sum(slot.left for slot in slots)
    return (
        "tight",
        translations(locale).pgettext("calendar", "{n} left", n=left),
        gettext("Few left ({n})", n=left),
    )


def _shut_day(facts: CalendarFacts, slots: list[SlotView], locale: Locale) -> tuple[str, str, str]:
    gettext = translations(locale).gettext
    by_state = {slot.state: slot for slot in reversed(slots)}  # the first slot of each state
    if SlotState.FULL in by_state:
        return "full", gettext("Full"), gettext("Fully booked")
    if (soon := by_state.get(SlotState.NOT_RELEASED)) is not None:
        opens = say_short_release(soon.release_at, facts.venue.timezone, locale)
        return "unreleased", gettext("Soon"), gettext("Not open yet ({x})", x=opens)
    if (closed := by_state.get(SlotState.CLOSED)) is not None:
        reason = closed.reason.get(locale, "")  # in a sentence of the page's language, or not at all
        return (
            "closed",
            gettext("Closed"),
            gettext("Closed ({x})", x=reason) if reason else gettext("Closed"),
        )
    if SlotState.ENDED in by_state:
        return "none", gettext("Ended"), gettext("Booking has closed")
    return "none", gettext("None"), gettext("No sessions")


def _session(facts: CalendarFacts, slot: SlotView, locale: Locale) -> SessionView:
    gettext = translations(locale).gettext
    is_moving = facts.moving is not None
    is_here = facts.moving is not None and slot.slot_id == facts.moving.slot_id
    state, tone, icon = _session_state(facts, slot, locale)
    queue = facts.queues.get(slot.slot_id)
    waits = slot.state in (SlotState.PLENTY, SlotState.TIGHT, SlotState.FULL, SlotState.NOT_RELEASED)
    must_wait = queue is not None and not queue.is_mine and waits and not is_here
    if is_here:  # what is left beside one's own places is nothing to choose by
        state, tone, icon = gettext("Booked"), "good", "check"
    elif queue is not None and waits and slot.state is not SlotState.FULL:
        state, tone, icon = queue.short, "good" if queue.is_mine else "warn", "users"
    can_book = slot.state in (SlotState.PLENTY, SlotState.TIGHT) and not is_here
    refusal = facts.refusals.get(slot.slot_id) if facts.refusals is not None else None
    pays = can_book and facts.refusals is not None and refusal is None
    is_mixed = facts.moving is not None and facts.moving.card_id is None and facts.refusals is not None
    refused = WORDS[refusal].title.say(locale) if can_book and refusal is not None else ""
    is_night = facts.product.kind == "night"
    price = say_money(slot.price_minor, locale, slot.currency) if slot.price_minor else gettext("Free")
    unit = gettext(" a night") if is_night else ""
    if facts.nights > 1:
        unit = translations(locale).ngettext(" for {n} night", " for all {n} nights", facts.nights)
    on_site = gettext("Pay on site ") if slot.price_minor else ""
    return SessionView(
        slot_id=slot.slot_id,
        time=_time_of(slot, facts, locale),
        label="" if is_night else said_label(slot.label, locale),
        state=state,
        tone=tone,
        icon=icon,
        price=_price_beside_card(slot, locale, is_moving=is_moving)
        if pays and not is_mixed
        else ""
        if is_here
        else f"{on_site}{price}{unit}{_difference(facts, slot, locale)}",
        price_minor=slot.price_minor,
        can_book=can_book,
        action=_here(facts, locale)
        if is_here
        else _move_here(facts, locale)
        if is_moving
        else translations(locale).pgettext("button", "Choose"),
        card=""
        if pays and is_mixed
        else gettext("On your card")
        if pays
        else gettext("Not on your card: {x}", x=refused)
        if refused
        else "",
        card_tone="good" if pays else "",
        card_icon="card" if pays else "nocard",
        counts=_counts(facts.product, slot, locale) if can_book else (),
        counts_label=gettext("Nights") if is_night else gettext("Guests"),
        queue=queue.href if must_wait and queue else "",
        queue_action=queue.action if queue is not None else "",
    )


def _price_beside_card(slot: SlotView, locale: Locale, *, is_moving: bool) -> str:
    """What it would cost without the card; nothing for what is free, or where a place is only moved."""
    if is_moving or not slot.price_minor:
        return ""
    return translations(locale).gettext(
        "{price} without the card", price=say_money(slot.price_minor, locale, slot.currency)
    )


def _move_here(facts: CalendarFacts, locale: Locale) -> str:
    texts = translations(locale)
    is_night = facts.product.kind == "night"
    return texts.pgettext("stay", "Move here") if is_night else texts.gettext("Move here")


def _here(facts: CalendarFacts, locale: Locale) -> str:
    gettext = translations(locale).gettext
    return gettext("Your stay now") if facts.product.kind == "night" else gettext("Current session")


def _difference(facts: CalendarFacts, slot: SlotView, locale: Locale) -> str:
    """What moving here changes for all places of the line; empty where it costs the same or a card pays."""
    line, gettext = facts.moving, translations(locale).gettext
    if line is None or line.card_id is not None or slot.price_minor == line.price_minor:
        return ""
    more = (slot.price_minor - line.price_minor) * line.quantity
    said = say_money(abs(more), locale, slot.currency)
    if more > 0:
        return gettext(", {sum} more in total than now", sum=said)
    return gettext(", {sum} less in total than now", sum=said)


def _session_state(facts: CalendarFacts, slot: SlotView, locale: Locale) -> tuple[str, str, str]:
    """(words, tone, icon)."""
    gettext, timezone = translations(locale).gettext, facts.venue.timezone
    opens, ended = (
        say_short_release(slot.release_at, timezone, locale),
        say_instant(slot.closes_at, locale, timezone),
    )
    states = {
        SlotState.PLENTY: (gettext("Plenty ({n} left)", n=slot.left), "good", "plenty"),
        SlotState.TIGHT: (gettext("Few left ({n})", n=slot.left), "warn", "tight"),
        SlotState.FULL: (gettext("Fully booked"), "", "full"),
        SlotState.NOT_RELEASED: (gettext("Not open yet ({x})", x=opens), "info", "lock"),
        SlotState.ENDED: (gettext("Ended ({x})", x=ended), "", "clock"),
        SlotState.CLOSED: (gettext("Closed"), "", "closed"),
        SlotState.NOT_ON_CARD: (gettext("Not on your card"), "", "nocard"),
    }
    return states[slot.state]


def _time_of(slot: SlotView, facts: CalendarFacts, locale: Locale) -> str:
    timezone = facts.venue.timezone
    if facts.product.kind != "night":
        return say_span(slot.starts_at, slot.ends_at, timezone)
    if facts.nights > 1:
        texts, last = translations(locale), local_date(slot.ends_at, timezone)
        stay = texts.gettext(
            "{first} – {last}", first=say_day(slot.on_date, locale), last=say_day(last, locale)
        )
        return f"{stay} · {texts.ngettext('{n} night', '{n} nights', facts.nights)}"
    checks_in, checks_out = slot.starts_at.astimezone(zone(timezone)), slot.ends_at.astimezone(zone(timezone))
    return translations(locale).gettext("Check-in {a:%H:%M}, check-out {b:%H:%M}", a=checks_in, b=checks_out)


def _counts(product: Product, slot: SlotView, locale: Locale) -> tuple[tuple[int, str], ...]:
    """What may be chosen besides the session: nights of a stay, or seats that carry no names."""
    texts = translations(locale)
    if product.kind == "night":
        return tuple((n, texts.ngettext("{n} night", "{n} nights", n)) for n in range(1, NIGHTS_MAX + 1))
    if product.needs_visitors or product.kind == "table":
        return ()
    most = min(SEATS_MAX, slot.left)
    return tuple((n, texts.npgettext("to choose", "{n} seat", "{n} seats", n)) for n in range(1, most + 1))
