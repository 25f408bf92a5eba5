"""What bookings leave for later: notes of an earlier version carried over to the log, sessions opened ahead."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import date, time, timedelta
from uuid import UUID

import pytest

from tests.support.database import DbUrls
from tests.support.later_stage import Stage, later_stage
from wenyue import catalogue
from wenyue.booking import (
    EventKind,
    tasks,
)
from wenyue.booking.decisions.effects import Effects
from wenyue.catalogue import PlannedSession, Product, Template, Venue
from wenyue.core.ids import uuid7
from wenyue.platform.database.db import queries
from wenyue_lab import dataset

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(make_database: Callable[[], DbUrls]) -> AsyncIterator[Stage]:
    async with later_stage(make_database()) as made:
        yield made


_NOTE = queries("wenyue.booking", "tasks.sql")["note_of_earlier_version"]


async def note(stage: Stage, kind: EventKind, *ids: UUID) -> None:
    """As a web process of the version before this one leaves it, with the application's rights."""
    async with stage.db.connection() as tx:
        await tx.execute(_NOTE, {"kind": int(kind), "ids": list(ids), "at": stage.now})


async def carry_all(stage: Stage) -> None:
    async with stage.db.transaction() as tx:
        assert not await tasks.carry_over(tx, stage.now)


async def logged(stage: Stage) -> list[tuple[str, UUID]]:
    """Kind and booking of everything in the log."""
    cursor = await stage.tx.execute("SELECT kind, unnest(booking_ids) FROM events.event ORDER BY id")
    return [(kind, booking_id) for kind, booking_id in await cursor.fetchall()]


async def test_a_batch_appends_to_the_log_once_for_each_kind(stage: Stage) -> None:
    slot_id = await stage.slot()
    requests = [dataset.request(await dataset.card(stage.tx, 1000 + n), slot_id) for n in range(20)]
    await asyncio.gather(*(stage.engine.book(request) for request in requests))
    assert {one for _, one in await logged(stage)} == {request.id for request in requests}
    assert {kind for kind, _ in await logged(stage)} == {"booking.confirmed"}
    rows = await stage.one("SELECT count(*) FROM events.event")
    assert (
        rows
        == await stage.one("SELECT count(DISTINCT xid) FROM events.event")
        <= stage.engine.figures.batches
    )


async def test_several_things_that_happen_to_a_booking_in_one_batch_keep_their_order(stage: Stage) -> None:
    first, second = uuid7(), uuid7()
    effects = Effects(now=stage.now)
    for kind, one in (
        (EventKind.CANCELLED, first),
        (EventKind.CONFIRMED, second),
        (EventKind.CANCELLED, second),
        (EventKind.CONFIRMED, first),
    ):
        effects.append_event(kind, one)
    assert effects.events == [
        {EventKind.CANCELLED: [first], EventKind.CONFIRMED: [second]},
        {EventKind.CANCELLED: [second], EventKind.CONFIRMED: [first]},
    ]


async def test_a_note_of_an_earlier_version_becomes_an_event_once(stage: Stage) -> None:
    ids = [uuid7() for _ in range(3)]
    await note(stage, EventKind.CONFIRMED, *ids[:2])
    await note(stage, EventKind.RESCHEDULED, ids[2])
    await carry_all(stage)
    await carry_all(stage)
    assert await logged(stage) == [
        ("booking.confirmed", ids[0]),
        ("booking.confirmed", ids[1]),
        ("booking.moved", ids[2]),
    ]


async def test_a_note_that_was_not_carried_over_waits(stage: Stage) -> None:
    await note(stage, EventKind.CONFIRMED, uuid7())

    async def crash() -> None:
        async with stage.db.transaction() as tx:
            await tasks.carry_over(tx, stage.now)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await crash()
    assert await logged(stage) == []
    await carry_all(stage)
    assert len(await logged(stage)) == 1


async def test_two_workers_share_the_notes(stage: Stage) -> None:
    ids = [uuid7() for _ in range(60)]  # more than one worker takes at once
    for one in ids:
        await note(stage, EventKind.CONFIRMED, one)
    both = asyncio.Barrier(2)

    async def carry() -> None:
        async with stage.db.transaction() as tx:
            await tasks.carry_over(tx, stage.now)
            await both.wait()  # both hold their notes at the same time

    async with asyncio.timeout(20):
        await asyncio.gather(carry(), carry())
    assert sorted(await logged(stage)) == sorted(("booking.confirmed", one) for one in ids)


async def test_a_note_of_an_unknown_kind_waits_for_a_newer_worker(stage: Stage) -> None:
    await stage.tx.execute("INSERT INTO booking.outbox (kind, booking_ids, at) VALUES (99, '{}', now())")
    await carry_all(stage)
    assert await logged(stage) == []
    assert await stage.one("SELECT count(*) FROM booking.outbox WHERE done_at IS NULL") == 1


async def test_notes_are_dropped_a_week_after_they_were_carried_over(stage: Stage) -> None:
    await note(stage, EventKind.CONFIRMED, uuid7())
    await carry_all(stage)
    await note(stage, EventKind.CONFIRMED, uuid7())
    for now, left in ((stage.now + timedelta(days=6), 2), (stage.now + timedelta(days=8), 1)):
        async with stage.db.transaction() as tx:
            await tasks.drop_old_notes(tx, now)
        assert await stage.one("SELECT count(*) FROM booking.outbox") == left


async def test_sessions_are_open_a_day_before_they_are_released(stage: Stage) -> None:
    venue_id = (
        await catalogue.upsert_venues(stage.tx, [Venue(code="v", kind="attraction", name={"zh-CN": "馆"})])
    )["v"]
    product = Product(venue_id=venue_id, code="adult", kind="session", name={"zh-CN": "票"}, price_minor=0)
    product_id = (await catalogue.upsert_products(stage.tx, [product]))[venue_id, "adult"]
    sessions = (PlannedSession(time(9), time(11), 5),)
    await catalogue.upsert_templates(
        stage.tx, [Template(product_id=product_id, valid_from=date(2026, 1, 1), sessions=sessions)]
    )
    async with stage.db.transaction() as tx:
        opened = await tasks.open_ahead(tx, stage.engine.rulebook, stage.now)
    assert opened is not None
    assert opened.slots == 32
    [(last, release_at)] = await (
        await stage.tx.execute("SELECT on_date, release_at FROM booking.slot ORDER BY on_date DESC LIMIT 1")
    ).fetchall()
    assert last == date(2026, 4, 2)
    assert release_at > stage.now + timedelta(hours=1)
    async with stage.db.transaction() as tx, stage.db.transaction() as other:
        again = await tasks.open_ahead(tx, stage.engine.rulebook, stage.now)
        assert again is not None
        assert again.slots == 0
        assert await tasks.open_ahead(other, stage.engine.rulebook, stage.now) is None
