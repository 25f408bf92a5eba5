"""`wenyue slots` as an operator types it."""

import asyncio
from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path

import psycopg
import pytest

from tests.support.commands import said_by, use_installation
from tests.support.database import DbUrls
from tests.support.opening_stage import planned
from wenyue.booking.slots.slot_planning import open_all_ahead, slots_on
from wenyue.catalogue import PlannedSession, Venue
from wenyue.core.clock import utc_now
from wenyue.ops import slots
from wenyue.platform.fault import SetupError
from wenyue.policy import HolidayCalendar, shipped_presets

TODAY = utc_now().date()
DAY = TODAY + timedelta(days=3)


@pytest.fixture
def urls(make_database: Callable[[], DbUrls], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DbUrls:
    return use_installation(monkeypatch, make_database(), tmp_path / "home")


@pytest.fixture
def slot_id(urls: DbUrls) -> int:
    """A session of 20 places at 30 yuan, of the venue `lake`."""
    return asyncio.run(furnish(urls))


async def furnish(urls: DbUrls) -> int:
    async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
        venue = Venue(code="lake", kind="attraction", name={"zh-CN": "湖"})
        sessions = (PlannedSession(time(7), time(13), 20),)
        _, product_id = await planned(tx, venue, sessions, policy_code="default")
        await open_all_ahead(tx, HolidayCalendar(), shipped_presets(), TODAY, 10)
        [found] = await slots_on(tx, product_id, DAY)
    return found


def run(*words: str) -> str:
    return said_by(slots.app, *words)


def ask(urls: DbUrls, statement: str, *values: object) -> list[tuple[object, ...]]:
    with psycopg.connect(urls.owner_url) as tx:
        return tx.execute(statement.encode(), values).fetchall()


def test_a_venue_is_closed_and_opened_again(urls: DbUrls, slot_id: int) -> None:
    said = run("close", "lake", "--from", str(DAY), "--to", str(DAY + timedelta(days=1)), "--reason", "大雾")
    assert "2 open sessions closed" in said
    [(closure_id,)] = ask(urls, "SELECT id FROM catalogue.closure")
    assert f"{closure_id}" in run("closures", "lake")
    assert ask(urls, "SELECT is_open, closed_reason FROM booking.slot WHERE id = %s", slot_id) == [
        (False, {"zh-CN": "大雾"})
    ]
    assert "it stood already" in run(
        "close", "lake", "--from", str(DAY), "--to", str(DAY + timedelta(days=1)), "--reason", "大雾"
    )
    assert "2 sessions opened" in run("lift", str(closure_id))
    assert ask(urls, "SELECT action FROM audit.entry WHERE actor = 'operator:command' ORDER BY id") == [
        ("slots.closed",),
        ("slots.reopened",),
    ]
    assert ask(urls, "SELECT kind FROM events.event ORDER BY id") == [("slots.closed",), ("slots.reopened",)]


def test_prices_and_capacities_are_set(urls: DbUrls, slot_id: int) -> None:
    assert "1 open sessions changed" in run("price", "lake", "adult", "58.50", "--from", str(DAY))
    assert "set" in run("capacity", str(slot_id), "25")
    assert "set" in run("day", "lake", str(DAY), "28")
    with psycopg.connect(urls.owner_url, autocommit=True) as tx:
        tx.execute("UPDATE booking.pool SET sold = 9 WHERE on_date = %s", [DAY])
    with pytest.raises(SetupError, match="--follow"):
        run("capacity", str(slot_id), "5")
    assert "drops with every place" in run("capacity", str(slot_id), "5", "--follow")
    assert ask(
        urls,
        "SELECT s.price_minor, p.capacity, p.target, p.is_open FROM booking.slot s"
        " JOIN booking.pool p ON p.id = s.pool_ids[1] WHERE s.id = %s",
        slot_id,
    ) == [(5_850, 9, 5, False)]
    told = ["product.repriced", "slot.capacity_set", "day.capacity_set", "slot.capacity_set"]
    assert ask(urls, "SELECT kind FROM events.event ORDER BY id") == [(kind,) for kind in told]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("close", "nowhere", "--from", "2030-01-01", "--reason", "x"), "not found"),
        (("close", "lake", "--from", "2030-13-01", "--reason", "x"), "--from"),
        (("close", "lake", "--from", "2030-01-02", "--to", "2030-01-01", "--reason", "x"), "last day"),
        (("close", "lake", "--from", "2030-01-01", "--reason", " "), "one line"),
        (("price", "lake", "adult", "5.555", "--from", "2030-01-01"), "YUAN"),
        (("price", "lake", "adult", "NaN", "--from", "2030-01-01"), "YUAN"),
        (("price", "lake", "adult", "1e12", "--from", "2030-01-01"), "price"),
        (("price", "lake", "child", "5", "--from", "2030-01-01"), "no product"),
        (("capacity", "999999", "5"), "session not found"),
        (("day", "lake", "2030-01-01", "5"), "no daily capacity"),
        (("lift", "999"), "closure not found"),
    ],
)
@pytest.mark.usefixtures("slot_id")
def test_what_is_mistyped_is_named(words: tuple[str, ...], says: str) -> None:
    with pytest.raises(SetupError, match=says):
        run(*words)
