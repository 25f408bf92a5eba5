"""The demo loads into a real server, twice, in time, and shows every state of a calendar."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, LiteralString

import psycopg
import pytest

from tests.support.cards import VAULT
from wenyue import accounts, cards, catalogue
from wenyue.accounts import Identity, Staff
from wenyue.booking import SlotState, availability
from wenyue.cards import ActivationRequest, Denied
from wenyue.core.documents import Document, Phone, parse_document, parse_name, parse_phone
from wenyue.core.personal import KeyRing, Vault
from wenyue.ops import demo
from wenyue.ops.demo import people
from wenyue.ops.demo.english_names import english_names
from wenyue.platform.database.db import Tx

pytestmark = pytest.mark.anyio
TODAY = date(2026, 11, 22)
NOW = datetime.now(UTC)


@dataclass
class Loaded:
    """A database with the demo, loaded twice: a connection of the application's role, and what the loads did."""

    tx: Tx
    has_written: list[bool]
    heard: list[str]


@pytest.fixture(scope="module")
async def loaded(make_database: Any) -> AsyncIterator[Loaded]:
    urls = make_database()
    has_written: list[bool] = []
    heard: list[str] = []
    for _ in range(2):
        async with await psycopg.AsyncConnection.connect(urls.owner_url) as tx:
            await demo.load(tx, VAULT, progress=heard.append, today=TODAY)
            [[wrote]] = await rows(tx, "SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
            has_written.append(wrote)
    async with await psycopg.AsyncConnection.connect(urls.app_url, autocommit=True) as tx:
        yield Loaded(tx, has_written, heard)


async def rows(tx: Tx, statement: LiteralString) -> list[Any]:
    return await (await tx.execute(statement)).fetchall()


async def test_it_loads_only_once(loaded: Loaded) -> None:
    assert loaded.has_written == [True, False]
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
        "SELECT name FROM catalogue.venue WHERE kind <> 'attraction'"
        " AND (name ->> 'zh-CN' NOT LIKE '%演示%' OR name ->> 'en' NOT LIKE '%demo%')",
    )
    assert unlabelled == []
    assert await rows(loaded.tx, "SELECT code FROM catalogue.venue WHERE NOT is_demo") == []


async def test_every_attraction_has_an_english_name_and_a_formed_one_is_marked(loaded: Loaded) -> None:
    found = await rows(
        loaded.tx,
        "SELECT name ->> 'zh-CN', name ->> 'en', tags FROM catalogue.venue WHERE kind = 'attraction'",
    )
    names = english_names()
    assert {zh: en for zh, en, _ in found} == {zh: one.text for zh, one in names.items()}
    marked = {zh for zh, _, tags in found if catalogue.ROMANISED_NAME in tags}
    assert marked == {zh for zh, one in names.items() if one.is_formed}


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


async def test_some_attractions_sell_a_bus_that_is_no_first_gate(loaded: Loaded) -> None:
    counts = await rows(
        loaded.tx,
        "SELECT p.code, p.is_first_gate, count(*) FROM catalogue.product p JOIN catalogue.venue v ON v.id = p.venue_id"
        " WHERE v.kind = 'attraction' GROUP BY 1, 2 ORDER BY 1",
    )
    assert counts[0] == ("adult", True, 341)
    assert counts[1][:2] == ("bus", False)
    assert 20 <= counts[1][2] <= 60


async def states(loaded: Loaded, name: str, day: date) -> list[SlotState]:
    """The states of an attraction's sessions on a day, as a traveller sees them at noon of 22 November."""
    [venue] = [one for one in await catalogue.venues(loaded.tx, text=name) if one.name["zh-CN"] == name]
    product = (await catalogue.products(loaded.tx, venue.id))[0]
    noon = datetime(2026, 11, 22, 4, tzinfo=UTC)
    return [one.state for one in await availability(loaded.tx, product.id, day, day, noon)]


async def test_every_state_can_be_seen(loaded: Loaded) -> None:
    tomorrow = TODAY + timedelta(days=1)
    for number in range(1, 8):
        day = TODAY + timedelta(days=number)
        full, *rest = await states(loaded, "颐和园", day)
        assert full is SlotState.FULL
        assert rest
        assert SlotState.FULL not in rest
        assert (await states(loaded, "天坛公园", day))[0] is SlotState.TIGHT
    assert set(await states(loaded, "恭王府景区", tomorrow)) == {SlotState.PLENTY}
    assert set(await states(loaded, "故宫博物院", date(2026, 11, 24))) == {SlotState.PLENTY}
    assert set(await states(loaded, "故宫博物院", tomorrow)) == {SlotState.CLOSED}  # a Monday
    assert set(await states(loaded, "故宫博物院", date(2026, 12, 1))) == {SlotState.NOT_RELEASED}
    assert set(await states(loaded, "杭州市西湖风景名胜区", date(2026, 11, 29))) == {SlotState.PLENTY}
    assert set(await states(loaded, "杭州市西湖风景名胜区", date(2026, 11, 30))) == {SlotState.NOT_RELEASED}
    assert set(await states(loaded, "故宫博物院", TODAY)) == {SlotState.ENDED}  # no same-day booking


async def test_one_attraction_is_closed_all_next_week(loaded: Loaded) -> None:
    closed = await rows(
        loaded.tx,
        "SELECT DISTINCT v.name ->> 'zh-CN', s.on_date FROM booking.slot s JOIN catalogue.venue v ON v.id = s.venue_id"
        " WHERE NOT s.is_open AND s.closed_reason ->> 'zh-CN' LIKE '设施检修%' ORDER BY 2",
    )
    assert closed == [
        ("武汉市黄鹤楼公园", date(2026, 11, 23) + timedelta(days=number)) for number in range(7)
    ]
    assert set(await states(loaded, "武汉市黄鹤楼公园", date(2026, 11, 23))) == {SlotState.CLOSED}
    assert set(await states(loaded, "武汉市黄鹤楼公园", date(2026, 11, 30))) == {SlotState.PLENTY}


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
        staff = await accounts.check_staff(loaded.tx, VAULT, login, people.STAFF_PASSWORD)
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
    signed_in_as: int | None = None  # every further card of one person: signed in with the first
    for _, card_no, pin in people.CARDS:
        identity = Identity(name, document, phone.e164)
        request = ActivationRequest(card_no, pin, identity, signed_in_as=signed_in_as)
        answer = await cards.activate(loaded.tx, vault, request, NOW)
        assert not isinstance(answer, Denied)
        assert not answer.is_replay
        signed_in_as = answer.holder_id
    _, first_no, first_pin = people.CARDS[0]
    assert first_no in text.replace(" ", "")
    assert all(word in text for word in (first_pin, people.RESIDENT_ID, people.HOLDER_NAME, people.PHONE))


async def test_ux_F3_the_demo_is_found_by_what_people_type(loaded: Any) -> None:
    from wenyue.ops.demo.other_names import OTHER_NAMES

    rows_ = await rows(loaded.tx, "SELECT name ->> 'zh-CN' FROM catalogue.venue WHERE is_demo")
    assert set(OTHER_NAMES) <= {name for (name,) in rows_}
    for typed, name in [("gugong", "故宫博物院"), ("forbidden city", "故宫博物院"), ("兵马俑", "西安市秦始皇兵马俑博物馆"),
                        ("杭州西湖", "杭州市西湖风景名胜区"), ("great  wall", "北京八达岭－慕田峪长城旅游区")]:  # fmt: skip
        found = await catalogue.venues(loaded.tx, text=typed)
        assert name in [one.name["zh-CN"] for one in found[:3]], typed
    assert await catalogue.searching.waiting_for_search(loaded.tx) == 0
