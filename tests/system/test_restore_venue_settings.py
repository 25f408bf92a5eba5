"""A venue's settings at that time: shown, and put back only when asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.database import DbUrls, TestServer
from tests.support.venue_copies import Copies, back, states, visits
from tests.support.venue_site import Fixtures, venue_fixtures


@pytest.fixture
def copies(database_server: TestServer) -> Iterator[Copies]:
    made = Copies(database_server)
    yield made
    made.drop()


@pytest.fixture
def fixtures(make_database: Callable[[], DbUrls]) -> Fixtures:
    return venue_fixtures(make_database(), people=60, capacity=30, granted=3)


def test_settings_go_back_only_when_asked(fixtures: Fixtures, copies: Copies) -> None:
    """A capacity of 30 instead of 3000, a price of 0: shown, kept; with --settings they are as they were."""
    fixtures.run("UPDATE booking.pool SET capacity = 3000")
    copy = copies.take(fixtures)
    fixtures.run(
        "UPDATE booking.pool SET capacity = 30; UPDATE booking.slot SET price_minor = 0; "
        "UPDATE catalogue.product SET price_minor = 0; UPDATE catalogue.venue SET timezone = 'Asia/Urumqi'"
    )
    cheap = visits(fixtures, fixtures.hill[0], 0, 5)
    plan, done = back(fixtures, copy)
    assert done.is_nothing
    shown = {(one.table, one.column): (one.rows, one.was, one.now) for one in plan.settings}
    assert shown["booking.pool", "capacity"] == (3, "3000", "30")
    assert shown["booking.slot", "price_minor"] == (2, "6000", "0")
    assert shown["catalogue.venue", "timezone"] == (1, "Asia/Shanghai", "Asia/Urumqi")

    back(fixtures, copy, settings_too=True)

    question = "SELECT v.code, min(p.capacity), max(s.price_minor) FROM catalogue.venue v "
    question += "JOIN booking.pool p ON p.venue_id = v.id JOIN booking.slot s ON s.venue_id = v.id GROUP BY 1 ORDER BY 1"
    assert fixtures.rows(question) == [("hill", 3000, 6000), ("lake", 30, 0)]
    assert set(states(fixtures)) == set(cheap)
    assert fixtures.broken() == []
    assert back(fixtures, copy, settings_too=True)[1].is_nothing


def test_a_capacity_below_what_is_taken_stays_and_is_said(fixtures: Fixtures, copies: Copies) -> None:
    fixtures.run("UPDATE booking.pool SET capacity = 2 WHERE kind = 'session'")
    copy = copies.take(fixtures)
    fixtures.run("UPDATE booking.pool SET capacity = 30 WHERE kind = 'session'")
    visits(fixtures, fixtures.hill[0], 0, 5)
    _, done = back(fixtures, copy, settings_too=True)
    assert done.kept == ["capacity of session 2026-03-03 stays: it was 2, 5 are taken"]
    sessions = "SELECT capacity FROM booking.pool WHERE kind = 'session' AND venue_id = 1 ORDER BY id"
    assert fixtures.rows(sessions) == [(30,), (2,)]
