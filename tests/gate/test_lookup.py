"""Looking somebody up at the gate: by name, phone and old number, for near days, counted and written down."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.support.database import DbUrls
from tests.support.gate_fixtures import ADULTS, GateFixtures
from tests.support.gate_scans import NOW, at_the_gate, count, present
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
async def fixtures(make_database: Callable[[], DbUrls]) -> AsyncIterator[GateFixtures]:
    async with at_the_gate(make_database()) as made:
        yield made


async def ask(
    fixtures: GateFixtures, text: str, kind: LookupKind = LookupKind.NAME, **changes: Any
) -> Found | LookupProblem:
    now = changes.pop("now", NOW)
    known: dict[str, Any] = {"venue_id": fixtures.here, "staff_id": 3, "kind": kind, "text": text, "days": 1}
    async with fixtures.tx.transaction():
        return await look_up(fixtures.tx, fixtures.desk.vault, LookupRequest(**{**known, **changes}), now)


async def found(
    fixtures: GateFixtures, text: str, kind: LookupKind = LookupKind.NAME, **changes: Any
) -> Found:
    answer = await ask(fixtures, text, kind, **changes)
    assert isinstance(answer, Found), answer
    return answer


async def walk(fixtures: GateFixtures) -> None:
    """What the worker does once a minute, until nothing is left."""
    for _ in range(20):
        async with fixtures.tx.transaction():
            if not await go_through(fixtures.tx, fixtures.desk.vault, NOW, days=1):
                return
    pytest.fail("it never ends")


async def test_by_name_phone_and_old_number(fixtures: GateFixtures) -> None:
    booking_id = await fixtures.book(documents=ADULTS[:2])
    party = Party(
        (
            PartyVisitor("王小明", "resident_id", ADULTS[0]),
            PartyVisitor("DAVID LI", "resident_id", ADULTS[1]),
        ),
        contact_name="赵先生",
        contact_phone="+8613800138000",
    )
    await fixtures.tx.execute(
        "UPDATE booking.booking SET party = %s, source = 'old', source_key = 'k:RES-42' WHERE id = %s",
        [seal_party(fixtures.desk.vault, party), booking_id],
    )
    assert (await found(fixtures, "王小明")).visits == ()
    async with fixtures.tx.transaction():
        assert await index_bookings(fixtures.tx, fixtures.desk.vault, [booking_id], NOW, days=1) == 1
    for kind, text in (
        (LookupKind.NAME, "王 小明"),
        (LookupKind.NAME, "Li David"),
        (LookupKind.NAME, "赵先生"),
        (LookupKind.PHONE, "138 0013 8000"),
        (LookupKind.REFERENCE, "res42"),
    ):
        [visit] = (await found(fixtures, text, kind)).visits
        assert (visit.booking_id, visit.standing, visit.quantity) == (booking_id, Standing.BOOKED, 2)
        assert [person.name for person in visit.people] == ["王*明", "D*** L*"] or visit.people[
            0
        ].name == "王*明"
        shown = repr(visit)
        assert all(secret not in shown for secret in ("王小明", "DAVID", "赵先生", "13800138000", ADULTS[0]))
    for text in ("王小", "小明", "13800138000", "RES-42"):
        assert (await found(fixtures, text, staff_id=4)).visits == ()
    await present(fixtures, ADULTS[0])
    [visit] = (await found(fixtures, "王小明", staff_id=4)).visits
    assert [person.is_used for person in visit.people] == [True, False]


async def test_only_this_venue_and_near_days(fixtures: GateFixtures) -> None:
    for slot in (
        await fixtures.slot("palace"),
        await fixtures.slot(starts_in_h=24 * 2),
        await fixtures.slot(starts_in_h=-24 * 2),
        await fixtures.slot(starts_in_h=24 * 30),
    ):
        await fixtures.book(slot)
    tomorrow = await fixtures.book(await fixtures.slot(starts_in_h=24))
    await walk(fixtures)
    assert [one.booking_id for one in (await found(fixtures, "王小明")).visits] == [tomorrow]
    assert len((await found(fixtures, "王小明", days=2)).visits) == 3
    there = await found(fixtures, "王小明", venue_id=fixtures.venues["palace"])
    assert [one.on_date for one in there.visits] == [NOW.date()]


async def test_bookings_from_before_are_gone_through_once_and_again_after_an_import(
    fixtures: GateFixtures,
) -> None:
    slot = await fixtures.slot()
    bookings = [await fixtures.book(slot, documents=(one,)) for one in ADULTS]
    await fixtures.slot(product="shuttle")
    await walk(fixtures)
    assert await count(fixtures.tx, "gate.gone_through") == 2
    assert {one.booking_id for one in (await found(fixtures, "王小明")).visits} == set(bookings)
    late = await fixtures.book(slot, documents=(ADULTS[0],), state=BookingState.CANCELLED)
    await walk(fixtures)
    assert late not in {one.booking_id for one in (await found(fixtures, "王小明")).visits}
    await go_through_again(fixtures.tx, [slot])
    await walk(fixtures)
    assert late in {one.booking_id for one in (await found(fixtures, "王小明")).visits}


async def test_what_is_gone_by_is_dropped(fixtures: GateFixtures) -> None:
    await fixtures.book()
    await walk(fixtures)
    rows = await count(fixtures.tx, "gate.term")
    assert rows > 0
    async with fixtures.tx.transaction():
        await go_through(fixtures.tx, fixtures.desk.vault, NOW + timedelta(days=30), days=1)
    assert await count(fixtures.tx, "gate.term") == await count(fixtures.tx, "gate.gone_through") == 0


async def test_a_list_is_bounded(fixtures: GateFixtures) -> None:
    slot = await fixtures.slot()
    for _ in range(LOOKUP_FOUND_MAX + 1):
        await fixtures.book(slot, quantity=2, documents=())
    await walk(fixtures)
    answer = await found(fixtures, "赵先生")
    assert (len(answer.visits), answer.is_more) == (LOOKUP_FOUND_MAX, True)


async def test_every_look_up_is_written_down_and_they_are_counted(fixtures: GateFixtures) -> None:
    await fixtures.book()
    await walk(fixtures)
    for number in range(LOOKUPS_PER_MINUTE):
        await found(fixtures, "王小明" if number else "无此人")
    assert await ask(fixtures, "王小明") is LookupProblem.TOO_OFTEN
    assert len((await found(fixtures, "王小明", staff_id=4)).visits) == 1
    assert len((await found(fixtures, "王小明", now=NOW + timedelta(minutes=2))).visits) == 1
    assert await ask(fixtures, " ") is LookupProblem.NOTHING_ASKED
    rows = await (
        await fixtures.tx.execute(
            "SELECT actor, subject, detail FROM audit.entry WHERE action = 'gate.looked_up'"
        )
    ).fetchall()
    assert len(rows) == await count(fixtures.tx, "gate.lookup") == LOOKUPS_PER_MINUTE + 2
    assert {row[0] for row in rows} == {"staff:3", "staff:4"}
    assert {row[1] for row in rows} == {f"venue:{fixtures.here}"}
    assert {row[2]["found"] for row in rows} == {0, 1}
    assert "王" not in json.dumps([row[2] for row in rows], ensure_ascii=False)
    await fixtures.tx.execute(
        """INSERT INTO gate.lookup (at, staff_id, venue_id, kind, term, found)
           SELECT %s, 5, 1, 'name', '', 0 FROM generate_series(1, %s)""",
        [NOW - timedelta(hours=2), LOOKUPS_PER_DAY],
    )
    assert await ask(fixtures, "王小明", staff_id=5) is LookupProblem.TOO_OFTEN


async def test_ux_G1_a_cancelled_visit_of_today_is_said_to_the_document(fixtures: GateFixtures) -> None:
    await fixtures.book(state=BookingState.CANCELLED)
    assert (await present(fixtures, ADULTS[0])).reason is Reason.NO_BOOKING
    await walk(fixtures)
    assert (await present(fixtures, ADULTS[0])).reason is Reason.CANCELLED
    await fixtures.book(await fixtures.slot(starts_in_h=48))
    assert (await present(fixtures, ADULTS[0])).reason is Reason.WRONG_DAY
