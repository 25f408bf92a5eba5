"""What bookings leave for later: notes handed on, people who did not come, sessions opened ahead."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.support.database import DbUrls, both
from wenyue import catalogue
from wenyue.booking import (
    BookingRequest,
    BookingState,
    ChangeKind,
    ChangeRequest,
    Engine,
    EventKind,
    Outcome,
    account_subject,
    later,
    opening,
    redeem,
)
from wenyue.booking.effects import Effects
from wenyue.catalogue import PlannedSession, Product, Template, Venue
from wenyue.infra.alone import alone
from wenyue.infra.db import Database, Tx, queries
from wenyue.kernel.ids import uuid7
from wenyue.policy import bans
from wenyue.tools import world

pytestmark = pytest.mark.anyio
DAY = date(2026, 3, 3)
AFTER = datetime(2026, 3, 3, 18, 0, tzinfo=UTC)  # two hours past the venue's midnight


@dataclass
class Stage:
    """A running engine, a connection to look with, and a clock that tests turn."""

    db: Database
    engine: Engine
    tx: Tx
    now: datetime

    async def slot(self, on_date: date = DAY, **more: Any) -> int:
        """A slot (02:00 to 04:00 UTC) of a venue of its own."""
        venue_id, product_id = await world.product(self.tx, f"v-{uuid7()}", **more)
        return await world.slot(self.tx, venue_id, product_id, on_date, 2, 100)

    async def book(self, *slot_ids: int, by: world.Card | None = None) -> BookingRequest:
        """A confirmed booking of a card's holder in every slot."""
        card = by or await world.card(self.tx, uuid7().int % 10**9)
        request = world.request(card, *slot_ids)
        assert (await self.engine.book(request)).outcome is Outcome.CONFIRMED
        return request

    async def settle(self, now: datetime = AFTER) -> bool:
        """Look for people who did not come, at `now`."""
        self.now = now
        return await later.mark_no_shows(self.db, self.engine, now)

    async def state(self, booking: BookingRequest) -> BookingState:
        """The stored state."""
        return BookingState(await self.one("SELECT state FROM booking.booking WHERE id = %s", booking.id))

    async def one(self, statement: str, *params: object) -> Any:
        """The only value of the only row."""
        [(value,)] = await (await self.tx.execute(statement, params)).fetchall()  # type: ignore[arg-type] # a constant of the test
        return value


@pytest.fixture
async def stage(make_database: Callable[[], DbUrls]) -> AsyncIterator[Stage]:
    async with both(make_database(), 6) as (db, tx):
        types = {world.OPEN_TYPE: await world.card_type(tx)}
        box: list[Stage] = []
        engine = Engine(db, world.rulebook(types), clock=lambda: box[0].now)
        box.append(Stage(db, engine, tx, world.START))
        await engine.start()
        yield box[0]
        await engine.drain()


_NOTE = queries("wenyue.booking", "later.sql")["note_of_earlier_version"]


async def note(stage: Stage, kind: EventKind, *ids: UUID) -> None:
    """As a web process of the version before this one leaves it, with the application's rights."""
    async with stage.db.connection() as tx:
        await tx.execute(_NOTE, {"kind": int(kind), "ids": list(ids), "at": stage.now})


async def carry_all(stage: Stage) -> None:
    async with stage.db.transaction() as tx:
        assert not await later.carry_over(tx, stage.now)


async def logged(stage: Stage) -> list[tuple[str, UUID]]:
    """Kind and booking of everything in the log."""
    cursor = await stage.tx.execute("SELECT kind, unnest(booking_ids) FROM events.event ORDER BY id")
    return [(kind, booking_id) for kind, booking_id in await cursor.fetchall()]


async def test_a_batch_appends_to_the_log_once_for_each_kind(stage: Stage) -> None:
    slot_id = await stage.slot()
    requests = [world.request(await world.card(stage.tx, 1000 + n), slot_id) for n in range(20)]
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
        effects.tell(kind, one)
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
            await later.carry_over(tx, stage.now)
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
            await later.carry_over(tx, stage.now)
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
            await later.drop_old_notes(tx, now)
        assert await stage.one("SELECT count(*) FROM booking.outbox") == left


async def test_nobody_came(stage: Stage) -> None:
    slot_id = await stage.slot()
    booking = await stage.book(slot_id)
    await stage.settle(AFTER - timedelta(minutes=1))
    assert await stage.state(booking) is BookingState.CONFIRMED
    await stage.settle()
    assert await stage.state(booking) is BookingState.NO_SHOW
    assert (
        await stage.one(
            "SELECT sold FROM booking.pool p JOIN booking.slot s ON p.id = s.pool_ids[1] WHERE s.id = %s",
            slot_id,
        )
        == 1
    )
    assert await stage.one("SELECT count(*) FROM booking.line WHERE is_live") == 1
    rows = await stage.tx.execute("SELECT subject_key, kind, on_date FROM policy.strike")
    assert set(await rows.fetchall()) == {
        (booking.visitors[0].person_key, "no_show", DAY),
        (account_subject(booking.holder_id or 0), "no_show", DAY),
    }
    assert (
        await stage.one("SELECT actor FROM audit.entry WHERE action = 'booking.no_show'") == "system:no-show"
    )
    assert await stage.one("SELECT booking_ids FROM events.event WHERE kind = 'booking.not_come'") == [
        booking.id
    ]


async def test_a_second_look_changes_nothing(stage: Stage) -> None:
    booking = await stage.book(await stage.slot())
    await stage.settle()
    await stage.tx.execute("UPDATE booking.slot SET settled_at = NULL")
    await stage.settle(AFTER + timedelta(hours=1))
    answer = await stage.engine.change(ChangeRequest(ChangeKind.NO_SHOW, booking.id, "system:no-show"))
    assert (answer.outcome, answer.is_replay, answer.state) == (Outcome.CANCELLED, True, BookingState.NO_SHOW)
    assert await stage.one("SELECT count(*) FROM policy.strike") == 2
    assert await stage.one("SELECT count(*) FROM events.event WHERE kind = 'booking.not_come'") == 1


async def test_who_came_did_not_miss_it(stage: Stage) -> None:
    booking = await stage.book(await stage.slot())
    async with stage.db.transaction() as tx:
        assert await redeem(
            tx, uuid7(), booking_id=booking.id, line_no=0, visitor_no=0, gate="g", now=stage.now
        )
    await stage.settle()
    assert await stage.state(booking) is BookingState.CONFIRMED
    refused = await stage.engine.change(ChangeRequest(ChangeKind.NO_SHOW, booking.id, "system:no-show"))
    assert refused.outcome is Outcome.ALREADY_REDEEMED


async def test_a_closed_session_is_nobodys_fault(stage: Stage) -> None:
    slot_id = await stage.slot()
    booking = await stage.book(slot_id)
    venue_id = await stage.one("SELECT venue_id FROM booking.slot WHERE id = %s", slot_id)
    await opening.close_slots(
        stage.tx, venue_id, None, from_day=DAY, to_day=DAY, reason_zh="大雾", reason_en="Fog"
    )
    await stage.settle()
    assert await stage.state(booking) is BookingState.CONFIRMED
    refused = await stage.engine.change(ChangeRequest(ChangeKind.NO_SHOW, booking.id, "system:no-show"))
    assert refused.outcome is Outcome.WRONG_STATE


@pytest.mark.parametrize(("kind", "venue_kind"), [("night", "hotel"), ("table", "restaurant")])
async def test_rooms_and_tables_are_for_their_houses_to_say(stage: Stage, kind: str, venue_kind: str) -> None:
    booking = await stage.book(await stage.slot(kind=kind, venue_kind=venue_kind))
    await stage.settle()
    assert await stage.state(booking) is BookingState.CONFIRMED
    refused = await stage.engine.change(ChangeRequest(ChangeKind.NO_SHOW, booking.id, "system:no-show"))
    assert refused.outcome is Outcome.WRONG_STATE


async def test_imported_bookings_are_left_alone(stage: Stage) -> None:
    booking = await stage.book(await stage.slot())
    await stage.tx.execute("UPDATE booking.booking SET source = 'old', source_key = '1'")
    await stage.settle()
    assert await stage.state(booking) is BookingState.CONFIRMED


async def test_a_booking_waits_for_its_last_session(stage: Stage) -> None:
    booking = await stage.book(await stage.slot(), await stage.slot(DAY + timedelta(days=2)))
    await stage.settle()
    assert await stage.state(booking) is BookingState.CONFIRMED
    await stage.settle(AFTER + timedelta(days=2))
    assert await stage.state(booking) is BookingState.NO_SHOW
    assert await stage.one("SELECT count(DISTINCT on_date) FROM policy.strike") == 2


async def test_a_strike_counts_against_whom_the_preset_names(stage: Stage) -> None:
    """故宫 counts against the visitor, 国博 against the account."""
    for policy_code in ("gugong", "guobo"):
        booking = await stage.book(await stage.slot(policy_code=policy_code))
        await stage.settle()
        rows = await stage.tx.execute(
            "SELECT subject_key FROM policy.strike WHERE booking_id = %s", [booking.id]
        )
        person, account = booking.visitors[0].person_key, account_subject(booking.holder_id or 0)
        assert await rows.fetchall() == [(person if policy_code == "gugong" else account,)]
        stage.now = world.START


async def test_the_third_missed_visit_bans(stage: Stage) -> None:
    card = await world.card(stage.tx, 7)
    for day in range(3):
        await stage.book(await stage.slot(DAY + timedelta(days=day)), by=card)
    await stage.settle(AFTER + timedelta(days=1))
    assert await bans(stage.tx, [card.holder_key], stage.now) == []
    await stage.settle(AFTER + timedelta(days=2))
    assert {code for _, code, _ in await bans(stage.tx, [card.holder_key], stage.now)} == {"default"}


async def test_a_crowd_is_worked_off_in_pages(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(later, "_NO_SHOWS_MAX", 2)
    monkeypatch.setattr(later, "_PLACES_SETTLED_MAX", 1)
    for _ in range(2):
        slot_id = await stage.slot()
        for _ in range(5):
            await stage.book(slot_id)
    runs = 0
    while await stage.settle():
        runs += 1
        assert runs < 20
    assert await stage.one("SELECT count(*) FROM booking.booking WHERE state = 5") == 10
    assert await stage.one("SELECT count(*) FROM booking.slot WHERE settled_at IS NULL") == 0
    assert runs == 6  # per session two full pages, then the rest of it


async def test_only_one_worker_looks_for_no_shows(stage: Stage) -> None:
    booking = await stage.book(await stage.slot())
    async with stage.db.transaction() as tx:
        assert await alone(tx, "no-shows")
        await stage.settle()
        assert await stage.state(booking) is BookingState.CONFIRMED
    await stage.settle()
    assert await stage.state(booking) is BookingState.NO_SHOW


async def test_sessions_are_open_a_day_before_they_are_released(stage: Stage) -> None:
    venue_id = (await catalogue.upsert_venues(stage.tx, [Venue(code="v", kind="attraction", name_zh="馆")]))[
        "v"
    ]
    product = Product(venue_id=venue_id, code="adult", kind="session", name_zh="票", price_minor=0)
    product_id = (await catalogue.upsert_products(stage.tx, [product]))[venue_id, "adult"]
    sessions = (PlannedSession(time(9), time(11), 5),)
    await catalogue.upsert_templates(
        stage.tx, [Template(product_id=product_id, valid_from=date(2026, 1, 1), sessions=sessions)]
    )
    async with stage.db.transaction() as tx:
        opened = await later.open_ahead(tx, stage.engine.rulebook, stage.now)
    assert opened is not None
    assert opened.slots == 32
    [(last, release_at)] = await (
        await stage.tx.execute("SELECT on_date, release_at FROM booking.slot ORDER BY on_date DESC LIMIT 1")
    ).fetchall()
    assert last == date(2026, 4, 2)
    assert release_at > stage.now + timedelta(hours=1)
    async with stage.db.transaction() as tx, stage.db.transaction() as other:
        again = await later.open_ahead(tx, stage.engine.rulebook, stage.now)
        assert again is not None
        assert again.slots == 0
        assert await later.open_ahead(other, stage.engine.rulebook, stage.now) is None
