"""`wenyue retention` as an operator types it."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.support.commands import said_by, use_installation
from tests.support.database import DbUrls
from wenyue.ops import retention
from wenyue.platform.fault import SetupError


@pytest.fixture
def urls(make_database: Callable[[], DbUrls], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DbUrls:
    return use_installation(monkeypatch, make_database(), tmp_path / "home")


def run(*words: str, status: int = 0) -> str:
    return said_by(retention.app, *words, status=status)


def shown(kind: str) -> list[str]:
    """The row of a kind in the preview: days, due before, due."""
    [line] = [line for line in run("preview").splitlines() if line.startswith(kind)]
    return line.split()[1:]


def test_preview_run_and_set(urls: DbUrls) -> None:
    with psycopg.connect(urls.owner_url, autocommit=True) as tx:
        tx.execute(
            "INSERT INTO notifications.message (booking_id, kind, channel, sealed, created_at)"
            " SELECT gen_random_uuid(), 1, 'sms', 'sealed', now() - make_interval(days => d) FROM unnest(ARRAY[200, 100]) AS d"
        )
        assert (shown("messages")[0], shown("messages")[2]) == ("180", "1")
        assert tx.execute("SELECT count(*) FROM notifications.message WHERE sealed = ''").fetchone() == (0,)
        assert "messages: 1 erased" in run("run")
        assert shown("messages")[2] == "0"
        assert "90 days (was 180)" in run("set", "messages", "90", "--why", "our notice says so")
        assert (shown("messages")[0], shown("messages")[2]) == ("90", "1")
        assert "messages: 1 erased" in run("run")
        recorded = tx.execute("SELECT actor, action, subject FROM audit.entry ORDER BY id").fetchall()
    erased = ("system:database", "retention.erased", "kind:messages")
    assert recorded == [erased, ("operator:command", "retention.period_set", "kind:messages"), erased]


def test_what_is_mistyped_is_named(urls: DbUrls) -> None:
    assert urls
    with pytest.raises(SetupError, match="KIND 'cards'"):
        run("set", "cards", "90", "--why", "x")
    with pytest.raises(SetupError, match="--why"):
        run("set", "messages", "90", "--why", " ")
    assert "30" in run("set", "messages", "29", "--why", "x", status=2)
