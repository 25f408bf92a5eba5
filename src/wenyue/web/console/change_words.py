"""How a proposed change is said: what it is, what it was, what it would be, what it touches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Final, TypeVar

from wenyue import catalogue
from wenyue.catalogue import Product, Venue
from wenyue.changes import Change, Counts, Refusal, State
from wenyue.platform.database.db import Tx
from wenyue.web.console.holiday_words import say_kind
from wenyue.web.console.speaking import Speaks
from wenyue.web.shared.i18n import Locale, say_full_date, say_money

V = TypeVar("V")
ROWS_MAX: Final = 60
ACTS: Final = {
    "slots.close": ("闭馆停售", "Close and stop sales"),
    "slots.reopen": ("恢复开放", "Lift a closure"),
    "prices.set": ("调价", "Set prices"),
    "capacity.set": ("调整场次容量", "Set a session's capacity"),
    "capacity.day": ("调整当日承载量", "Set a day's carrying capacity"),
    "holidays.set": ("录入节假日", "Enter holidays"),
}
STATES: Final = {
    State.WAITING: ("warn", "clock", "待审批", "Waits"),
    State.APPLIED: ("good", "check", "已生效", "Done"),
    State.DECLINED: ("bad", "x", "未通过", "Declined"),
    State.WITHDRAWN: ("", "x", "已撤回", "Taken back"),
    State.EXPIRED: ("", "clock", "已过期", "Expired"),
    State.FAILED: ("bad", "tight", "未能执行", "Not done"),
}
REFUSALS: Final = {
    Refusal.OWN: ("自己提出的变更须由他人处理。", "Somebody else decides on what you proposed."),
    Refusal.NOT_OWN: ("只有提出人可以撤回。", "Only whoever proposed it takes it back."),
    Refusal.DECIDED: ("已有人处理过这项变更。", "Somebody has decided on it already."),
    Refusal.EXPIRED: (
        "已过期，如仍需要请重新提出。",
        "It has expired: propose it again if it is still wanted.",
    ),
    Refusal.DIFFERENT: (
        "内容与您看到的不一致，请重新查看后再决定。",
        "It is not what you saw: read it again, then decide.",
    ),
    Refusal.MOVED_ON: (
        "要改的内容在此期间已被改动，没有执行。请重新提出。",
        "What it would change has changed meanwhile: nothing was done. Propose it again.",
    ),
    Refusal.BEYOND_BOUNDS: (
        "影响已超出提出时写明的上限，没有执行。请重新提出。",
        "It touches more by now than was stated: nothing was done. Propose it again.",
    ),
    Refusal.NOT_REVIEWABLE: (
        "这项变更不需要复核，或已复核。",
        "There is nothing to review, or it was reviewed.",
    ),
    Refusal.BOUNDS_LOW: (
        "现在的影响已超过您写的上限，请调高上限。",
        "It touches more already than you stated: state at least as much.",
    ),
    Refusal.TOO_MANY: (
        "待审批的变更太多，请先处理或撤回一部分。停售、降容量不受此限。",
        "Too many proposals wait: decide on some of them first, or take them back. What only restricts is still taken on.",
    ),
    Refusal.ID_REUSED: (
        "这份表单已用于另一项变更，请重新打开表单。",
        "This form was used for another change: open a new one.",
    ),
    Refusal.LEFT: (
        "提出人已离职或不再有此权限，这项变更已撤回。如仍需要请重新提出。",
        "Whoever proposed it has left or may not any more: it was taken back. Propose it again if it is wanted.",
    ),
    Refusal.FACTOR_OLD: (
        "距上次二次验证已超过10分钟，请重新验证后再批准。",
        "Your second step is more than ten minutes old: prove it again, then approve.",
    ),
    Refusal.NOTHING: ("现在就是这样，没有要改的。", "It is so already: nothing would change."),
    Refusal.UNKNOWN: ("没有这项变更，或不归您管理。", "There is no such change, or its venue is not yours."),
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

    def venue(self, venue_id: int | None, locale: str) -> str:
        """The venue's name."""
        return _name(self.venues.get(venue_id or 0), locale)

    def product(self, product_id: int | None, locale: str) -> str:
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
    return speaks.t(*ACTS[kind])


def say_counts(speaks: Speaks, counts: Counts) -> str:
    """What it touches."""
    return speaks.t(
        "{sessions}个场次，已占用{places}个名额",
        "{sessions} sessions, {places} places taken",
        sessions=f"{counts.sessions:,}",
        places=f"{counts.places:,}",
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
        what = named.product(asked.get("product_id"), speaks.locale) or speaks.t(
            "整个场馆", "The whole venue"
        )
        span = _span(speaks, date.fromisoformat(asked["from_day"]), date.fromisoformat(asked["to_day"]))
        told = asked["reason_zh"] + (f" / {asked['reason_en']}" if asked.get("reason_en") else "")
        return [
            Row(f"{what} · {span}", speaks.t("开放", "open"), speaks.t("停售", "closed")),
            Row(speaks.t("告知游客", "Travellers are told"), "", told),
        ]
    if change.kind == "holidays.set":
        becomes = say_kind(speaks, asked["day_kind"], asked["name_zh"])
        return [Row(span, say_kind(speaks, *old), becomes) for span, old in _spans(speaks, was)]
    if change.kind == "slots.reopen":
        span = _span(speaks, date.fromisoformat(was["from"]), date.fromisoformat(was["to"]))
        what = named.product(was.get("product"), speaks.locale) or speaks.t("整个场馆", "The whole venue")
        closed = speaks.t("停售：{why}", "closed: {why}", why=was["reason"])
        return [Row(f"{what} · {span}", closed, speaks.t("开放", "open"))]
    label = (
        speaks.t("场次{n}", "Session {n}", n=asked["slot_id"])
        if change.kind == "capacity.set"
        else say_full_date(date.fromisoformat(asked["on_date"]), speaks.locale)
    )
    new = f"{asked['capacity']:,}"
    if asked.get("below_taken") == "follow":
        new += speaks.t(
            "（已占用更多时停售并逐步降到）", " (sales stop and it follows down, while more are taken)"
        )
    return [Row(label, f"{was['capacity']:,}", new)]


def _prices(speaks: Speaks, prices: Mapping[str, int], was: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    spans = _spans(speaks, {day: (was[day], price) for day, price in prices.items()})
    found = [
        (span, _say_prices(old, speaks.locale), say_money(new, speaks.locale)) for span, (old, new) in spans
    ]
    if len(found) > ROWS_MAX:
        rest = speaks.t("另有{n}段日期", "{n} more spans of days", n=len(found) - ROWS_MAX)
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
        found.append((_span(speaks, span[0], span[-1]), by_day[span[0].isoformat()]))
    return found


def _say_prices(was: int | list[int], locale: Locale) -> str:
    """One price of all sessions, or the lowest and the highest."""
    return (
        say_money(was, locale)
        if isinstance(was, int)
        else " – ".join(say_money(price, locale) for price in was)
    )


def _span(speaks: Speaks, first: date, last: date) -> str:
    said = say_full_date(first, speaks.locale)
    return said if first == last else f"{said} – {say_full_date(last, speaks.locale)}"


def _name(one: Venue | Product | None, locale: str) -> str:
    if one is None:
        return ""
    return (one.name_en or one.name_zh) if locale == "en" else one.name_zh
