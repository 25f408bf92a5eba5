"""`wenyue events`: what operators see of the log, and what they do when a subscriber is stuck."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from typer.testing import CliRunner

from tests.support.database import DbUrls
from wenyue import events
from wenyue.core.ids import uuid7
from wenyue.events import Event, Happened, Subscriber
from wenyue.events.kinds import BookingCancelled, BookingConfirmed, BookingMoved, CardFrozen, SlotsClosed
from wenyue.ops.events import app
from wenyue.platform.database.db import Database, Tx
from wenyue.platform.fault import SetupError

NOW = datetime(2026, 3, 3, 4, tzinfo=UTC)
WANTS: frozenset[type[Event]] = frozenset({BookingConfirmed, BookingMoved, BookingCancelled, CardFrozen})


class Fixtures:
    """A database, and a subscriber that fails for some."""

    def __init__(self, urls: DbUrls) -> None:
        self.urls, self.heard, self.fails_for = urls, list[str](), set[str]()
        self.one = Subscriber("deaf", WANTS, self.handle, tries=1)

    async def handle(self, _tx: Tx, told: Sequence[Happened]) -> None:
        """Fail as told."""
        if self.fails_for & {one.event.subject for one in told}:
            raise KeyError
        self.heard += [f"{events.kind_of(one.event)} {one.event.subject}" for one in told]

    def tell(self, *happened: Event) -> None:
        """Append, then tell the subscriber of everything."""

        async def work() -> None:
            async with Database(self.urls.app_url, size_max=2) as db:
                for event in happened:
                    async with db.transaction() as tx:
                        await events.append(tx, [event], NOW)
                async with db.transaction() as tx:
                    await events.register(tx, [self.one])
                for step in (events.tell_again, events.tell_next):
                    is_more = True
                    while is_more:
                        async with db.transaction() as tx:
                            is_more = await step(tx, self.one, datetime.now(UTC) + timedelta(seconds=1))

        asyncio.run(work())

    def ids(self) -> list[int]:
        """Every row of the log."""
        with psycopg.connect(self.urls.owner_url) as owner:
            return [row[0] for row in owner.execute("SELECT id FROM events.event ORDER BY id")]

    def recorded(self) -> list[str]:
        """What the operator's commands left in the record."""
        with psycopg.connect(self.urls.owner_url) as owner:
            found = owner.execute(
                "SELECT action || ' ' || subject FROM audit.entry WHERE actor = 'operator:command'"
            )
            return [row[0] for row in found]


@pytest.fixture
def fixtures(db_urls: DbUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fixtures:
    monkeypatch.setenv("WENYUE_HOME", str(tmp_path))
    monkeypatch.setenv("WENYUE_DATABASE_URL", db_urls.owner_url)
    with psycopg.connect(db_urls.owner_url, autocommit=True) as owner:
        owner.execute("TRUNCATE events.event, events.subscriber, audit.entry CASCADE")
    return Fixtures(db_urls)


def ask(*words: str) -> str:
    """What it says; raises what it complains of."""
    result = CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})
    if result.exception is not None:
        raise result.exception
    return result.output


def test_what_happened_is_listed_and_shown(fixtures: Fixtures) -> None:
    booking = uuid7()
    fixtures.tell(BookingConfirmed(booking), CardFrozen(7), SlotsClosed(3, None, NOW.date(), NOW.date()))
    first, second, third = fixtures.ids()
    lines = [line for line in ask("list").splitlines() if line[:1].isdigit()]
    assert [line.split()[0] for line in lines] == [str(third), str(second), str(first)]
    assert f"booking:{booking}" in lines[2]
    assert "card:7" in ask("list", "--kind", "card.frozen")
    assert "booking" not in ask("list", "--kind", "card.frozen")
    assert f" {booking}".strip() in ask("list", "--subject", f"booking:{booking}")
    shown = ask("show", str(third))
    for said in ("slots.closed", "venue_id: 3", "from_day: 2026-03-03", "deaf: told"):
        assert said in shown
    with pytest.raises(SetupError, match="not found: old events are deleted"):
        ask("show", "999999999")
    with pytest.raises(SetupError, match="card_type"):
        ask("list", "--kind", "card.eaten")
    with pytest.raises(SetupError, match="booking:ID"):
        ask("list", "--subject", "booking:seven")


def test_what_is_stuck_is_shown_tried_again_and_skipped(fixtures: Fixtures) -> None:
    ids = [uuid7(), uuid7()]
    one, other = (f"booking:{booking}" for booking in ids)
    fixtures.fails_for = {one, other}
    fixtures.tell(
        *(BookingConfirmed(booking) for booking in ids),
        *(BookingMoved(booking) for booking in ids),
        CardFrozen(7),
    )
    assert fixtures.heard == ["card.frozen card:7"]
    text = ask("subscribers")
    for said in (one, other, "parked", "KeyError at "):
        assert said in text
    assert "deaf: 1 stuck" in ask("show", str(fixtures.ids()[0]))
    with pytest.raises(SetupError, match="nothing of card:7 is stuck at deaf"):
        ask("skip", "--subscriber", "deaf", "--subject", "card:7")

    assert f"skipped: {fixtures.ids()[0]}" in ask("skip", "--subscriber", "deaf", "--subject", one)
    fixtures.fails_for = set()
    fixtures.tell()
    assert fixtures.heard[1:] == [f"booking.moved {one}"]
    assert "2 events are being retried" in ask("retry", "--subscriber", "deaf")
    fixtures.tell()
    assert fixtures.heard[2:] == [f"booking.confirmed {other}", f"booking.moved {other}"]
    assert other not in ask("subscribers")
    assert fixtures.recorded() == ["events.skipped subscriber:deaf", "events.retried subscriber:deaf"]


def test_everything_that_is_stuck_of_a_subject_can_be_given_up(fixtures: Fixtures) -> None:
    booking = UUID(int=7)
    fixtures.fails_for = {f"booking:{booking}"}
    fixtures.tell(BookingConfirmed(booking), BookingMoved(booking))
    assert ask("skip", "--subscriber", "deaf", "--subject", f"booking:{booking}", "--all").count(",") == 1
    fixtures.tell(BookingCancelled(UUID(int=8)))
    assert fixtures.heard == [f"booking.cancelled booking:{UUID(int=8)}"]


def test_a_subscriber_is_told_once_more_from_an_event_on(fixtures: Fixtures) -> None:
    fixtures.tell(CardFrozen(1), CardFrozen(2), CardFrozen(3))
    second = fixtures.ids()[1]
    assert "2 rows again" in ask("replay", "--subscriber", "deaf", "--from", str(second))
    assert " 2 " in ask("subscribers")
    fixtures.tell(CardFrozen(4))
    fixtures.tell()
    assert [one.rpartition(":")[2] for one in fixtures.heard] == ["1", "2", "3", "2", "3", "4"]
    assert fixtures.recorded() == ["events.replayed subscriber:deaf"]
    assert "done" in ask("replay", "--subscriber", "deaf", "--from", "999999999", "--wait")
    with pytest.raises(SetupError, match="subscriber 'dumb' not found"):
        ask("replay", "--subscriber", "dumb", "--from", "1")


def test_what_was_not_told_yet_is_not_passed_over_by_a_replay(fixtures: Fixtures) -> None:
    fixtures.tell(CardFrozen(1))
    with psycopg.connect(fixtures.urls.owner_url, autocommit=True) as owner:
        for subject in ("card:2", "card:3"):
            body = f'{{"card_id": {subject[-1]}}}'
            owner.execute(
                "INSERT INTO events.event (kind, subject, body, at) VALUES ('card.frozen', %s, %s, now())",
                [subject, body],
            )
    _, second, third = fixtures.ids()
    with pytest.raises(SetupError, match=f"hasn't reached event {second} yet"):
        ask("replay", "--subscriber", "deaf", "--from", str(third))
    fixtures.tell()
    assert fixtures.heard == [f"card.frozen card:{n}" for n in (1, 2, 3)]


def test_a_subscriber_that_there_is_no_more_is_forgotten(fixtures: Fixtures) -> None:
    fixtures.tell(CardFrozen(1))
    ask("forget", "--subscriber", "deaf")
    assert "no subscribers" in ask("subscribers")
