"""The demo loads into a real server, twice, in time, and shows every state of a calendar."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, LiteralString

import psycopg
import pytest

from wenyue import accounts, cards
from wenyue.accounts import Identity, Staff
from wenyue.cards import ActivationRequest, Denied
from wenyue.infra.db import Tx
from wenyue.kernel.documents import Document, Phone, parse_document, parse_name, parse_phone
from wenyue.kernel.personal import KeyRing, Vault
from wenyue.tools import demo
from wenyue.tools.demo import people

pytestmark = pytest.mark.anyio
TODAY = date(2026, 11, 22)
NOW = datetime.now(UTC)
FIRST_LOAD_S = 20.0
SECOND_LOAD_S = 0.3


@dataclass
class Loaded:
    """A database with the demo: a connection of the application's role, and how long two loads took."""

    tx: Tx
    took_s: list[float]
    heard: list[str]


@pytest.fixture(scope="module")
async def loaded(make_database: Any) -> AsyncIterator[Loaded]:
    urls = make_database()
    took_s: list[float] = []
    heard: list[str] = []
    for _ in range(2):
        started = time.monotonic()
        async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
            await demo.load(tx, progress=heard.append, today=TODAY)
        took_s.append(time.monotonic() - started)
    async with await psycopg.AsyncConnection.connect(urls.app_url, autocommit=True) as tx:
        yield Loaded(tx, took_s, heard)


async def rows(tx: Tx, statement: LiteralString) -> list[Any]:
    return await (await tx.execute(statement)).fetchall()


async def test_it_loads_in_time_and_only_once(loaded: Loaded) -> None:
    first_s, second_s = loaded.took_s
    assert first_s <= FIRST_LOAD_S
    assert second_s <= SECOND_LOAD_S
    assert len(loaded.heard) == len(set(loaded.heard))  # the second load said nothing


async def test_every_kind_is_there_and_labelled(loaded: Loaded) -> None:
    counts = dict(
        await rows(loaded.tx, "SELECT kind, count(*) FROM catalogue.venue WHERE is_demo GROUP BY kind")
    )
    assert counts["attraction"] == 341
    assert counts["hotel"] >= 12
    assert counts["restaurant"] >= 12
    assert counts["transport"] >= 3
    unlabelled = await rows(
        loaded.tx,
        "SELECT name_zh FROM catalogue.venue WHERE kind <> 'attraction'"
        " AND (name_zh NOT LIKE '%演示%' OR name_en NOT LIKE '%demo%')",
    )
    assert unlabelled == []
    assert await rows(loaded.tx, "SELECT code FROM catalogue.venue WHERE NOT is_demo") == []


async def test_every_product_has_slots_on_every_day_ahead(loaded: Loaded) -> None:
    lacking = await rows(
        loaded.tx,
        "SELECT p.id, count(DISTINCT s.on_date) FROM catalogue.product p LEFT JOIN booking.slot s ON s.product_id = p.id"
        " GROUP BY p.id HAVING count(DISTINCT s.on_date) <> 31",
    )
    assert lacking == []
    last = await rows(loaded.tx, "SELECT min(on_date), max(on_date) FROM booking.slot")
    assert last == [(TODAY, TODAY + timedelta(days=30))]


async def test_no_session_outgrows_the_day_or_has_no_places(loaded: Loaded) -> None:
    odd = await rows(
        loaded.tx,
        "SELECT p.id FROM booking.pool p WHERE p.kind = 'session' AND p.capacity NOT BETWEEN 0 AND 10000",
    )
    assert odd == []
    odd = await rows(
        loaded.tx,
        "SELECT s.id FROM booking.slot s JOIN booking.pool own ON own.id = s.pool_ids[1]"
        " JOIN booking.pool day ON day.id = s.pool_ids[2] WHERE own.capacity > day.capacity",
    )
    assert odd == []


async def test_every_state_can_be_seen(loaded: Loaded) -> None:
    tx = loaded.tx
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


async def test_weekend_nights_cost_more(loaded: Loaded) -> None:
    prices = dict(
        await rows(
            loaded.tx,
            "SELECT s.on_date, s.price_minor FROM booking.slot s JOIN catalogue.product p ON p.id = s.product_id"
            " JOIN catalogue.venue v ON v.id = s.venue_id WHERE v.code = 'demo-hotel-westlake' AND p.code = 'twin'",
        )
    )
    assert prices[date(2026, 11, 27)] > prices[date(2026, 11, 26)]
    assert all(price % 100 == 0 for price in prices.values())


async def test_the_banner_names_staff_who_can_sign_in(loaded: Loaded) -> None:
    text = demo.banner()
    logins = await rows(loaded.tx, "SELECT login FROM accounts.staff ORDER BY login")
    assert logins == [("gate",), ("operator",)]
    for (login,) in logins:
        assert login in text
        staff = await accounts.check_staff(loaded.tx, login, people.STAFF_PASSWORD, NOW)
        assert isinstance(staff, Staff)


async def test_the_demo_cards_can_be_activated_with_what_the_banner_says(loaded: Loaded) -> None:
    text = demo.banner()
    document = parse_document(None, people.RESIDENT_ID, today=TODAY)
    name, phone = parse_name(people.HOLDER_NAME), parse_phone(people.PHONE)
    assert isinstance(document, Document)
    assert isinstance(name, str)
    assert isinstance(phone, Phone)
    assert len({type_code for type_code, _, _ in people.CARDS}) >= 5
    vault = Vault(KeyRing({1: b"k" * 32}, 1, b"i" * 32))
    for _, card_no, pin in people.CARDS:
        request = ActivationRequest(card_no, pin, Identity(name, document, phone.e164))
        answer = await cards.activate(loaded.tx, vault, request, NOW)
        assert not isinstance(answer, Denied)
        assert not answer.is_replay
    _, first_no, first_pin = people.CARDS[0]
    assert first_no in text.replace(" ", "")
    assert all(word in text for word in (first_pin, people.RESIDENT_ID, people.HOLDER_NAME, people.PHONE))
