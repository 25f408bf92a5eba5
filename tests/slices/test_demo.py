"""The demo loads into a real server, twice, in time, and shows every state of a calendar."""

import time
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from wenyue.infra.config import load as load_settings
from wenyue.infra.db import Tx
from wenyue.tools import demo

pytestmark = pytest.mark.anyio
TODAY = date(2026, 11, 22)
FIRST_LOAD_S = 20.0
SECOND_LOAD_S = 0.3


@pytest.fixture(scope="module")
async def loaded(make_database: Any, tmp_path_factory: Any) -> AsyncIterator[tuple[Tx, float, float]]:
    urls = make_database()
    settings = load_settings({"WENYUE_HOME": str(Path(tmp_path_factory.mktemp("home")))})
    took: list[float] = []
    for _ in range(2):
        started = time.monotonic()
        async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
            await demo.load(tx, settings, today=TODAY)
        took.append(time.monotonic() - started)
    async with await psycopg.AsyncConnection.connect(urls.app_url, autocommit=True) as tx:
        yield tx, took[0], took[1]


async def rows(tx: Tx, statement: LiteralString) -> list[Any]:
    return await (await tx.execute(statement)).fetchall()


async def test_it_loads_in_time_and_only_once(loaded: tuple[Tx, float, float]) -> None:
    _, first_s, second_s = loaded
    assert first_s <= FIRST_LOAD_S
    assert second_s <= SECOND_LOAD_S


async def test_every_kind_is_there_and_labelled(loaded: tuple[Tx, float, float]) -> None:
    counts = dict(
        await rows(loaded[0], "SELECT kind, count(*) FROM catalogue.venue WHERE is_demo GROUP BY kind")
    )
    assert counts["attraction"] == 341
    assert counts["hotel"] >= 12
    assert counts["restaurant"] >= 12
    assert counts["transport"] >= 3
    unlabelled = await rows(
        loaded[0],
        "SELECT name_zh FROM catalogue.venue WHERE kind <> 'attraction'"
        " AND (name_zh NOT LIKE '%演示%' OR name_en NOT LIKE '%demo%')",
    )
    assert unlabelled == []
    assert await rows(loaded[0], "SELECT code FROM catalogue.venue WHERE NOT is_demo") == []


async def test_every_product_has_slots_on_every_day_ahead(loaded: tuple[Tx, float, float]) -> None:
    lacking = await rows(
        loaded[0],
        "SELECT p.id, count(DISTINCT s.on_date) FROM catalogue.product p LEFT JOIN booking.slot s ON s.product_id = p.id"
        " GROUP BY p.id HAVING count(DISTINCT s.on_date) <> 31",
    )
    assert lacking == []
    last = await rows(loaded[0], "SELECT min(on_date), max(on_date) FROM booking.slot")
    assert last == [(TODAY, TODAY + timedelta(days=30))]


async def test_no_session_outgrows_the_day_or_has_no_places(loaded: tuple[Tx, float, float]) -> None:
    odd = await rows(
        loaded[0],
        "SELECT p.id FROM booking.pool p WHERE p.kind = 'session' AND p.capacity NOT BETWEEN 0 AND 10000",
    )
    assert odd == []
    odd = await rows(
        loaded[0],
        "SELECT s.id FROM booking.slot s JOIN booking.pool own ON own.id = s.pool_ids[1]"
        " JOIN booking.pool day ON day.id = s.pool_ids[2] WHERE own.capacity > day.capacity",
    )
    assert odd == []


async def test_every_state_can_be_seen(loaded: tuple[Tx, float, float]) -> None:
    tx = loaded[0]
    tomorrow = {"on_date": TODAY + timedelta(days=1)}
    by_capacity: LiteralString = (
        "SELECT v.name_zh FROM booking.slot s JOIN booking.pool p ON p.id = s.pool_ids[1]"
        " JOIN catalogue.venue v ON v.id = s.venue_id WHERE s.on_date = %(on_date)s AND s.is_open AND p.capacity = "
    )
    sold_out = await (await tx.execute(by_capacity + "0", tomorrow)).fetchall()
    nearly = await (await tx.execute(by_capacity + "3", tomorrow)).fetchall()
    assert sold_out == [("颐和园",)]
    assert nearly == [("天坛公园",)]
    closed = await rows(
        tx,
        "SELECT DISTINCT v.name_zh, s.on_date FROM booking.slot s JOIN catalogue.venue v ON v.id = s.venue_id"
        " WHERE NOT s.is_open AND s.closed_reason_zh LIKE '设施检修%' ORDER BY 2",
    )
    assert [row[0] for row in closed] == ["武汉市黄鹤楼公园"] * 7
    unreleased = await rows(
        tx,
        "SELECT DISTINCT v.name_zh FROM booking.slot s JOIN catalogue.venue v ON v.id = s.venue_id"
        " WHERE s.release_at > timestamptz '2026-11-22 12:00+08' AND s.on_date = date '2026-12-05' AND v.level = '5A'",
    )
    assert ("故宫博物院",) in unreleased
    assert ("杭州市西湖风景名胜区",) in unreleased


async def test_weekend_nights_cost_more(loaded: tuple[Tx, float, float]) -> None:
    prices = dict(
        await rows(
            loaded[0],
            "SELECT s.on_date, s.price_minor FROM booking.slot s JOIN catalogue.product p ON p.id = s.product_id"
            " JOIN catalogue.venue v ON v.id = s.venue_id WHERE v.code = 'demo-hotel-westlake' AND p.code = 'twin'",
        )
    )
    assert prices[date(2026, 11, 27)] > prices[date(2026, 11, 26)]
    assert all(price % 100 == 0 for price in prices.values())


async def test_the_banner_names_what_works(loaded: tuple[Tx, float, float]) -> None:
    text = demo.banner()
    logins = [row[0] for row in await rows(loaded[0], "SELECT login FROM accounts.staff")]
    assert logins
    assert all(login in text for login in logins)
