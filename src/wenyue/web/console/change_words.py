"""How a proposed change is said: what it is, what it was, what it would be, what it touches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Final, TypeVar

from wenyue import catalogue
from wenyue.application.changeables import told_by
from wenyue.catalogue import Product, Venue
from wenyue.changes import Change, Counts, Refusal, State
from wenyue.locale import Message, text_in
from wenyue.locale.formats import say_number
from wenyue.platform.database.db import Tx
from wenyue.web.console.holiday_words import say_kind
from wenyue.web.console.speaking import Speaks
from wenyue.web.shared.i18n import Locale, say_full_date, say_money

V = TypeVar("V")
ROWS_MAX: Final = 60
ACTS: Final = {
    "slots.close": Message("Close and stop sales"),
    "slots.reopen": Message("Reopen"),
    "prices.set": Message("Set prices"),
    "capacity.set": Message("Set a session's capacity"),
    "capacity.day": Message("Set a day's capacity"),
    "holidays.set": Message("Enter holidays"),
}
STATES: Final = {
    State.WAITING: ("warn", "clock", Message("Awaiting approval")),
    State.APPLIED: ("good", "check", Message("In effect")),
    State.DECLINED: ("bad", "x", Message("Declined")),
    State.WITHDRAWN: ("", "x", Message("Withdrawn")),
    State.EXPIRED: ("", "clock", Message.in_context("of a change", "Expired")),
    State.FAILED: ("bad", "tight", Message("Failed")),
}
REFUSALS: Final = {
    Refusal.OWN: Message("refusal.own"),
    Refusal.NOT_OWN: Message("refusal.not_own"),
    Refusal.DECIDED: Message("refusal.decided"),
    Refusal.EXPIRED: Message("refusal.expired"),
    Refusal.DIFFERENT: Message("refusal.different"),
    Refusal.MOVED_ON: Message("refusal.moved_on"),
    Refusal.BEYOND_BOUNDS: Message("refusal.beyond_bounds"),
    Refusal.NOT_REVIEWABLE: Message("refusal.not_reviewable"),
    Refusal.BOUNDS_LOW: Message("refusal.bounds_low"),
    Refusal.TOO_MANY: Message("refusal.too_many"),
    Refusal.ID_REUSED: Message("refusal.id_reused"),
    Refusal.LEFT: Message("refusal.left"),
    Refusal.FACTOR_OLD: Message("refusal.factor_old"),
    Refusal.NOTHING: Message("refusal.nothing"),
    Refusal.UNKNOWN: Message("refusal.unknown"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One field: what it was and what it would be; `was` is empty where nothing was there."""

    label: str
    was: str
    becomes: str


@dataclass(frozen=True, slots=True)
class Named:
    """The venues and products that changes are about, by id."""

    venues: Mapping[int, Venue]
    products: Mapping[int, Product]

    def venue(self, venue_id: int | None, locale: Locale) -> str:
        """The venue's name."""
        return _name(self.venues.get(venue_id or 0), locale)

    def product(self, product_id: int | None, locale: Locale) -> str:
        """The product's name."""
        return _name(self.products.get(product_id or 0), locale)


async def named(tx: Tx, found: Sequence[Change]) -> Named:
    """What the changes are about."""
    venue_ids = {one.venue_id for one in found if one.venue_id is not None}
    venues = await catalogue.venues_by_id(tx, sorted(venue_ids))
    product_ids = {
        value for one in found for value in (one.request.get("product_id"), one.was.get("product")) if value
    }
    products = {one: known for one in product_ids if (known := await catalogue.product(tx, one))}
    return Named(venues, products)


def say_act(speaks: Speaks, kind: str) -> str:
    """What is done."""
    return ACTS[kind].say(speaks.locale)


def say_counts(speaks: Speaks, counts: Counts) -> str:
    """What it touches."""
    sessions, places = (say_number(n, speaks.locale) for n in (counts.sessions, counts.places))
    return speaks.gettext(
        "{sessions}, {places}",
        sessions=speaks.ngettext("{count} session", "{count} sessions", counts.sessions, count=sessions),
        places=speaks.ngettext("{count} place taken", "{count} places taken", counts.places, count=places),
    )


def rows_of(speaks: Speaks, change: Change, named: Named) -> list[Row]:
    """Every field that changes, at most ROWS_MAX; days that follow each other and change alike are one."""
    asked, was = change.request, change.was
    if change.kind == "prices.set":
        label = named.product(asked["product_id"], speaks.locale)
        return [
            Row(f"{label} · {span}", old, new) for span, old, new in _prices(speaks, asked["prices"], was)
        ]
    if change.kind == "slots.close":
        what = named.product(asked.get("product_id"), speaks.locale) or speaks.gettext("The whole venue")
        span = say_days(
            date.fromisoformat(asked["from_day"]), date.fromisoformat(asked["to_day"]), speaks.locale
        )
        told = " / ".join(told_by(asked).values())
        return [
            Row(f"{what} · {span}", speaks.gettext("open"), speaks.gettext("closed")),
            Row(speaks.gettext("Message to travellers"), "", told),
        ]
    if change.kind == "holidays.set":
        becomes = say_kind(speaks, asked["day_kind"], asked["name_zh"])
        return [Row(span, say_kind(speaks, *old), becomes) for span, old in _spans(speaks, was)]
    if change.kind == "slots.reopen":
        span = say_days(date.fromisoformat(was["from"]), date.fromisoformat(was["to"]), speaks.locale)
        what = named.product(was.get("product"), speaks.locale) or speaks.gettext("The whole venue")
        closed = speaks.gettext("closed: {why}", why=was["reason"])
        return [Row(f"{what} · {span}", closed, speaks.gettext("open"))]
    label = (
        speaks.gettext("Session {n}", n=asked["slot_id"])
        if change.kind == "capacity.set"
        else say_full_date(date.fromisoformat(asked["on_date"]), speaks.locale)
    )
    new = say_number(asked["capacity"], speaks.locale)
    if asked.get("below_taken") == "follow":
        new = speaks.gettext(
            "{n} (if more are taken, sales stop and it drops as bookings are cancelled)", n=new
        )
    return [Row(label, say_number(was["capacity"], speaks.locale), new)]


def _prices(speaks: Speaks, prices: Mapping[str, int], was: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    spans = _spans(speaks, {day: (was[day], price) for day, price in prices.items()})
    found = [
        (span, _say_prices(old, speaks.locale), say_money(new, speaks.locale)) for span, (old, new) in spans
    ]
    if len(found) > ROWS_MAX:
        rest = speaks.ngettext("{n} more date range", "{n} more date ranges", len(found) - ROWS_MAX)
        return [*found[:ROWS_MAX], (rest, "…", "…")]
    return found


def _spans(speaks: Speaks, by_day: Mapping[str, V]) -> list[tuple[str, V]]:
    """Days (ISO) that follow each other and have the same, said as one; in their order."""
    days = sorted(date.fromisoformat(day) for day in by_day)
    found: list[tuple[str, V]] = []
    for _, group in groupby(
        enumerate(days), lambda at: (at[1].toordinal() - at[0], by_day[at[1].isoformat()])
    ):
        span = [day for _, day in group]
        found.append((say_days(span[0], span[-1], speaks.locale), by_day[span[0].isoformat()]))
    return found


def _say_prices(was: int | list[int], locale: Locale) -> str:
    """One price of all sessions, or the lowest and the highest."""
    return (
        say_money(was, locale)
        if isinstance(was, int)
        else " – ".join(say_money(price, locale) for price in was)
    )


def say_days(first: date, last: date, locale: Locale) -> str:
    """One day, or the first and the last of several."""
    said = say_full_date(first, locale)
    return said if first == last else f"{said} – {say_full_date(last, locale)}"


def _name(one: Venue | Product | None, locale: Locale) -> str:
    if one is None:
        return ""
    return text_in(one.name, locale)
