"""Looking somebody up at the gate: by name, phone and old number, for near days, counted and written down."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.support.database import DbUrls
from tests.support.gate_scans import NOW, at_the_gate, count, present
from tests.support.gate_world import ADULTS, World
from wenyue.booking import BookingState, Party, PartyVisitor, seal_party
from wenyue.core.limits import LOOKUP_FOUND_MAX, LOOKUPS_PER_DAY, LOOKUPS_PER_MINUTE
from wenyue.gate import (
    Found,
    LookupKind,
    LookupProblem,
    LookupRequest,
    Reason,
    Standing,
    go_through,
    go_through_again,
    index_bookings,
    look_up,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(make_database: Callable[[], DbUrls]) -> AsyncIterator[World]:
    async with at_the_gate(make_database()) as made:
        yield made


async def ask(
    world: World, text: str, kind: LookupKind = LookupKind.NAME, **changes: Any
) -> Found | LookupProblem:
    now = changes.pop("now", NOW)
    known: dict[str, Any] = {"venue_id": world.here, "staff_id": 3, "kind": kind, "text": text, "days": 1}
    async with world.tx.transaction():
        return await look_up(world.tx, world.desk.vault, LookupRequest(**{**known, **changes}), now)


async def found(world: World, text: str, kind: LookupKind = LookupKind.NAME, **changes: Any) -> Found:
    answer = await ask(world, text, kind, **changes)
    assert isinstance(answer, Found), answer
    return answer


async def walk(world: World) -> None:
    """What the worker does once a minute, until nothing is left."""
    for _ in range(20):
        async with world.tx.transaction():
            if not await go_through(world.tx, world.desk.vault, NOW, days=1):
                return
    pytest.fail("it never ends")


async def test_by_name_phone_and_old_number(world: World) -> None:
    booking_id = await world.book(documents=ADULTS[:2])
    party = Party(
        (
            PartyVisitor("王小明", "resident_id", ADULTS[0]),
            PartyVisitor("DAVID LI", "resident_id", ADULTS[1]),
        ),
        contact_name="赵先生",
        contact_phone="+8613800138000",
    )
    await world.tx.execute(
        "UPDATE booking.booking SET party = %s, source = 'old', source_key = 'RES-42' WHERE id = %s",
        [seal_party(world.desk.vault, party), booking_id],
    )
    assert (await found(world, "王小明")).visits == ()
    async with world.tx.transaction():
        assert await index_bookings(world.tx, world.desk.vault, [booking_id], NOW, days=1) == 1
    for kind, text in (
        (LookupKind.NAME, "王 小明"),
        (LookupKind.NAME, "Li David"),
        (LookupKind.NAME, "赵先生"),
        (LookupKind.PHONE, "138 0013 8000"),
        (LookupKind.REFERENCE, "res42"),
    ):
        [visit] = (await found(world, text, kind)).visits
        assert (visit.booking_id, visit.standing, visit.quantity) == (booking_id, Standing.BOOKED, 2)
        assert [person.name for person in visit.people] == ["王*明", "D*** L*"] or visit.people[
            0
        ].name == "王*明"
        shown = repr(visit)
        assert all(secret not in shown for secret in ("王小明", "DAVID", "赵先生", "13800138000", ADULTS[0]))
    for text in ("王小", "小明", "13800138000", "RES-42"):
        assert (await found(world, text, staff_id=4)).visits == ()
    await present(world, ADULTS[0])
    [visit] = (await found(world, "王小明", staff_id=4)).visits
    assert [person.is_used for person in visit.people] == [True, False]


async def test_only_this_venue_and_near_days(world: World) -> None:
    for slot in (
        await world.slot("palace"),
        await world.slot(starts_in_h=24 * 2),
        await world.slot(starts_in_h=-24 * 2),
        await world.slot(starts_in_h=24 * 30),
    ):
        await world.book(slot)
    tomorrow = await world.book(await world.slot(starts_in_h=24))
    await walk(world)
    assert [one.booking_id for one in (await found(world, "王小明")).visits] == [tomorrow]
    assert len((await found(world, "王小明", days=2)).visits) == 3
    there = await found(world, "王小明", venue_id=world.venues["palace"])
    assert [one.on_date for one in there.visits] == [NOW.date()]


async def test_bookings_from_before_are_gone_through_once_and_again_after_an_import(world: World) -> None:
    slot = await world.slot()
    bookings = [await world.book(slot, documents=(one,)) for one in ADULTS]
    await world.slot(product="shuttle")
    await walk(world)
    assert await count(world.tx, "gate.gone_through") == 2
    assert {one.booking_id for one in (await found(world, "王小明")).visits} == set(bookings)
    late = await world.book(slot, documents=(ADULTS[0],), state=BookingState.CANCELLED)
    await walk(world)
    assert late not in {one.booking_id for one in (await found(world, "王小明")).visits}
    await go_through_again(world.tx, [slot])
    await walk(world)
    assert late in {one.booking_id for one in (await found(world, "王小明")).visits}


async def test_what_is_gone_by_is_dropped(world: World) -> None:
    await world.book()
    await walk(world)
    rows = await count(world.tx, "gate.term")
    assert rows > 0
    async with world.tx.transaction():
        await go_through(world.tx, world.desk.vault, NOW + timedelta(days=30), days=1)
    assert await count(world.tx, "gate.term") == await count(world.tx, "gate.gone_through") == 0


async def test_a_list_is_bounded(world: World) -> None:
    slot = await world.slot()
    for _ in range(LOOKUP_FOUND_MAX + 1):
        await world.book(slot, quantity=2, documents=())
    await walk(world)
    answer = await found(world, "赵先生")
    assert (len(answer.visits), answer.is_more) == (LOOKUP_FOUND_MAX, True)


async def test_every_look_up_is_written_down_and_they_are_counted(world: World) -> None:
    await world.book()
    await walk(world)
    for number in range(LOOKUPS_PER_MINUTE):
        await found(world, "王小明" if number else "无此人")
    assert await ask(world, "王小明") is LookupProblem.TOO_OFTEN
    assert len((await found(world, "王小明", staff_id=4)).visits) == 1
    assert len((await found(world, "王小明", now=NOW + timedelta(minutes=2))).visits) == 1
    assert await ask(world, " ") is LookupProblem.NOTHING_ASKED
    rows = await (
        await world.tx.execute(
            "SELECT actor, subject, detail FROM audit.entry WHERE action = 'gate.looked_up'"
        )
    ).fetchall()
    assert len(rows) == await count(world.tx, "gate.lookup") == LOOKUPS_PER_MINUTE + 2
    assert {row[0] for row in rows} == {"staff:3", "staff:4"}
    assert {row[1] for row in rows} == {f"venue:{world.here}"}
    assert {row[2]["found"] for row in rows} == {0, 1}
    assert "王" not in json.dumps([row[2] for row in rows], ensure_ascii=False)
    await world.tx.execute(
        """INSERT INTO gate.lookup (at, staff_id, venue_id, kind, term, found)
           SELECT %s, 5, 1, 'name', '', 0 FROM generate_series(1, %s)""",
        [NOW - timedelta(hours=2), LOOKUPS_PER_DAY],
    )
    assert await ask(world, "王小明", staff_id=5) is LookupProblem.TOO_OFTEN


async def test_ux_G1_a_cancelled_visit_of_today_is_said_to_the_document(world: World) -> None:
    await world.book(state=BookingState.CANCELLED)
    assert (await present(world, ADULTS[0])).reason is Reason.NO_BOOKING
    await walk(world)
    assert (await present(world, ADULTS[0])).reason is Reason.CANCELLED
    await world.book(await world.slot(starts_in_h=48))
    assert (await present(world, ADULTS[0])).reason is Reason.WRONG_DAY
