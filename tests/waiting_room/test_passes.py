"""Who came to the waiting room: one pass for each account on every device, kept small, and worth nothing to others."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psycopg
import pytest

from tests.support.database import DbUrls
from tests.support.room_fixtures import RoomFixtures, at_the_room, pass_of
from wenyue import waiting_room
from wenyue.waiting_room import RoomProblem, TokenGiven, store
from wenyue.waiting_room.early import Early
from wenyue.waiting_room.model import ACCOUNTS_PER_CHUNK

pytestmark = pytest.mark.anyio
CHUNKS = 1_221


@pytest.fixture
async def fixtures(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[RoomFixtures]:
    async with at_the_room(make_database(), tmp_path) as made:
        yield made


async def test_before_the_release_every_tab_and_device_is_the_same_place(fixtures: RoomFixtures) -> None:
    await fixtures.open()
    one, other = await fixtures.web(), await fixtures.web()
    passes = [await pass_of(one, 42) for _ in range(3)] + [await pass_of(other, 42)]
    assert len({(given.text, given.epoch, given.code) for given in passes}) == 1
    await fixtures.release(one, other)
    late = await pass_of(other, 42)  # no pass shown: another device, after the release
    assert late == passes[0]
    stranger = await pass_of(other, 43)
    assert stranger.epoch == 1
    async with fixtures.db.connection() as tx:
        assert (await waiting_room.crowd_of(tx, 1)).epochs == ((0, 1), (1, 1))


async def test_who_comes_later_keeps_the_first_epoch_on_every_device(fixtures: RoomFixtures) -> None:
    await fixtures.open()
    one, other = await fixtures.web(), await fixtures.web()
    await fixtures.release(one, other)
    first = await pass_of(one, 9)
    fixtures.clock.forward(60)
    assert (await pass_of(other, 9)).epoch == first.epoch == 1
    assert (await pass_of(one, 10)).epoch == 13
    shown = await pass_of(one, 9, first.text)
    assert shown == first


async def test_many_who_come_at_once_are_asked_together(fixtures: RoomFixtures) -> None:
    await fixtures.open()
    web = await fixtures.web()
    await fixtures.release(web)
    given = await asyncio.gather(*(pass_of(web, account) for account in [*range(1, 1_201), *range(1, 301)]))
    assert {one.epoch for one in given} == {1}
    async with fixtures.db.connection() as tx:
        assert (await waiting_room.crowd_of(tx, 1)).total == 1_200


async def test_a_pass_of_somebody_else_or_of_another_room_is_worth_nothing(fixtures: RoomFixtures) -> None:
    await fixtures.open()
    web = await fixtures.web()
    mine = await pass_of(web, 1)
    await fixtures.release(web)
    await fixtures.run(3, web)
    assert await web.exchange("golden-week", 2, mine.text) is RoomProblem.NOT_YOURS
    for altered in (
        "",
        "x",
        mine.text[:-1],
        mine.text[:-1] + "!",
        "wyt1" + mine.text[4:],
        mine.text + "A",
        "密" * 53,
    ):
        assert await web.exchange("golden-week", 1, altered) is RoomProblem.NOT_YOURS
    assert await web.exchange("nowhere", 1, mine.text) is RoomProblem.UNKNOWN
    assert isinstance(await web.exchange("golden-week", 1, mine.text), TokenGiven)


async def test_ten_million_people_are_two_megabytes(fixtures: RoomFixtures) -> None:
    room = await fixtures.open()
    early = Early()
    for chunk in range(CHUNKS):
        early.add(room.id, chunk * ACCOUNTS_PER_CHUNK)
    async with fixtures.db.connection() as tx, early.writing() as chunks:
        await store.add_early(tx, [(room_id, chunk, b"\xff" * 1_024) for room_id, chunk, _ in chunks])
    assert not early.has_news
    async with fixtures.db.connection() as tx:
        crowd = await waiting_room.crowd_of(tx, room.id)
        row = await (await tx.execute("SELECT pg_total_relation_size('waiting_room.early')")).fetchone()
    assert crowd.total == CHUNKS * ACCOUNTS_PER_CHUNK > 10_000_000
    assert row is not None
    assert row[0] < 2_500_000


async def test_what_could_not_be_written_is_written_later(fixtures: RoomFixtures) -> None:
    room = await fixtures.open()
    web = await fixtures.web()
    await pass_of(web, 42)
    async with await psycopg.AsyncConnection.connect(fixtures.owner_url, autocommit=True) as owner:
        await owner.execute("REVOKE INSERT ON waiting_room.early FROM wenyue_app")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await fixtures.look(web)
        await owner.execute("GRANT INSERT ON waiting_room.early TO wenyue_app")
    await fixtures.look(web)
    async with fixtures.db.connection() as tx:
        assert (await waiting_room.crowd_of(tx, room.id)).total == 1
