"""One id, one answer (rules_R9): sent twice at the same moment, within one process and to two of them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date

import psycopg
import pytest
from msgspec import structs

from tests.support.database import DbUrls
from wenyue.booking import Answer, BookingRequest, ChangeKind, ChangeRequest, Engine, Outcome
from wenyue.platform.database.db import Database, DatabaseDown, Tx
from wenyue_lab import dataset

pytestmark = pytest.mark.anyio
DAY = date(2026, 3, 3)


@dataclass
class Site:
    """Two processes beside one database, a session of one place that `first` has, and somebody who wants it."""

    engines: list[Engine]
    tx: Tx
    owner_url: str
    slot_id: int
    first: BookingRequest
    cards: list[dataset.Card]

    def cancels(self) -> ChangeRequest:
        """The first gives the place back."""
        return ChangeRequest(ChangeKind.CANCEL, self.first.id, "traveller", self.first.holder_id)

    def wants(self, number: int) -> BookingRequest:
        """Somebody else wants it."""
        return dataset.request(self.cards[number], self.slot_id)

    async def remembers(self, engine: Engine) -> None:
        """This process refuses newcomers from memory."""
        async with asyncio.timeout(30):
            while await engine.refuse_early((new := self.wants(1)).id, new.lines) is None:
                assert (await engine.book(new)).outcome is Outcome.SOLD_OUT
                await asyncio.sleep(0.01)


@pytest.fixture
async def site(make_database: Callable[[], DbUrls], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    monkeypatch.setattr(
        "wenyue.booking.engine.availability_cache.POOL_VIEW_AGE_S_MAX", 60.0
    )  # however slow this machine is
    urls = make_database()
    async with AsyncExitStack() as stack:
        dbs = [await stack.enter_async_context(Database(urls.app_url, size_max=4)) for _ in range(2)]
        tx = await stack.enter_async_context(
            await psycopg.AsyncConnection.connect(urls.owner_url, autocommit=True)
        )
        book = dataset.rulebook({dataset.OPEN_TYPE: await dataset.card_type(tx)})
        engines = [Engine(db, book, clock=lambda: dataset.START) for db in dbs]
        for engine in engines:
            await engine.start()
            stack.push_async_callback(engine.drain)
        venue_id, product_id = await dataset.product(tx, "one-place")
        slot_id = await dataset.slot(tx, venue_id, product_id, DAY, 2, 1)
        cards = [await dataset.card(tx, number) for number in range(1, 5)]
        first = dataset.request(cards[0], slot_id)
        assert (await engines[0].book(first)).outcome is Outcome.CONFIRMED
        yield Site(engines, tx, urls.owner_url, slot_id, first, cards)


async def early_or_booked(engine: Engine, request: BookingRequest) -> Answer:
    """As the hot endpoint asks."""
    return await engine.refuse_early(request.id, request.lines) or await engine.book(request)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


async def test_rules_R9_the_same_sent_twice_while_the_first_waits_has_the_first_ones_answer(
    site: Site,
) -> None:
    here, elsewhere = site.engines
    await site.remembers(here)
    wanted, other = site.wants(2), structs.replace(site.wants(2), body_hash=b"another body")
    other = structs.replace(other, id=wanted.id)
    async with await psycopg.AsyncConnection.connect(site.owner_url) as owner:
        await owner.execute(
            "SELECT FROM booking.pool FOR UPDATE"
        )  # the cancellation waits for it, then the booking
        cancelling = asyncio.ensure_future(elsewhere.change(site.cancels()))
        await until(lambda: elsewhere.depth == 1)
        await asyncio.sleep(0.2)
        answers = [asyncio.ensure_future(here.book(wanted))]
        await until(lambda: here.depth == 1)
        answers += [asyncio.ensure_future(early_or_booked(here, one)) for one in (wanted, wanted, other)]
        await asyncio.sleep(0.1)
        assert [one.done() for one in answers] == [False] * 4
        await owner.rollback()
        assert (await cancelling).outcome is Outcome.CANCELLED
        told = [await one for one in answers]
    assert [(one.outcome, one.is_replay) for one in told] == [
        (Outcome.CONFIRMED, False),
        (Outcome.CONFIRMED, True),
        (Outcome.CONFIRMED, True),
        (Outcome.ID_REUSED, False),
    ]
    assert here.figures.answered[Outcome.CONFIRMED] == 1 + 3


async def test_rules_R9_a_follower_is_answered_though_the_first_has_hung_up(site: Site) -> None:
    here = site.engines[0]
    wanted = site.wants(2)
    assert (await here.change(site.cancels())).outcome is Outcome.CANCELLED
    async with await psycopg.AsyncConnection.connect(site.owner_url) as owner:
        await owner.execute("SELECT FROM booking.pool FOR UPDATE")
        first, second = asyncio.ensure_future(here.book(wanted)), asyncio.ensure_future(here.book(wanted))
        await until(lambda: here.depth == 1)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await owner.rollback()
    assert (await second).outcome is Outcome.CONFIRMED
    assert (await here.book(wanted)).is_replay


async def test_rules_R9_a_refusal_is_shared_too_and_the_next_try_is_decided_anew(site: Site) -> None:
    here, wanted = site.engines[0], site.wants(2)
    told = await asyncio.gather(*(here.book(wanted) for _ in range(5)))
    assert {(one.outcome, one.is_replay) for one in told} == {(Outcome.SOLD_OUT, False)}
    assert (await here.change(site.cancels())).outcome is Outcome.CANCELLED
    assert (await here.book(wanted)).outcome is Outcome.CONFIRMED


async def test_rules_R9_what_another_process_booked_just_now_is_not_refused_from_memory(site: Site) -> None:
    here, elsewhere = site.engines
    await site.remembers(here)
    wanted, newcomer = site.wants(2), site.wants(3)
    assert (await elsewhere.change(site.cancels())).outcome is Outcome.CANCELLED
    assert (await elsewhere.book(wanted)).outcome is Outcome.CONFIRMED
    replay = await early_or_booked(here, wanted)
    assert (replay.outcome, replay.is_replay) == (Outcome.CONFIRMED, True)
    refused = await here.refuse_early(newcomer.id, newcomer.lines)
    assert refused is None or refused.outcome is Outcome.SOLD_OUT
    assert (await early_or_booked(here, newcomer)).outcome is Outcome.SOLD_OUT


async def test_a_place_that_was_given_back_elsewhere_is_had_at_once(site: Site) -> None:
    here, elsewhere = site.engines
    await site.remembers(here)
    assert (await elsewhere.change(site.cancels())).outcome is Outcome.CANCELLED
    assert (await early_or_booked(here, site.wants(2))).outcome is Outcome.CONFIRMED


async def test_without_a_database_nothing_is_refused_from_memory(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, new = site.engines[0], site.wants(2)
    await site.remembers(here)

    async def away(*_: object) -> None:
        raise DatabaseDown("away")

    monkeypatch.setattr(Database, "_sound_connection", away)
    assert await here.refuse_early(new.id, new.lines) is None
