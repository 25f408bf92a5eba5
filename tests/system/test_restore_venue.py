"""One venue comes back: nothing of the others moves, nothing is sold twice, what cannot come back is named."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import psycopg
import pytest

from tests.support.cards import VAULT
from tests.support.database import DbUrls, TestServer
from tests.support.venue_copies import NOW, Copies, back, states, visits
from tests.support.venue_site import DAY, WIPE, WIPE_VENUE, Fixtures, venue_fixtures
from wenyue.booking import ChangeKind, ChangeRequest, Outcome
from wenyue.gate import go_through
from wenyue.ops.backup.venue import Reason, Wish, apply, comparing, fetch
from wenyue.ops.backup.venue.tables import LEFT_OUT, TABLES
from wenyue.platform.fault import SetupError
from wenyue_lab import dataset


@pytest.fixture
def copies(database_server: TestServer) -> Iterator[Copies]:
    made = Copies(database_server)
    yield made
    made.drop()


@pytest.fixture
def fixtures(make_database: Callable[[], DbUrls]) -> Fixtures:
    return venue_fixtures(make_database(), people=60, capacity=30, granted=3)


@pytest.mark.parametrize("wipe", [WIPE, WIPE_VENUE], ids=["bookings", "the whole venue"])
def test_what_was_deleted_comes_back_and_the_other_venue_does_not_move(
    fixtures: Fixtures, copies: Copies, wipe: str
) -> None:
    visits(fixtures, fixtures.hill[0], 0, 20)
    visits(fixtures, fixtures.lake[0], 10, 30)
    cancelled = visits(fixtures, fixtures.hill[1], 30, 31)[0]
    fixtures.ask([ChangeRequest(ChangeKind.CANCEL, cancelled, "traveller")])
    before = states(fixtures)
    copy = copies.take(fixtures)
    fixtures.run(wipe)
    later = visits(fixtures, fixtures.lake[1], 40, 45)
    still = fixtures.lake_rows()
    assert fixtures.broken()

    plan, done = back(fixtures, copy)

    assert (plan.bookings, plan.returning, plan.conflicts) == (21, 21, [])
    assert states(fixtures) == before | dict.fromkeys(later, 2)
    assert fixtures.lake_rows() == still
    assert fixtures.broken() == []
    assert done.rows["booking.line"] == 21
    restored = (
        "SELECT count(*) FROM audit.entry WHERE actor = 'operator:restore' AND action = 'booking.restored'"
    )
    assert fixtures.rows(restored) == [(21,)]
    _, again = back(fixtures, copy)
    assert again.is_nothing
    visits(fixtures, fixtures.hill[0], 20, 30)  # the ten that are left, and not one more
    assert (
        fixtures.ask([dataset.request(fixtures.cards[35], fixtures.hill[0])])[0].outcome is Outcome.SOLD_OUT
    )
    assert fixtures.broken() == []


def test_only_booking_rows_were_deleted(fixtures: Fixtures, copies: Copies) -> None:
    """Lines without bookings, counters that still count them: the booking comes back to its own places."""
    ids = visits(fixtures, fixtures.hill[0], 0, 30)
    copy = copies.take(fixtures)
    fixtures.run("DELETE FROM booking.booking")
    plan, _ = back(fixtures, copy)
    assert (plan.returning, plan.conflicts_in_all) == (30, 0)
    assert set(states(fixtures)) == set(ids)
    assert fixtures.broken() == []


def test_a_place_sold_meanwhile_stays_sold_and_who_booked_first_comes_first(
    fixtures: Fixtures, copies: Copies
) -> None:
    first = visits(fixtures, fixtures.hill[0], 0, 15)
    second = visits(fixtures, fixtures.hill[0], 15, 30)
    fixtures.run(
        "UPDATE booking.booking SET created_at = created_at + interval '1 hour' WHERE holder_id > 15"
    )
    copy = copies.take(fixtures)
    fixtures.run(WIPE + "UPDATE booking.pool SET sold = 0; UPDATE cards.entitlement SET used = 0;")
    sold = visits(fixtures, fixtures.hill[0], 30, 40)

    plan, done = back(fixtures, copy)

    away = {one.booking_id for one in plan.conflicts}
    assert {one.reason for one in plan.conflicts} == {Reason.NO_PLACE}
    assert len(away) == 10
    assert away < set(second)
    assert set(states(fixtures)) == {*first, *second, *sold} - away
    assert done.conflicts_in_all == 10
    assert fixtures.broken() == []
    _, again = back(fixtures, copy)
    assert again.is_nothing
    assert again.conflicts_in_all == 10


def test_a_person_who_booked_again_and_a_card_that_was_used_up_are_named(
    fixtures: Fixtures, copies: Copies
) -> None:
    visits(fixtures, fixtures.hill[0], 0, 4)
    copy = copies.take(fixtures)
    fixtures.run(WIPE + "UPDATE booking.pool SET sold = 0; UPDATE cards.entitlement SET used = 0;")
    again = visits(fixtures, fixtures.hill[1], 0, 1)  # the same person, the same venue and day
    fixtures.run(f"UPDATE cards.entitlement SET granted = 0 WHERE card_id = {fixtures.cards[1].id}")
    plan, _ = back(fixtures, copy)
    assert sorted(one.reason for one in plan.conflicts) == ["card_used_up", "person_has_another"]
    assert plan.returning == 2
    assert again[0] in states(fixtures)
    assert fixtures.broken() == []


def test_what_changed_since_is_kept(fixtures: Fixtures, copies: Copies) -> None:
    """A cancellation after the moment stands, and a booking made after it too."""
    ids = visits(fixtures, fixtures.hill[0], 0, 3)
    copy = copies.take(fixtures)
    fixtures.ask([ChangeRequest(ChangeKind.CANCEL, ids[0], "traveller")])
    new = visits(fixtures, fixtures.hill[0], 5, 6)
    plan, done = back(fixtures, copy)
    assert plan.tables["booking.booking"].changed == 1
    assert plan.tables["booking.booking"].newer == 1
    assert done.is_nothing
    assert states(fixtures) == {ids[0]: 3, ids[1]: 2, ids[2]: 2, new[0]: 2}


def test_a_booking_at_two_venues_comes_back_in_two_steps(fixtures: Fixtures, copies: Copies) -> None:
    [both] = fixtures.book([dataset.request(fixtures.cards[0], fixtures.hill[0], fixtures.lake[0])])
    copy = copies.take(fixtures)
    fixtures.run("TRUNCATE booking.booking, booking.line, booking.place")
    plan, _ = back(fixtures, copy)
    assert plan.elsewhere == ["lake"]
    lines = "SELECT count(*) FROM booking.line WHERE booking_id = %s AND is_live"
    assert fixtures.rows(lines, both) == [(1,)]
    back(fixtures, copy, code="lake")
    assert fixtures.rows(lines, both) == [(2,)]
    assert fixtures.broken() == []


def test_sessions_that_were_opened_again_carry_the_old_bookings(fixtures: Fixtures, copies: Copies) -> None:
    """The daily job made pools and sessions anew, under other numbers: the bookings stand on these."""
    ids = visits(fixtures, fixtures.hill[0], 0, 5)
    copy = copies.take(fixtures)
    fixtures.run(
        WIPE
        + "UPDATE booking.pool SET id = id + 1000, sold = 0 WHERE venue_id = 1;"
        + "UPDATE booking.slot SET id = id + 1000, pool_ids = ARRAY[pool_ids[1] + 1000, pool_ids[2] + 1000] WHERE venue_id = 1;"
    )
    plan, _ = back(fixtures, copy)
    assert plan.returning == 5
    assert set(states(fixtures)) == set(ids)
    assert fixtures.rows("SELECT DISTINCT slot_id FROM booking.line") == [(fixtures.hill[0] + 1000,)]
    assert fixtures.broken() == []


def test_an_entry_at_the_gate_comes_back_with_its_booking(fixtures: Fixtures, copies: Copies) -> None:
    [id_] = visits(fixtures, fixtures.hill[0], 0, 1)
    fixtures.run(
        "INSERT INTO booking.redemption (id, booking_id, line_no, visitor_no, at, gate) "
        f"VALUES ('{id_}', '{id_}', 0, 1, now(), 'N');"
        f"INSERT INTO gate.scan (id, venue_id, gate, at, presented, verdict, booking_id, answer) "
        f"VALUES ('{id_}', 1, 'N', now(), '', 'admit', '{id_}', '{{}}')"
    )
    copy = copies.take(fixtures)
    fixtures.run("TRUNCATE gate.scan CASCADE;" + WIPE)
    back(fixtures, copy)
    assert fixtures.rows("SELECT count(*) FROM booking.redemption WHERE undone_at IS NULL") == [(1,)]
    assert fixtures.rows("SELECT count(*) FROM gate.scan") == [(1,)]
    assert back(fixtures, copy)[1].is_nothing


def test_who_came_back_is_found_at_the_gate(fixtures: Fixtures, copies: Copies) -> None:
    async def index() -> None:
        async with (
            await psycopg.AsyncConnection.connect(fixtures.info.owner_url, autocommit=True) as tx,
            tx.transaction(),
        ):
            await go_through(tx, VAULT, datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC), days=1)

    lost = set(visits(fixtures, fixtures.hill[0], 0, 3))
    copy = copies.take(fixtures)
    fixtures.run(WIPE)
    asyncio.run(index())  # the day comes near while nobody seems to have booked
    assert fixtures.rows(
        "SELECT count(*) FROM gate.gone_through WHERE slot_id = %s AND done_at IS NOT NULL", fixtures.hill[0]
    ) == [(1,)]
    back(fixtures, copy)
    asyncio.run(index())
    assert {row[0] for row in fixtures.rows("SELECT DISTINCT booking_id FROM gate.term")} == lost


def test_numbers_that_mean_something_else_now_are_refused(fixtures: Fixtures, copies: Copies) -> None:
    copy = copies.take(fixtures)
    fixtures.run(
        WIPE_VENUE
        + """INSERT INTO catalogue.venue (id, code, kind, name) VALUES (1, 'other', 'attraction', '{"zh-CN": "另"}');"""
    )
    with pytest.raises(SetupError, match="'other' has id 1"):
        back(fixtures, copy)
    with pytest.raises(SetupError, match="venue 'moon' didn't exist at that time"):
        back(fixtures, copy, code="moon")


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
    fixtures: Fixtures, copies: Copies, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = visits(fixtures, fixtures.hill[0], 0, 30)
    copy = copies.take(fixtures)
    fixtures.run(WIPE_VENUE)
    monkeypatch.setattr(comparing, "BOOKINGS_PER_BATCH", 7)
    wish = Wish(code="hill", until=NOW, backup="copy")

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with (
        psycopg.connect(copy.owner_url, autocommit=True) as then,
        psycopg.connect(fixtures.info.owner_url, autocommit=True) as living,
    ):
        past = fetch(then, living, wish)
        with pytest.raises(KeyboardInterrupt):
            apply(past, stop)
    assert len(states(fixtures)) == 7
    assert (
        fixtures.ask([dataset.request(fixtures.cards[40], fixtures.hill[0])])[0].outcome is Outcome.SOLD_OUT
    )
    plan, _ = back(fixtures, copy)
    assert plan.returning == 23
    assert set(states(fixtures)) == set(ids)
    assert fixtures.broken() == []


def test_who_did_not_come_keeps_the_place_and_comes_back_like_that(
    fixtures: Fixtures, copies: Copies
) -> None:
    """A no-show is sold for ever: no check may call that broken, and a restore counts it."""
    ids = visits(fixtures, fixtures.hill[0], 0, 4)
    fixtures.run(f"UPDATE booking.booking SET state = 5 WHERE id = '{ids[0]}'")
    assert fixtures.broken() == []
    copy = copies.take(fixtures)
    fixtures.run(WIPE_VENUE)
    back(fixtures, copy)
    assert states(fixtures) == dict.fromkeys(ids, 2) | {ids[0]: 5}
    assert fixtures.rows("SELECT max(sold) FROM booking.pool WHERE venue_id = 1 AND kind = 'session'") == [
        (4,)
    ]
    assert fixtures.broken() == []
