"""One venue comes back: nothing of the others moves, nothing is sold twice, what cannot come back is named."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from tests.support.cards import VAULT
from tests.support.database import DbUrls, TestServer
from tests.support.venue_site import DAY, WIPE, WIPE_VENUE, Town, a_town
from wenyue.booking import ChangeKind, ChangeRequest, Outcome
from wenyue.gate import go_through
from wenyue.ops.backup.venue import Plan, Reason, Wish, apply, compare, comparing, fetch
from wenyue.ops.backup.venue.applying import Done
from wenyue.ops.backup.venue.tables import LEFT_OUT, TABLES
from wenyue.platform.fault import SetupError
from wenyue_lab import dataset

_numbers = itertools.count(1)
NOW = datetime(2026, 11, 22, tzinfo=UTC)


class Copies:
    """Copies of a database, as a restore to a moment would make them."""

    def __init__(self, server: TestServer) -> None:
        self.server = server
        self.made: list[str] = []

    def take(self, town: Town) -> DbUrls:
        """The database as it is now."""
        name = f"copy_{next(_numbers)}_{id(self)}"
        with psycopg.connect(town.info.owner_url) as connection:
            here = connection.info.dbname
        with psycopg.connect(self.server.superuser_url, autocommit=True) as connection:
            command = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER wenyue_owner STRATEGY file_copy")
            connection.execute(command.format(sql.Identifier(name), sql.Identifier(here)))
        self.made.append(name)
        return self.server.urls(name)

    def drop(self) -> None:
        """Remove them all."""
        with psycopg.connect(self.server.superuser_url, autocommit=True) as connection:
            for name in self.made:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def copies(database_server: TestServer) -> Iterator[Copies]:
    made = Copies(database_server)
    yield made
    made.drop()


@pytest.fixture
def town(make_database: Callable[[], DbUrls]) -> Town:
    return a_town(make_database(), people=60, capacity=30, granted=3)


def back(town: Town, copy: DbUrls, *, settings_too: bool = False, code: str = "hill") -> tuple[Plan, Done]:
    """Compare and apply; what was written must be what was announced."""
    wish = Wish(code=code, until=NOW, backup="copy", settings_too=settings_too)
    with (
        psycopg.connect(copy.owner_url, autocommit=True) as then,
        psycopg.connect(town.info.owner_url, autocommit=True) as living,
    ):
        past = fetch(then, living, wish)
        plan = compare(past)
        done = apply(past)
    assert (done.bookings, done.conflicts_in_all) == (plan.returning, plan.conflicts_in_all)
    assert plan.is_empty == done.is_nothing
    return plan, done


def visits(town: Town, slot: int, first: int, last: int) -> list[UUID]:
    return town.book([dataset.request(card, slot) for card in town.cards[first:last]])


def states(town: Town) -> dict[UUID, int]:
    return {row[0]: row[1] for row in town.rows("SELECT id, state FROM booking.booking")}


@pytest.mark.parametrize("wipe", [WIPE, WIPE_VENUE], ids=["bookings", "the whole venue"])
def test_what_was_deleted_comes_back_and_the_other_venue_does_not_move(
    town: Town, copies: Copies, wipe: str
) -> None:
    visits(town, town.hill[0], 0, 20)
    visits(town, town.lake[0], 10, 30)
    cancelled = visits(town, town.hill[1], 30, 31)[0]
    town.ask([ChangeRequest(ChangeKind.CANCEL, cancelled, "traveller")])
    before = states(town)
    copy = copies.take(town)
    town.run(wipe)
    later = visits(town, town.lake[1], 40, 45)
    still = town.lake_rows()
    assert town.broken()

    plan, done = back(town, copy)

    assert (plan.bookings, plan.returning, plan.conflicts) == (21, 21, [])
    assert states(town) == before | dict.fromkeys(later, 2)
    assert town.lake_rows() == still
    assert town.broken() == []
    assert done.rows["booking.line"] == 21
    restored = (
        "SELECT count(*) FROM audit.entry WHERE actor = 'operator:restore' AND action = 'booking.restored'"
    )
    assert town.rows(restored) == [(21,)]
    _, again = back(town, copy)
    assert again.is_nothing
    visits(town, town.hill[0], 20, 30)  # the ten that are left, and not one more
    assert town.ask([dataset.request(town.cards[35], town.hill[0])])[0].outcome is Outcome.SOLD_OUT
    assert town.broken() == []


def test_only_booking_rows_were_deleted(town: Town, copies: Copies) -> None:
    """Lines without bookings, counters that still count them: the booking comes back to its own places."""
    ids = visits(town, town.hill[0], 0, 30)
    copy = copies.take(town)
    town.run("DELETE FROM booking.booking")
    plan, _ = back(town, copy)
    assert (plan.returning, plan.conflicts_in_all) == (30, 0)
    assert set(states(town)) == set(ids)
    assert town.broken() == []


def test_a_place_sold_meanwhile_stays_sold_and_who_booked_first_comes_first(
    town: Town, copies: Copies
) -> None:
    first = visits(town, town.hill[0], 0, 15)
    second = visits(town, town.hill[0], 15, 30)
    town.run("UPDATE booking.booking SET created_at = created_at + interval '1 hour' WHERE holder_id > 15")
    copy = copies.take(town)
    town.run(WIPE + "UPDATE booking.pool SET sold = 0; UPDATE cards.entitlement SET used = 0;")
    sold = visits(town, town.hill[0], 30, 40)

    plan, done = back(town, copy)

    away = {one.booking_id for one in plan.conflicts}
    assert {one.reason for one in plan.conflicts} == {Reason.NO_PLACE}
    assert len(away) == 10
    assert away < set(second)
    assert set(states(town)) == {*first, *second, *sold} - away
    assert done.conflicts_in_all == 10
    assert town.broken() == []
    _, again = back(town, copy)
    assert again.is_nothing
    assert again.conflicts_in_all == 10


def test_a_person_who_booked_again_and_a_card_that_was_used_up_are_named(town: Town, copies: Copies) -> None:
    visits(town, town.hill[0], 0, 4)
    copy = copies.take(town)
    town.run(WIPE + "UPDATE booking.pool SET sold = 0; UPDATE cards.entitlement SET used = 0;")
    again = visits(town, town.hill[1], 0, 1)  # the same person, the same venue and day
    town.run(f"UPDATE cards.entitlement SET granted = 0 WHERE card_id = {town.cards[1].id}")
    plan, _ = back(town, copy)
    assert sorted(one.reason for one in plan.conflicts) == ["card_used_up", "person_has_another"]
    assert plan.returning == 2
    assert again[0] in states(town)
    assert town.broken() == []


def test_what_changed_since_is_kept(town: Town, copies: Copies) -> None:
    """A cancellation after the moment stands, and a booking made after it too."""
    ids = visits(town, town.hill[0], 0, 3)
    copy = copies.take(town)
    town.ask([ChangeRequest(ChangeKind.CANCEL, ids[0], "traveller")])
    new = visits(town, town.hill[0], 5, 6)
    plan, done = back(town, copy)
    assert plan.tables["booking.booking"].changed == 1
    assert plan.tables["booking.booking"].newer == 1
    assert done.is_nothing
    assert states(town) == {ids[0]: 3, ids[1]: 2, ids[2]: 2, new[0]: 2}


def test_settings_go_back_only_when_asked(town: Town, copies: Copies) -> None:
    """A capacity of 30 instead of 3000, a price of 0: shown, kept; with --settings they are as they were."""
    town.run("UPDATE booking.pool SET capacity = 3000")
    copy = copies.take(town)
    town.run(
        "UPDATE booking.pool SET capacity = 30; UPDATE booking.slot SET price_minor = 0; "
        "UPDATE catalogue.product SET price_minor = 0; UPDATE catalogue.venue SET timezone = 'Asia/Urumqi'"
    )
    cheap = visits(town, town.hill[0], 0, 5)
    plan, done = back(town, copy)
    assert done.is_nothing
    shown = {(one.table, one.column): (one.rows, one.was, one.now) for one in plan.settings}
    assert shown["booking.pool", "capacity"] == (3, "3000", "30")
    assert shown["booking.slot", "price_minor"] == (2, "6000", "0")
    assert shown["catalogue.venue", "timezone"] == (1, "Asia/Shanghai", "Asia/Urumqi")

    back(town, copy, settings_too=True)

    question = "SELECT v.code, min(p.capacity), max(s.price_minor) FROM catalogue.venue v "
    question += "JOIN booking.pool p ON p.venue_id = v.id JOIN booking.slot s ON s.venue_id = v.id GROUP BY 1 ORDER BY 1"
    assert town.rows(question) == [("hill", 3000, 6000), ("lake", 30, 0)]
    assert set(states(town)) == set(cheap)
    assert town.broken() == []
    assert back(town, copy, settings_too=True)[1].is_nothing


def test_a_capacity_below_what_is_taken_stays_and_is_said(town: Town, copies: Copies) -> None:
    town.run("UPDATE booking.pool SET capacity = 2 WHERE kind = 'session'")
    copy = copies.take(town)
    town.run("UPDATE booking.pool SET capacity = 30 WHERE kind = 'session'")
    visits(town, town.hill[0], 0, 5)
    _, done = back(town, copy, settings_too=True)
    assert done.kept == ["capacity of session 2026-03-03 stays: it was 2, 5 are taken"]
    sessions = "SELECT capacity FROM booking.pool WHERE kind = 'session' AND venue_id = 1 ORDER BY id"
    assert town.rows(sessions) == [(30,), (2,)]


def test_a_booking_at_two_venues_comes_back_in_two_steps(town: Town, copies: Copies) -> None:
    [both] = town.book([dataset.request(town.cards[0], town.hill[0], town.lake[0])])
    copy = copies.take(town)
    town.run("TRUNCATE booking.booking, booking.line, booking.place")
    plan, _ = back(town, copy)
    assert plan.elsewhere == ["lake"]
    lines = "SELECT count(*) FROM booking.line WHERE booking_id = %s AND is_live"
    assert town.rows(lines, both) == [(1,)]
    back(town, copy, code="lake")
    assert town.rows(lines, both) == [(2,)]
    assert town.broken() == []


def test_sessions_that_were_opened_again_carry_the_old_bookings(town: Town, copies: Copies) -> None:
    """The daily job made pools and sessions anew, under other numbers: the bookings stand on these."""
    ids = visits(town, town.hill[0], 0, 5)
    copy = copies.take(town)
    town.run(
        WIPE
        + "UPDATE booking.pool SET id = id + 1000, sold = 0 WHERE venue_id = 1;"
        + "UPDATE booking.slot SET id = id + 1000, pool_ids = ARRAY[pool_ids[1] + 1000, pool_ids[2] + 1000] WHERE venue_id = 1;"
    )
    plan, _ = back(town, copy)
    assert plan.returning == 5
    assert set(states(town)) == set(ids)
    assert town.rows("SELECT DISTINCT slot_id FROM booking.line") == [(town.hill[0] + 1000,)]
    assert town.broken() == []


def test_an_entry_at_the_gate_comes_back_with_its_booking(town: Town, copies: Copies) -> None:
    [id_] = visits(town, town.hill[0], 0, 1)
    town.run(
        "INSERT INTO booking.redemption (id, booking_id, line_no, visitor_no, at, gate) "
        f"VALUES ('{id_}', '{id_}', 0, 1, now(), 'N');"
        f"INSERT INTO gate.scan (id, venue_id, gate, at, presented, verdict, booking_id, answer) "
        f"VALUES ('{id_}', 1, 'N', now(), '', 'admit', '{id_}', '{{}}')"
    )
    copy = copies.take(town)
    town.run("TRUNCATE gate.scan CASCADE;" + WIPE)
    back(town, copy)
    assert town.rows("SELECT count(*) FROM booking.redemption WHERE undone_at IS NULL") == [(1,)]
    assert town.rows("SELECT count(*) FROM gate.scan") == [(1,)]
    assert back(town, copy)[1].is_nothing


def test_who_came_back_is_found_at_the_gate(town: Town, copies: Copies) -> None:
    async def index() -> None:
        async with (
            await psycopg.AsyncConnection.connect(town.info.owner_url, autocommit=True) as tx,
            tx.transaction(),
        ):
            await go_through(tx, VAULT, datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC), days=1)

    lost = set(visits(town, town.hill[0], 0, 3))
    copy = copies.take(town)
    town.run(WIPE)
    asyncio.run(index())  # the day comes near while nobody seems to have booked
    assert town.rows(
        "SELECT count(*) FROM gate.gone_through WHERE slot_id = %s AND done_at IS NOT NULL", town.hill[0]
    ) == [(1,)]
    back(town, copy)
    asyncio.run(index())
    assert {row[0] for row in town.rows("SELECT DISTINCT booking_id FROM gate.term")} == lost


def test_numbers_that_mean_something_else_now_are_refused(town: Town, copies: Copies) -> None:
    copy = copies.take(town)
    town.run(
        WIPE_VENUE
        + "INSERT INTO catalogue.venue (id, code, kind, name_zh) VALUES (1, 'other', 'attraction', '另');"
    )
    with pytest.raises(SetupError, match="'other' has the number 1 now"):
        back(town, copy)
    with pytest.raises(SetupError, match="there was no venue 'moon'"):
        back(town, copy, code="moon")


def test_every_table_that_names_a_venue_is_thought_of(db_urls: DbUrls) -> None:
    """A table that somebody adds is either brought back or left out with a reason."""
    question = (
        "SELECT DISTINCT table_schema || '.' || table_name FROM information_schema.columns c JOIN information_schema.tables t "
        "USING (table_schema, table_name) WHERE t.table_type = 'BASE TABLE' AND table_schema NOT IN ('public', 'pg_catalog') "
        "AND column_name IN ('venue_id', 'venue_ids', 'product_id', 'slot_id', 'pool_id', 'booking_id', 'booking_ids', 'scan_id')"
    )
    with psycopg.connect(db_urls.owner_url) as connection:
        there = {str(row[0]) for row in connection.execute(question).fetchall()}
    known = {table.full for table in TABLES} | set(LEFT_OUT)
    assert there - known == set()


def test_an_interrupted_restore_goes_on_and_nothing_is_sold_in_between(
    town: Town, copies: Copies, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = visits(town, town.hill[0], 0, 30)
    copy = copies.take(town)
    town.run(WIPE_VENUE)
    monkeypatch.setattr(comparing, "BOOKINGS_PER_BATCH", 7)
    wish = Wish(code="hill", until=NOW, backup="copy")

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with (
        psycopg.connect(copy.owner_url, autocommit=True) as then,
        psycopg.connect(town.info.owner_url, autocommit=True) as living,
    ):
        past = fetch(then, living, wish)
        with pytest.raises(KeyboardInterrupt):
            apply(past, stop)
    assert len(states(town)) == 7
    assert town.ask([dataset.request(town.cards[40], town.hill[0])])[0].outcome is Outcome.SOLD_OUT
    plan, _ = back(town, copy)
    assert plan.returning == 23
    assert set(states(town)) == set(ids)
    assert town.broken() == []


def test_who_did_not_come_keeps_the_place_and_comes_back_like_that(town: Town, copies: Copies) -> None:
    """A no-show is sold for ever: no check may call that broken, and a restore counts it."""
    ids = visits(town, town.hill[0], 0, 4)
    town.run(f"UPDATE booking.booking SET state = 5 WHERE id = '{ids[0]}'")
    assert town.broken() == []
    copy = copies.take(town)
    town.run(WIPE_VENUE)
    back(town, copy)
    assert states(town) == dict.fromkeys(ids, 2) | {ids[0]: 5}
    assert town.rows("SELECT max(sold) FROM booking.pool WHERE venue_id = 1 AND kind = 'session'") == [(4,)]
    assert town.broken() == []
