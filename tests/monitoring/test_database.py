"""The monitor's round when the database is away, hangs, refuses or lags, and when another monitor has the turn."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.support.database import DbUrls
from tests.support.watched import Watched, watched
from wenyue.monitoring.store import take_turn
from wenyue.platform.database.db import Tx

pytestmark = pytest.mark.anyio


@pytest.fixture
async def fixtures(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Watched]:
    async with watched(make_database(), tmp_path) as made:
        yield made


async def test_an_open_transaction_and_a_crowd_of_connections_are_seen(fixtures: Watched) -> None:
    checks = await fixtures.look()
    assert checks["database"].findings == ()
    used, most = (int(part) for part in checks["database"].says.rpartition(", ")[2].split()[0].split("/"))
    assert 0 < used < most


async def test_a_standby_that_is_promised_and_missing_is_seen(fixtures: Watched) -> None:
    fixtures.scene = replace(fixtures.scene, standbys=1)
    assert await fixtures.says("replication") == ["replication:count warning"]


async def test_a_database_that_is_away_is_one_finding(
    fixtures: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wenyue.monitoring.rounds.CONNECT_AGAIN_S", 0.01)

    async def refuse() -> Tx:
        raise psycopg.OperationalError("no")

    fixtures.scene = replace(fixtures.scene, connect=refuse)
    checks = await fixtures.look()
    assert [one.severity.value for one in checks["database"].findings] == ["critical"]
    assert "windows" not in checks


async def test_a_database_that_hangs_is_away_too(fixtures: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang() -> Tx:
        await asyncio.sleep(3600)
        raise AssertionError

    monkeypatch.setattr("wenyue.monitoring.rounds.CONNECT_DEADLINE_S", 0.05)
    monkeypatch.setattr("wenyue.monitoring.rounds.CONNECT_AGAIN_S", 0.01)
    fixtures.scene = replace(fixtures.scene, connect=hang)
    async with asyncio.timeout(30):
        checks = await fixtures.look()
    assert [one.subject for one in checks["database"].findings] == ["database"]


async def test_a_database_that_takes_no_writes_is_seen(fixtures: Watched) -> None:
    async def read_only() -> Tx:
        return await psycopg.AsyncConnection.connect(
            fixtures.urls.app_url, autocommit=True, options="-c default_transaction_read_only=on"
        )

    fixtures.scene = replace(fixtures.scene, connect=read_only)
    assert await fixtures.says("database") == ["database:read-only critical"]


async def test_one_monitor_has_the_turn_and_another_follows_it(fixtures: Watched) -> None:
    assert await take_turn(fixtures.tx, "one")
    assert not await take_turn(fixtures.tx, "two")
    assert await take_turn(fixtures.tx, "one")
    assert "windows" not in await fixtures.look()  # this node is "here"
    fixtures.as_owner("UPDATE monitoring.turn SET until = now() - interval '1 second'")
    assert "windows" in await fixtures.look()


async def test_clocks_of_nodes_are_compared(fixtures: Watched) -> None:
    fixtures.as_owner("INSERT INTO monitoring.node (name, at, ahead_s) VALUES ('other', now(), 3.5)")
    assert await fixtures.says("clock") == ["clock:nodes warning"]
