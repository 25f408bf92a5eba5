"""`wenyue probe`: each question says yes with status 0, or no in one line with status 1, and changes nothing."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from tests.support.database import DbUrls
from wenyue.ops.ports import free_port
from wenyue.ops.probe import app
from wenyue.platform.fault import SetupError

NOTE = "INSERT INTO booking.outbox (kind, booking_ids, at) VALUES (1, '{}', now() - interval '5 minutes')"
EVENT = "INSERT INTO events.event (kind, subject, at) VALUES ('card.frozen', 'card:7', now() - interval '5 minutes')"
DEAF = "INSERT INTO events.subscriber (name, done) VALUES ('deaf', '1:1:')"
POOL = "INSERT INTO booking.pool (kind, venue_id, on_date, capacity, held) VALUES ('day', 1, current_date, 10, 3)"


@pytest.fixture
def urls(make_database: Callable[[], DbUrls]) -> DbUrls:
    return make_database()  # of its own: what one test breaks is not another's installation


@pytest.fixture
def home(urls: DbUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WENYUE_HOME", str(tmp_path))
    monkeypatch.setenv("WENYUE_PORT", str(free_port()))
    monkeypatch.setenv("WENYUE_DATABASE_URL", urls.owner_url)
    return tmp_path


def ask(*words: str) -> str:
    """What it says; raises what it complains of."""
    result = CliRunner().invoke(app, list(words))
    if result.exception is not None:
        raise result.exception
    return result.output


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("question", "answer"),
    [("books", "match"), ("later", "nothing is overdue"), ("database", "primary"), ("clock", "apart")],
)
def test_a_healthy_installation_is_well(question: str, answer: str) -> None:
    assert answer in ask(question)


@pytest.mark.usefixtures("home")
def test_counters_that_no_booking_explains_are_named(urls: DbUrls) -> None:
    with psycopg.connect(urls.owner_url, autocommit=True) as connection:
        connection.execute(POOL)
    with pytest.raises(SetupError, match=r"pool \d+ of 10: 3 held \+ 0 sold, lines draw 0"):
        ask("books")


@pytest.mark.usefixtures("home")
def test_an_event_that_was_not_told_is_told_and_waited_for(urls: DbUrls) -> None:
    with psycopg.connect(urls.owner_url, autocommit=True) as connection:
        for statement in (NOTE, EVENT, DEAF):
            connection.execute(statement)
    with pytest.raises(SetupError, match="2 events not told"):
        ask("later", "--within", "0.3")


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("question", "complaint"),
    [
        ("ready", "not ready"),
        ("disk", "no embedded database"),
        ("where", "no embedded database"),
        ("log", "No such file"),
        ("processes", "nothing is running in this installation"),
    ],
)
def test_what_is_not_there_is_one_line(question: str, complaint: str) -> None:
    with pytest.raises(SetupError, match=complaint):
        ask(question)


def test_without_a_database_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENYUE_HOME", str(tmp_path))
    monkeypatch.delenv("WENYUE_DATABASE_URL", raising=False)
    with pytest.raises(SetupError, match="the database isn't running"):
        ask("books")
    assert list(tmp_path.iterdir()) == []
