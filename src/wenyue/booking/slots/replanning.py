"""What a change of the holiday calendar makes of days that are open: the slots of a date follow what it is now.

A figure that an operator has set by hand stays: only what still stands as the old calendar planned it is changed. Bookings
are never touched; where they stand in the way, the day is reported.
"""

import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from msgspec import Struct

from wenyue import catalogue
from wenyue.audit import Entry, record
from wenyue.booking.slots.following import OpenSlot, Planned, SlotChange, decide, follow_closing
from wenyue.booking.slots.planning import closed_reason, day_capacities, plan
from wenyue.booking.slots.slot_planning import openings, write
from wenyue.core.clock import days
from wenyue.locale import Texts
from wenyue.platform.database.db import Tx, queries
from wenyue.policy import HOLIDAY_NAMES, DayKind, HolidayCalendar, Preset, load_calendar, save_override

_SQL: Final = queries("wenyue.booking.slots", "replanning.sql")
ENTRY_DAYS_MAX: Final = 31
SOURCE_LENGTH_MAX: Final = 200
IN_THE_WAY_KEPT_MAX: Final = 20  # lines of the record; the number says how many there are
DAY_KINDS: Final[tuple[DayKind, ...]] = ("holiday", "workday", "weekend")


@dataclass(slots=True)
class Replanned:
    """What a date's new kind came to. `in_the_way`: slots whose bookings stand against it, for people to decide."""

    opened: int = 0  # slots that were not there
    changed: int = 0
    in_the_way: list[str] = field(default_factory=list[str])

    def __add__(self, other: "Replanned") -> "Replanned":
        return Replanned(
            self.opened + other.opened, self.changed + other.changed, self.in_the_way + other.in_the_way
        )


class HolidayEntry(Struct, frozen=True):
    """What an operator enters: these dates are of this kind. `name_zh`: the holiday's official name, for holidays only."""

    from_day: date
    to_day: date
    day_kind: DayKind
    name_zh: str
    source: str  # the notice that says so


async def enter_holidays(tx: Tx, entry: HolidayEntry, *, now: datetime, actor: str) -> list[DayKind]:
    """Enter what dates are, recorded; of each date the kind that it had. Open sessions follow by `follow_day`.

    Raises ValueError naming the field.
    """
    check_entry(entry)
    old = await load_calendar(tx)
    detail: dict[str, object] = {"kind": entry.day_kind, "name": entry.name_zh, "source": entry.source}
    dates = list(days(entry.from_day, entry.to_day))
    for on_date in dates:
        await save_override(tx, on_date, entry.day_kind, entry.name_zh, entry.source)
    await record(tx, [Entry(now, actor, "calendar.entered", f"date:{one}", detail) for one in dates])
    return [old.day_kind(one) for one in dates]


async def follow_day(
    tx: Tx, presets: Mapping[str, Preset], on_date: date, was: DayKind, *, now: datetime, actor: str
) -> Replanned:
    """Let the open slots of a date follow the calendar as it is, which called it `was` before. Again, it changes nothing."""
    new = await load_calendar(tx)
    return await replan_day(tx, new.entering(on_date, was), new, presets, on_date, now=now, actor=actor)


async def preview_holidays(
    transaction: Callable[[], AbstractAsyncContextManager[Tx]],
    presets: Mapping[str, Preset],
    entry: HolidayEntry,
) -> Replanned:
    """What entering it would come to now. It only reads: it waits for no booking, and no booking for it. Raises likewise."""
    check_entry(entry)
    done = Replanned()
    for on_date in days(entry.from_day, entry.to_day):
        async with transaction() as tx:
            old = await load_calendar(tx)
            for earlier in days(entry.from_day, on_date - timedelta(days=1)):  # entered by then
                old = old.entering(earlier, entry.day_kind, entry.name_zh)
            new = old.entering(on_date, entry.day_kind, entry.name_zh)
            done += await _preview_day(tx, old, new, presets, on_date)
    return done


def check_entry(entry: HolidayEntry) -> None:
    """Raises ValueError naming the field and the fix."""
    if entry.day_kind not in DAY_KINDS:
        raise ValueError("kind: workday, weekend or holiday")
    if not entry.from_day <= entry.to_day <= entry.from_day + timedelta(days=ENTRY_DAYS_MAX - 1):
        raise ValueError(f"to: not before from, and at most {ENTRY_DAYS_MAX} days in one entry")
    if entry.day_kind == "holiday" and entry.name_zh not in HOLIDAY_NAMES:
        raise ValueError(f"name: one of {' '.join(HOLIDAY_NAMES)}")
    if entry.day_kind != "holiday" and entry.name_zh:
        raise ValueError("name: only a holiday has one")
    if not 1 <= len(entry.source.strip()) <= SOURCE_LENGTH_MAX or not entry.source.isprintable():
        raise ValueError(f"source: the notice that says so, 1 to {SOURCE_LENGTH_MAX} characters on one line")


async def replan_day(
    tx: Tx,
    old: HolidayCalendar,
    new: HolidayCalendar,
    presets: Mapping[str, Preset],
    on_date: date,
    *,
    now: datetime,
    actor: str,
) -> Replanned:
    """Let the open slots of `on_date` follow `new`. One date per transaction: every pool of it is locked.

    Only venues follow that have sessions of it: where there are none, opening does it when the day's turn comes, and a figure
    that was planned for it stays. A date whose kind is the same in both costs one look. Recorded when anything changed.
    """
    done = Replanned()
    if old.day_kind(on_date) == new.day_kind(on_date):
        return done
    await tx.execute(_SQL["lock_day"], {"on_date": on_date})
    async for work in _works(tx, old, new, presets, on_date):
        work.done.opened = (await write(tx, work.opens)).slots
        await _apply(tx, work)
        done += work.done
    if done.opened or done.changed or done.in_the_way:
        detail: dict[str, object] = {
            "kind": new.day_kind(on_date),
            "opened": done.opened,
            "changed": done.changed,
            "in_the_way": len(done.in_the_way),
            "look_at": done.in_the_way[:IN_THE_WAY_KEPT_MAX],
        }
        await record(tx, [Entry(now, actor, "calendar.replanned", f"date:{on_date}", detail)])
    return done


async def _preview_day(
    tx: Tx, old: HolidayCalendar, new: HolidayCalendar, presets: Mapping[str, Preset], on_date: date
) -> Replanned:
    """What `replan_day` would do. Nothing is locked or written."""
    done = Replanned()
    if old.day_kind(on_date) == new.day_kind(on_date):
        return done
    async for work in _works(tx, old, new, presets, on_date):
        done += work.done
    return done


@dataclass(slots=True)
class _Work:
    """What is to be done for a page of products on one date, and what that comes to."""

    opens: list[Planned]
    slots: list[SlotChange] = field(default_factory=list[SlotChange])
    day_pools: dict[int, int] = field(default_factory=dict[int, int])  # id -> capacity
    done: Replanned = field(default_factory=Replanned)


async def _works(
    tx: Tx, old: HolidayCalendar, new: HolidayCalendar, presets: Mapping[str, Preset], on_date: date
) -> AsyncGenerator[_Work]:
    """All products of venues that are open on the date, a page at a time. Only reads."""
    rows = await (await tx.execute(_SQL["open_venues"], {"on_date": on_date})).fetchall()
    are_open: set[int] = {row[0] for row in rows}
    after = 0
    followed: set[int] = set()  # venues whose products stand on several pages
    while are_open and (listed := await catalogue.active_products(tx, after=after)):
        after = listed[-1].id
        page = [one for one in listed if one.venue_id in are_open]
        found = await openings(tx, page, presets, on_date, on_date)
        before = _by_key([one for opening in found for one in plan(opening, old, on_date, on_date)])
        will = _by_key([one for opening in found for one in plan(opening, new, on_date, on_date)])
        kinds = old.day_kind(on_date), new.day_kind(on_date)
        closing = {
            one.product.id: (closed_reason(one, on_date, kinds[0]), closed_reason(one, on_date, kinds[1]))
            for one in found
        }
        work = await _slot_work(tx, before, will, closing, on_date)
        was, wanted = day_capacities(before.values()), day_capacities(will.values())
        await _follow_day_pools(
            tx, on_date, was, {venue: n for venue, n in wanted.items() if venue not in followed}, work
        )
        followed |= wanted.keys()
        yield work


async def _slot_work(
    tx: Tx,
    before: Mapping[tuple[int, datetime], Planned],
    will: Mapping[tuple[int, datetime], Planned],
    closing: Mapping[int, tuple[Texts, Texts]],
    on_date: date,
) -> _Work:
    """`closing`: of each product of the page why the date was closed, and why it is."""
    row: dict[str, object] = {"on_date": on_date, "product_ids": list(closing)}
    rows = await (await tx.execute(_SQL["slots_of_day"], row)).fetchall()
    slots = [OpenSlot(*one) for one in rows]
    there = {(one.product_id, one.starts_at) for one in slots}
    work = _Work([one for key, one in will.items() if key not in there])
    for slot in slots:
        key = (slot.product_id, slot.starts_at)
        is_planned = key in before or key in will
        verdict = (
            decide(before, will, slot) if is_planned else follow_closing(slot, *closing[slot.product_id])
        )
        if isinstance(verdict, str):
            work.done.in_the_way.append(verdict)
        elif verdict is not None:
            work.slots.append(verdict)
            if slot.is_open and not verdict.is_open and slot.taken:
                work.done.in_the_way.append(f"slot {slot.id}: closed for sale, {slot.taken} places are taken")
    work.done.opened, work.done.changed = len(work.opens), len(work.slots)
    return work


async def _follow_day_pools(
    tx: Tx, on_date: date, was: Mapping[int, int], will: Mapping[int, int], work: _Work
) -> None:
    """The approved capacity of the day by venue, where it still stands as it was planned."""
    cursor = await tx.execute(_SQL["day_pools"], {"on_date": on_date, "venue_ids": sorted(will)})
    for pool_id, venue_id, capacity, taken in await cursor.fetchall():
        wanted = will[venue_id]
        if wanted == capacity or was.get(venue_id) != capacity:
            continue
        if wanted < taken:
            work.done.in_the_way.append(
                f"venue {venue_id}: {taken} places of the day are taken, its new capacity is {wanted}"
            )
            continue
        work.day_pools[pool_id] = wanted
    work.done.changed += len(work.day_pools)


async def _apply(tx: Tx, work: _Work) -> None:
    """Change slots and pools that are there; all pools of the date are locked."""
    pools: list[dict[str, object]] = [
        {
            "id": one.slot.pool_id,
            "capacity": one.capacity,
            "target": one.slot.target,
            "is_open": one.is_open and one.slot.target is None,
        }
        for one in work.slots
    ]
    for pool, capacity in work.day_pools.items():
        pools.append({"id": pool, "capacity": capacity, "is_open": None})
    if work.slots:
        slots = [
            {
                "id": one.slot.id,
                "is_open": one.is_open,
                "reason": one.reason,
                "price_minor": one.price_minor,
            }
            for one in work.slots
        ]
        await tx.execute(_SQL["replan_slots"], {"slots": json.dumps(slots)})
    if pools:
        await tx.execute(_SQL["replan_pools"], {"pools": json.dumps(pools)})


def _by_key(planned: Sequence[Planned]) -> dict[tuple[int, datetime], Planned]:
    return {(one[0].product_id, one[0].starts_at): one for one in planned}
