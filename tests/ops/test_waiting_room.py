"""`wenyue room` and `wenyue fairness` as an operator types them."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.support.api_site import furnish
from tests.support.commands import said_by, use_installation
from tests.support.database import DbUrls
from wenyue.ops import fairness, waiting_rooms
from wenyue.platform.fault import SetupError

OPEN = ("open", "spring", "--from", "2030-01-08", "--to", "2030-01-09", "--release", "2030-01-01T08:00")


@pytest.fixture
def urls(make_database: Callable[[], DbUrls], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DbUrls:
    made = make_database()
    asyncio.run(furnish(made, tmp_path / "home"))
    return use_installation(monkeypatch, made, tmp_path / "home")


def test_the_life_of_a_room(urls: DbUrls) -> None:
    said = said_by(waiting_rooms.app, *OPEN, "--product", "lake/main", "--poll", "3")
    assert "/room/spring" in said
    promise = said.split(": ")[-1].strip()
    assert "spring" in said_by(waiting_rooms.app, "list")
    shown = said_by(waiting_rooms.app, "show", "spring")
    assert promise in shown
    assert "2030-01-01 08:00:00" in shown
    assert "published when booking opens" in shown
    assert ": not_released" in shown
    said_by(waiting_rooms.app, "pause", "spring", "--message", "检修")
    said_by(waiting_rooms.app, "rate", "spring", "7")
    with psycopg.connect(urls.owner_url) as tx:
        row = tx.execute(
            "SELECT is_paused, message ->> 'zh-CN', message ->> 'en', rate_max, poll_s, onward FROM waiting_room.room"
        ).fetchone()
        recorded = tx.execute(
            "SELECT action FROM audit.entry WHERE subject = 'room:spring' ORDER BY id"
        ).fetchall()
    assert row is not None
    assert row[:5] == (True, "检修", "检修", 7.0, 3)
    assert row[5].startswith("/venues/lake?product=")
    assert [one[0] for one in recorded] == ["room.opened", "room.steered", "room.steered"]
    said_by(waiting_rooms.app, "resume", "spring")
    said_by(waiting_rooms.app, "tell", "spring", "马上开始", "--message-en", "Soon")
    with pytest.raises(SetupError, match="not released"):
        said_by(fairness.app, "verify", "spring")
    said_by(waiting_rooms.app, "close", "spring")
    assert "closed" in said_by(waiting_rooms.app, "show", "spring")
    with pytest.raises(SetupError, match="closed for good"):
        said_by(waiting_rooms.app, "pause", "spring")
    with pytest.raises(SetupError, match="used once"):
        said_by(waiting_rooms.app, *OPEN, "--venue", "lake")


MISTYPED = [
    (OPEN, "--product"),
    ((*OPEN, "--product", "lake/main", "--venue", "lake"), "--product"),
    ((*OPEN, "--venue", "nowhere"), "not found"),
    ((*OPEN, "--product", "lake/other"), "VENUE/PRODUCT"),
    ((*OPEN, "--product", "999999"), "VENUE/PRODUCT"),
    (("open", "Bad Code", *OPEN[2:], "--venue", "lake"), "isn't a valid code"),
    ((*OPEN[:3], "soon", *OPEN[4:], "--venue", "lake"), "--from"),
    ((*OPEN[:7], "tomorrow", "--venue", "lake"), "--release"),
    ((*OPEN[:7], "2020-01-01T08:00", "--venue", "lake"), "has passed"),
    (("show", "nowhere"), "not found"),
]


def test_what_is_mistyped_is_named(urls: DbUrls) -> None:
    assert urls.app_url
    for words, wrong in MISTYPED:
        with pytest.raises(SetupError, match=wrong):
            said_by(waiting_rooms.app, *words)


def test_a_released_room_is_proved_and_a_cheat_gives_status_1(urls: DbUrls, tmp_path: Path) -> None:
    promise = said_by(waiting_rooms.app, *OPEN, "--venue", "lake").split(": ")[-1].strip()
    with psycopg.connect(urls.owner_url) as tx:  # the seed of a release, and nobody let in
        tx.execute(
            "UPDATE waiting_room.room SET seed = decode(repeat('07', 32), 'hex'), released_at = now(),"
            " commitment = sha256(decode(repeat('07', 32), 'hex'))"
        )
    path = tmp_path / "spring.jsonl"
    assert "fair" in said_by(fairness.app, "verify", "spring", "--export", str(path))
    assert json.loads(path.read_text(encoding="utf-8").splitlines()[0])["event"] == "spring"
    assert "not let in" in said_by(
        fairness.app, "verify", "spring", "--file", str(path), "--code", "6AGG-WY5P-S8XQ-G78D"
    )
    said = said_by(fairness.app, "verify", "spring", "--file", str(path), "--promise", promise, status=1)
    assert "not the one that you noted" in said  # the operator drew another seed, and hid it
