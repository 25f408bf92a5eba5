"""Personal data past its period is overwritten, in bounded steps, counted in the record, and never early."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from tests.support.database import DbUrls, both
from tests.support.gate_fixtures import vault
from wenyue import retention
from wenyue.booking import Party, PartyVisitor, open_party, seal_party
from wenyue.container import build
from wenyue.core.ids import uuid7
from wenyue.monitoring import store as watch_store
from wenyue.monitoring.conduct_rules import judge_retention
from wenyue.notifications import messages_of
from wenyue.platform.config import load
from wenyue.platform.database.db import Database, Tx
from wenyue.retention import Kind
from wenyue.worker import Worker

pytestmark = pytest.mark.anyio
SEALED = seal_party(vault(), Party((PartyVisitor("张小三", "id", "N1"),), "张小三", "+8613800138000"))
DUE, KEPT = 182, 178  # days ago, with a day of room on both sides of 180 for the venue's date


@dataclass
class Store:
    """A database with bookings of some days ago."""

    db: Database
    owner: Tx
    slots: int = 0

    async def slot(self, days_ago: int) -> int:
        """A session of that day."""
        self.slots += 1
        row = await (
            await self.owner.execute(
                "INSERT INTO booking.slot (product_id, venue_id, on_date, starts_at, ends_at, release_at, closes_at, price_minor,"
                " pool_ids) VALUES (%s, 1, current_date - %s::int, now(), now(), now(), now(), 0, '{1}') RETURNING id",
                [self.slots, days_ago],
            )
        ).fetchone()
        assert row is not None
        return int(row[0])

    async def booking(self, *days_ago: int, slot_id: int | None = None) -> UUID:
        """A booking with a line on each of these days."""
        id_ = uuid7()
        await self.owner.execute(
            "INSERT INTO booking.booking (id, body_hash, state, channel, holder_id, created_at, changed_at, total_minor, party)"
            " VALUES (%s, 'x', 2, 1, 7, now(), now(), 4200, %s)",
            [id_, SEALED],
        )
        for no, days in enumerate(days_ago):
            await self.owner.execute(
                "INSERT INTO booking.line (booking_id, line_no, slot_id, product_id, venue_id, on_date, quantity, price_minor,"
                " pool_ids) VALUES (%s, %s, %s, 1, 1, current_date - %s::int, 1, 4200, '{1}')",
                [id_, no, slot_id or await self.slot(days), days],
            )
        return id_

    async def erase(self, kind: Kind, most: int = 2_000) -> list[int]:
        """Every step until nothing is left, as the application."""
        counts: list[int] = []
        is_done = False
        while not is_done:
            async with self.db.transaction() as tx:
                count, is_done = await retention.erase_step(tx, kind, most)
            counts.append(count)
            assert len(counts) < 100
        return counts

    async def party(self, id_: UUID) -> Party:
        """What is stored of a booking's people."""
        row = await (
            await self.owner.execute("SELECT party FROM booking.booking WHERE id = %s", [id_])
        ).fetchone()
        assert row is not None
        return open_party(vault(), bytes(row[0]))

    async def counted(self) -> list[int]:
        """The counts in the record."""
        cursor = await self.owner.execute(
            "SELECT (detail->>'count')::int FROM audit.entry WHERE action = 'retention.erased' ORDER BY id"
        )
        return [row[0] for row in await cursor.fetchall()]

    async def tomorrow(self, days: int = 1) -> None:
        """As if the last pass had been so many days ago."""
        await self.owner.execute(
            "UPDATE retention.period SET through = through - %(d)s::int, changed_at = changed_at - make_interval(days => %(d)s),"
            " from_start_at = from_start_at - make_interval(days => %(d)s)",
            {"d": days},
        )


@pytest.fixture
async def store(make_database: Callable[[], DbUrls]) -> AsyncIterator[Store]:
    async with both(make_database()) as (db, owner):
        yield Store(db, owner)


async def test_a_booking_is_overwritten_when_its_last_day_is_past_its_period(store: Store) -> None:
    due, kept = await store.booking(DUE), await store.booking(KEPT)
    long, due_too = await store.booking(DUE + 5, KEPT), await store.booking(DUE + 9, DUE)
    assert sum(await store.erase(Kind.BOOKINGS)) == 2
    assert [await store.party(one) == Party(is_erased=True) for one in (due, kept, long, due_too)] == [
        True,
        False,
        False,
        True,
    ]
    assert await store.counted() == [2]
    row = await (
        await store.owner.execute("SELECT total_minor, holder_id FROM booking.booking WHERE id = %s", [due])
    ).fetchone()
    assert row == (4200, 7)


async def test_again_changes_nothing_and_records_nothing(store: Store) -> None:
    await store.booking(DUE)
    await store.erase(Kind.BOOKINGS)
    assert await store.erase(Kind.BOOKINGS) == [0]
    await store.tomorrow()
    assert await store.erase(Kind.BOOKINGS) == [0]
    assert await store.counted() == [1]


async def test_steps_are_bounded_and_go_on_where_one_was_broken_off(store: Store) -> None:
    slot = await store.slot(DUE)
    ids = [await store.booking(DUE, slot_id=slot) for _ in range(5)] + [
        await store.booking(DUE) for _ in range(2)
    ]
    async with store.db.connection() as tx:
        assert await retention.erase_step(tx, Kind.BOOKINGS, 3) == (3, False)
    async with store.db.transaction() as tx:
        assert await retention.erase_step(tx, Kind.BOOKINGS, 3) == (3, False)
        raise psycopg.Rollback
    assert sum([(await store.party(one)).is_erased for one in ids]) == 3
    assert sum(await store.erase(Kind.BOOKINGS, 3)) == 4
    assert all([(await store.party(one)).is_erased for one in ids])
    assert sum(await store.counted()) == 7


async def test_what_is_brought_in_late_is_found_within_a_week(store: Store) -> None:
    await store.booking(DUE)
    await store.erase(Kind.BOOKINGS)
    late = await store.booking(DUE + 100)
    assert sum(await store.erase(Kind.BOOKINGS)) == 0
    await store.tomorrow(8)
    assert sum(await store.erase(Kind.BOOKINGS)) == 1
    assert (await store.party(late)).is_erased


async def test_messages_and_reasons_go_too(store: Store) -> None:
    booking = uuid7()
    for days, channel, state in ((DUE, "sms", "queued"), (DUE, "inapp", "sent"), (KEPT, "inapp", "sent")):
        await store.owner.execute(
            "INSERT INTO notifications.message (booking_id, holder_id, kind, channel, edition, sealed, state, created_at)"
            " VALUES (%s, 7, 1, %s, %s, 'sealed', %s, now() - make_interval(days => %s))",
            [booking, channel, days, state, days],
        )
    for days in (DUE, KEPT):
        scan = uuid7()
        at = datetime.now(UTC) - timedelta(days=days)
        await store.owner.execute(
            "INSERT INTO gate.scan (id, venue_id, gate, at, presented, verdict, answer) VALUES (%s, 1, 'A', %s, '', 'x', '{}')",
            [scan, at],
        )
        await store.owner.execute(
            "INSERT INTO booking.redemption (id, booking_id, line_no, visitor_no, at, gate, undone_at, undo_reason)"
            " VALUES (%s, %s, 0, 0, %s, 'A', %s, 'why')",
            [scan, booking, at, at],
        )
        await store.owner.execute(
            "INSERT INTO gate.undo (scan_id, at, staff_id, reason) VALUES (%s, %s, 1, 'why')", [scan, at]
        )
    assert sum(await store.erase(Kind.MESSAGES, 1)) == 2
    assert sum(await store.erase(Kind.REASONS, 1)) == 1
    messages = await store.owner.execute("SELECT sealed, state FROM notifications.message ORDER BY id")
    assert await messages.fetchall() == [(b"", "failed"), (b"", "sent"), (b"sealed", "sent")]
    for statement in (
        "SELECT reason FROM gate.undo ORDER BY at",
        "SELECT undo_reason FROM booking.redemption ORDER BY at",
    ):
        assert await (await store.owner.execute(statement)).fetchall() == [("",), ("why",)]
    async with store.db.connection() as tx:
        assert await messages_of(tx, vault(), 7) == []  # what is gone is left out


async def test_why_somebody_cancelled_goes_with_the_party_and_stands_in_no_entry(store: Store) -> None:
    due, kept = await store.booking(DUE), await store.booking(KEPT)
    await store.owner.execute("UPDATE booking.booking SET cancel_reason = 'sealed'")
    late = await store.booking(DUE + 1)
    await store.owner.execute(
        "UPDATE booking.booking SET cancel_reason = 'sealed', party = '' WHERE id = %s", [late]
    )
    assert (await retention.count_due(store.owner))[Kind.BOOKINGS] == 2
    assert sum(await store.erase(Kind.BOOKINGS)) == 2
    left = await store.owner.execute("SELECT id FROM booking.booking WHERE cancel_reason IS NOT NULL")
    assert await left.fetchall() == [(kept,)]
    assert (await store.party(due)).is_erased


async def test_common_visitors_go_when_their_account_has_not_used_them_for_their_period(store: Store) -> None:
    """A place of that account keeps them, in the past or to come; another account's does not, and nobody goes early."""
    holder = "INSERT INTO accounts.traveller (id, person_key, sealed) VALUES (%s, %s, 'x')"
    await store.owner.execute(holder, [7, b"seven"])
    await store.owner.execute(holder, [8, b"eight"])
    made: dict[str, tuple[bool, int, int | None, int]] = {  # name -> oneself, added, last place, whose
        "oneself": (True, 2000, None, 7),
        "unused": (False, 740, None, 7),
        "new": (False, 720, None, 7),
        "used": (False, 2000, 700, 7),
        "to come": (False, 2000, -30, 7),
        "used long ago": (False, 2000, 740, 7),
        "another's": (False, 2000, 10, 8),
    }
    for name, (is_self, added, place, whose) in made.items():
        await store.owner.execute(
            "INSERT INTO accounts.visitor (traveller_id, person_key, sealed, is_self, created_at)"
            " VALUES (7, %s, 'sealed', %s, now() - make_interval(days => %s))",
            [name.encode(), is_self, added],
        )
        if place is not None:
            id_ = await store.booking(place)
            await store.owner.execute("UPDATE booking.booking SET holder_id = %s WHERE id = %s", [whose, id_])
            await store.owner.execute(
                "INSERT INTO booking.place (booking_id, line_no, visitor_no, person_key, scope, on_date)"
                " VALUES (%s, 0, 0, %s, 1, current_date - %s::int)",
                [id_, name.encode(), place],
            )
    assert (await retention.count_due(store.owner))[Kind.VISITORS] == 3
    assert sum(await store.erase(Kind.VISITORS, 2)) == 3
    rows = await store.owner.execute(
        "SELECT convert_from(person_key, 'UTF8') FROM accounts.visitor WHERE sealed = '' AND removed_at IS NOT NULL ORDER BY id"
    )
    assert [name for (name,) in await rows.fetchall()] == ["unused", "used long ago", "another's"]
    kept = await store.owner.execute(
        "SELECT count(*) FROM accounts.visitor WHERE sealed = 'sealed' AND removed_at IS NULL"
    )
    assert await kept.fetchall() == [(4,)]
    assert sum(await store.erase(Kind.VISITORS)) == 0
    await store.tomorrow(11)
    await store.owner.execute("UPDATE accounts.visitor SET created_at = created_at - interval '11 days'")
    assert sum(await store.erase(Kind.VISITORS)) == 1  # "new" is not any more


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE booking.booking SET party = ''",
        "UPDATE notifications.message SET sealed = ''",
        "UPDATE gate.undo SET reason = ''",
        "UPDATE retention.period SET days = 30",
        "SELECT FROM retention.due(10)",
        "SELECT FROM retention.erase('bookings', 10001)",
        "SELECT FROM retention.erase('cards', 1)",
        "UPDATE accounts.visitor SET person_key = ''",
    ],
)
async def test_the_application_erases_nothing_early(store: Store, statement: str) -> None:
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidParameterValue)):
        async with store.db.connection() as tx:
            await tx.execute(statement.encode())


async def test_an_operator_counts_first_and_sets_a_period_within_bounds(store: Store) -> None:
    await store.booking(DUE)
    kept = await store.booking(KEPT)
    assert (await retention.count_due(store.owner))[Kind.BOOKINGS] == 1
    now = datetime.now(UTC)
    with pytest.raises(ValueError, match="days"):
        await retention.set_period(store.owner, Kind.BOOKINGS, 29, now=now, actor="operator:x", reason="law")
    assert (
        await retention.set_period(store.owner, Kind.BOOKINGS, 90, now=now, actor="operator:x", reason="law")
        == 180
    )
    assert (await retention.count_due(store.owner))[Kind.BOOKINGS] == 2
    await store.erase(Kind.BOOKINGS)
    assert (await store.party(kept)).is_erased
    assert (await retention.count_due(store.owner))[Kind.BOOKINGS] == 0


async def test_the_monitor_tells_when_erasing_is_late(store: Store) -> None:
    async def found() -> list[str]:
        async with store.db.connection() as tx:
            return [one.text.say("en") for one in judge_retention(await watch_store.retention(tx))]

    for kind in Kind:
        await store.erase(kind)
    await store.tomorrow(3)
    assert await found() == []
    await store.tomorrow(1)
    assert [text.partition(" and ")[0] for text in await found()] == [
        f"Personal data ({kind}) is 4 days past its period" for kind in sorted(Kind)
    ]
    for kind in Kind:
        await store.erase(kind)
    assert await found() == []


async def test_the_worker_erases_what_is_due(make_database: Callable[[], DbUrls], tmp_path: Path) -> None:
    urls = make_database()
    settings = load(
        {"WENYUE_DATABASE_URL": urls.app_url, "WENYUE_HOME": str(tmp_path), "WENYUE_DATABASE_POOL": "4"}
    )
    services = build(settings)
    async with both(urls) as (db, owner):
        here = Store(db, owner)
        due, kept = await here.booking(DUE), await here.booking(KEPT)
        await services.start()
        stop = asyncio.Event()
        working = asyncio.create_task(Worker(services).run_worker(stop))
        async with asyncio.timeout(60):
            while not (await here.party(due)).is_erased:
                await asyncio.sleep(0.02)
        stop.set()
        await asyncio.wait_for(working, 30)
        await services.stop()
        assert not (await here.party(kept)).is_erased
        assert await here.counted() == [1]
