"""One venue of a database brought back from a copy of it, as a restore to a moment would make one."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from uuid import UUID

import psycopg
from psycopg import sql

from tests.support.database import DbUrls, TestServer
from tests.support.venue_site import Fixtures
from wenyue.ops.backup.venue import Plan, Wish, apply, compare, fetch
from wenyue.ops.backup.venue.applying import Done
from wenyue_lab import dataset

_numbers = itertools.count(1)
NOW = datetime(2026, 11, 22, tzinfo=UTC)


class Copies:
    """Copies of a database, as a restore to a moment would make them."""

    def __init__(self, server: TestServer) -> None:
        self.server = server
        self.made: list[str] = []

    def take(self, fixtures: Fixtures) -> DbUrls:
        """The database as it is now."""
        name = f"copy_{next(_numbers)}_{id(self)}"
        with psycopg.connect(fixtures.info.owner_url) as connection:
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


def back(
    fixtures: Fixtures, copy: DbUrls, *, settings_too: bool = False, code: str = "hill"
) -> tuple[Plan, Done]:
    """Compare and apply; what was written must be what was announced."""
    wish = Wish(code=code, until=NOW, backup="copy", settings_too=settings_too)
    with (
        psycopg.connect(copy.owner_url, autocommit=True) as then,
        psycopg.connect(fixtures.info.owner_url, autocommit=True) as living,
    ):
        past = fetch(then, living, wish)
        plan = compare(past)
        done = apply(past)
    assert (done.bookings, done.conflicts_in_all) == (plan.returning, plan.conflicts_in_all)
    assert plan.is_empty == done.is_nothing
    return plan, done


def visits(fixtures: Fixtures, slot: int, first: int, last: int) -> list[UUID]:
    return fixtures.book([dataset.request(card, slot) for card in fixtures.cards[first:last]])


def states(fixtures: Fixtures) -> dict[UUID, int]:
    return {row[0]: row[1] for row in fixtures.rows("SELECT id, state FROM booking.booking")}
