"""A database that neither answers nor ends the connection: whoever waits is told by the deadline."""

import asyncio
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from tests.support.database import DbUrls, both
from wenyue.booking import BookingRequest, Engine, Outcome
from wenyue.core.clock import utc_now
from wenyue.core.ids import uuid7
from wenyue.core.limits import POOL_VIEW_REFRESH_S
from wenyue.platform.database.db import Database, DatabaseDown
from wenyue.platform.database.watched import SILENCE_S_MAX
from wenyue.web.middleware.logins import Logins
from wenyue_lab import dataset
from wenyue_lab.chaos.proxy import CALM, ChaosProxy, LinkNoise

pytestmark = pytest.mark.anyio
NOISE_S = 2.0
DAY = date(2026, 3, 3)


def through(url: str, folder: Path) -> str:
    """The same URL by way of a socket in `folder`."""
    parts = urlsplit(url)
    port = parse_qs(parts.query)["port"][0]
    return parts._replace(query=f"host={quote(str(folder), safe='')}&port={port}").geturl()


def _stranger(number: int) -> bytes:
    """A token as it should look, of nobody."""
    return b"Bearer %043d" % number


async def test_a_login_is_not_waited_for_beyond_its_deadline(db_urls: DbUrls, tmp_path: Path) -> None:
    async with (
        ChaosProxy(tmp_path / ".s.PGSQL.5432", _socket(db_urls.app_url)) as link,
        Database(through(db_urls.app_url, tmp_path), size_max=4) as db,
    ):
        try:
            logins = Logins(db, utc_now)
            assert await logins.find(_stranger(0)) is None
            link.noise = LinkNoise(is_half_open=True)
            waiting = [asyncio.create_task(logins.find(_stranger(n))) for n in range(1, 4)]
            async with asyncio.timeout(SILENCE_S_MAX * 0.9):  # then the connection itself gives up
                for task in waiting:
                    with pytest.raises(DatabaseDown):
                        await task
            link.noise = CALM
            assert await logins.find(_stranger(9)) is None
        finally:
            link.noise = CALM


async def test_a_short_deadline_is_kept_behind_a_long_one(db_urls: DbUrls, tmp_path: Path) -> None:
    async with ChaosProxy(tmp_path / ".s.PGSQL.5432", _socket(db_urls.app_url)) as link:
        link.noise = LinkNoise(is_half_open=True)
        engine = Engine(
            Database(through(db_urls.app_url, tmp_path), size_max=4),
            dataset.rulebook({}),
            batches_in_flight=1,
        )
        await engine.start()
        try:
            started = asyncio.create_task(engine.book(_request(), deadline_s=9))
            await asyncio.sleep(0.05)  # the only lane has taken it, and waits for its connection
            behind = asyncio.create_task(engine.book(_request(), deadline_s=9))
            short = asyncio.create_task(engine.book(_request(), deadline_s=0.2))
            answer = await asyncio.wait_for(short, 8)
            assert answer.outcome is Outcome.TOO_LATE
            assert not behind.done()
            assert not started.done()
        finally:
            link.noise = CALM
            await engine.drain(within_s=0.1)


@pytest.mark.parametrize("is_warm", [False, True])
async def test_who_was_told_that_nothing_was_done_is_not_booked_later(
    db_urls: DbUrls, tmp_path: Path, *, is_warm: bool
) -> None:
    """Their batch waited for a connection, or for its first answer, longer than they did."""
    async with (
        both(db_urls) as (_, tx),
        ChaosProxy(tmp_path / ".s.PGSQL.5432", _socket(db_urls.app_url)) as link,
        Database(through(db_urls.app_url, tmp_path), size_max=4) as db,
    ):
        book = dataset.rulebook({dataset.OPEN_TYPE: await dataset.card_type(tx)})
        venue_id, product_id = await dataset.product(tx, f"v{uuid7()}")
        slot_id = await dataset.slot(tx, venue_id, product_id, DAY, 2, 5)
        card, other, another = [await dataset.card(tx, uuid7().int % 10**9) for _ in range(3)]
        engine = Engine(db, book, clock=lambda: dataset.START, batches_in_flight=1)
        await engine.start()
        try:
            if is_warm:
                assert (await engine.book(dataset.request(other, slot_id))).outcome is Outcome.CONFIRMED
            link.noise = LinkNoise(is_half_open=True)
            wanted = dataset.request(card, slot_id)
            answer = await asyncio.wait_for(engine.book(wanted, deadline_s=0.2), SILENCE_S_MAX * 0.9)
            assert answer.outcome is Outcome.TOO_LATE
            link.noise = CALM
            behind = await engine.book(
                dataset.request(another, slot_id), deadline_s=9
            )  # the lane works again
            assert behind.outcome is Outcome.CONFIRMED
            found = await tx.execute("SELECT FROM booking.booking WHERE id = %s", (wanted.id,))
            assert await found.fetchall() == []
            again = await engine.book(wanted)
            assert (again.outcome, again.is_replay) == (Outcome.CONFIRMED, False)
        finally:
            link.noise = CALM
            await engine.drain(within_s=0.1)


async def test_the_memory_of_pools_outlives_an_outage(db_urls: DbUrls) -> None:
    async with Database(db_urls.app_url, size_max=4) as db:
        engine = Engine(db, dataset.rulebook({}))
        await engine.start()  # when the block is left, there is no connection to be had any more
    try:
        await asyncio.sleep(3 * POOL_VIEW_REFRESH_S)
        assert "pool views" in {task.get_name() for task in asyncio.all_tasks()}
    finally:
        await engine.drain(within_s=0.1)


def _socket(url: str) -> Path:
    return Path(parse_qs(urlsplit(url).query)["host"][0]) / ".s.PGSQL.5432"


def _request() -> BookingRequest:
    return dataset.request(dataset.Card(1, 1, dataset.person(1)), 1)
