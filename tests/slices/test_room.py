"""The waiting room on a real database: who came, what the keeper does, what a process knows and signs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from tests.support.database import DbUrls
from wenyue import emergency
from wenyue.emergency import (
    Gatekeeper,
    LoadSignal,
    NewRoom,
    PassGiven,
    Place,
    RefusedFor,
    Room,
    RoomProblem,
    TokenGiven,
    find_cheats,
    keep_rooms,
    open_room,
    rank_of,
    room_by_code,
    store,
)
from wenyue.emergency.early import Early
from wenyue.emergency.model import ACCOUNTS_PER_CHUNK
from wenyue.infra.config import load_keys
from wenyue.infra.db import Database, Tx
from wenyue.kernel.personal import Vault

pytestmark = pytest.mark.anyio
RELEASE = datetime(2026, 10, 1, 0, 0, tzinfo=UTC)
DAY = date(2026, 10, 8)
PRODUCT, VENUE = 7, 3
CHUNKS = 1_221
WELL = LoadSignal(goodput_per_s=100.0, latency_p99_ms=80.0, limit=600, in_flight=3)


@dataclass(frozen=True)
class Line:
    """One line of a booking."""

    slot_id: int


class Clock:
    """The instant that everything here goes by."""

    def __init__(self) -> None:
        self.now = RELEASE - timedelta(minutes=5)

    def __call__(self) -> datetime:
        """Now."""
        return self.now

    def forward(self, seconds: float) -> None:
        """Later."""
        self.now += timedelta(seconds=seconds)


class World:
    """A database, a worker's keeper, and web processes that know the rooms."""

    def __init__(self, db: Database, vault: Vault, owner_url: str) -> None:
        self.db, self.vault, self.owner_url = db, vault, owner_url
        self.clock = Clock()
        self.signal: LoadSignal | None = WELL
        self.places: int | None = 1_000

    def process(self) -> Gatekeeper:
        """A web process that has read nothing yet."""
        return Gatekeeper(self.db, self.vault, self.clock, lambda: self.signal)

    async def web(self) -> Gatekeeper:
        """A web process."""
        keeper = self.process()
        await self.look(keeper)
        return keeper

    async def look(self, *keepers: Gatekeeper) -> None:
        """These processes read the rooms again, and say how they fare."""
        for keeper in keepers:
            async with self.db.connection() as tx:
                await keeper.refresh(tx, writes_signal=True)

    async def keep(self) -> None:
        """The keeper looks after the room, once."""

        async def left(_tx: Tx, _room: Room) -> int | None:
            return self.places

        async with self.db.transaction() as tx:
            assert await keep_rooms(tx, self.vault, self.clock(), places_left=left) == 1

    async def open(self, **more: Any) -> Room:
        """An operator opens the room; `more` fields differ."""
        new = NewRoom(
            "golden-week", "黄金周", "Golden Week", None, (PRODUCT,), DAY, DAY, "/venues/lake", RELEASE
        )
        async with self.db.transaction() as tx:
            return await open_room(
                tx,
                self.vault,
                replace(new, **more),
                self.clock(),
                actor="test",
            )

    async def room(self, code: str = "golden-week") -> Room:
        """The room as the database has it."""
        async with self.db.connection() as tx:
            room = await room_by_code(tx, code)
        assert room is not None
        return room

    async def release(self, *keepers: Gatekeeper, seconds: float = 4.0) -> None:
        """Pass the release, and let the keeper publish the seed."""
        self.clock.now = RELEASE + timedelta(seconds=seconds)
        await self.look(*keepers)
        await self.keep()
        await self.look(*keepers)

    async def run(self, seconds: int, *keepers: Gatekeeper) -> None:
        """Time passes, second by second."""
        for _ in range(seconds):
            self.clock.forward(1)
            await self.look(*keepers)
            await self.keep()
        await self.look(*keepers)

    async def add_slot(self, on: date = DAY, product: int = PRODUCT) -> int:
        """A session is opened."""
        async with await psycopg.AsyncConnection.connect(self.owner_url, autocommit=True) as owner:
            row = await (
                await owner.execute(
                    "INSERT INTO booking.slot (product_id, venue_id, on_date, starts_at, ends_at, release_at, closes_at,"
                    " price_minor, pool_ids) VALUES (%s, %s, %s, %s, %s, %s, %s, 0, '{1}') RETURNING id",
                    [product, VENUE, on, RELEASE, RELEASE, RELEASE, RELEASE],
                )
            ).fetchone()
        assert row is not None
        return row[0]


@pytest.fixture
async def world(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[World]:
    urls = make_database()
    db = Database(urls.app_url, size_max=4)
    await db.open()
    yield World(db, Vault(load_keys(tmp_path)), urls.owner_url)
    await db.close()


async def pass_of(keeper: Gatekeeper, account: int, shown: str = "") -> PassGiven:
    given = await keeper.give_pass("golden-week", account, shown)
    assert isinstance(given, PassGiven), given
    return given


async def test_the_seed_is_promised_at_once_and_published_at_the_release(world: World) -> None:
    room = await world.open()
    web = await world.web()
    known = web.find("golden-week")
    assert known is not None
    before = msgspec.json.decode(known.body)
    assert (before["state"], before["seed"], before["threshold"]) == ("waiting", None, [0, 0])
    assert before["commitment"] == room.commitment.hex()
    await world.keep()
    assert (await world.room()).seed is None
    await world.release(web)
    after = msgspec.json.decode((web.find("golden-week") or known).body)
    assert after["state"] == "open"
    assert after["commitment"] == before["commitment"]
    seed = bytes.fromhex(after["seed"])
    assert seed not in room.sealed_seed
    assert (
        find_cheats(seed=seed, commitment=room.commitment, release_at=RELEASE, steps=[], exchanges=[]) == []
    )


async def test_before_the_release_every_tab_and_device_is_the_same_place(world: World) -> None:
    await world.open()
    one, other = await world.web(), await world.web()
    passes = [await pass_of(one, 42) for _ in range(3)] + [await pass_of(other, 42)]
    assert len({(given.text, given.epoch, given.code) for given in passes}) == 1
    await world.release(one, other)
    late = await pass_of(other, 42)  # no pass shown: another device, after the release
    assert late == passes[0]
    stranger = await pass_of(other, 43)
    assert stranger.epoch == 1
    async with world.db.connection() as tx:
        assert (await emergency.crowd_of(tx, 1)).epochs == ((0, 1), (1, 1))


async def test_who_comes_later_keeps_the_first_epoch_on_every_device(world: World) -> None:
    await world.open()
    one, other = await world.web(), await world.web()
    await world.release(one, other)
    first = await pass_of(one, 9)
    world.clock.forward(60)
    assert (await pass_of(other, 9)).epoch == first.epoch == 1
    assert (await pass_of(one, 10)).epoch == 13
    shown = await pass_of(one, 9, first.text)
    assert shown == first


async def test_many_who_come_at_once_are_asked_together(world: World) -> None:
    await world.open()
    web = await world.web()
    await world.release(web)
    given = await asyncio.gather(*(pass_of(web, account) for account in [*range(1, 1_201), *range(1, 301)]))
    assert {one.epoch for one in given} == {1}
    async with world.db.connection() as tx:
        assert (await emergency.crowd_of(tx, 1)).total == 1_200


async def test_a_pass_of_somebody_else_or_of_another_room_is_worth_nothing(world: World) -> None:
    await world.open()
    web = await world.web()
    mine = await pass_of(web, 1)
    await world.release(web)
    await world.run(3, web)
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


async def test_the_room_opens_step_by_step_in_the_order_that_the_seed_gives(world: World) -> None:
    await world.open()
    web = await world.web()
    passes = {account: await pass_of(web, account) for account in range(1, 301)}
    await world.release(web)
    in_at: dict[int, int] = {}
    for second in range(60):
        for account, given in passes.items():
            if account not in in_at and isinstance(
                await web.exchange("golden-week", account, given.text), TokenGiven
            ):
                in_at[account] = second
        await world.run(1, web)
        if len(in_at) == len(passes):
            break
    assert len(in_at) == 300
    assert len(set(in_at.values())) > 3
    seed = (await world.room()).seed or b""
    in_order = sorted(passes, key=lambda account: rank_of(seed, passes[account].code))
    seconds = [in_at[account] for account in in_order]
    assert seconds == sorted(seconds)


async def test_a_sick_system_lets_nobody_more_in(world: World) -> None:
    await world.open()
    web = await world.web()
    for account in range(1, 2_001):
        await pass_of(web, account)
    await world.release(web)
    await world.run(2, web)
    risen = (await world.room()).threshold
    assert risen > Place()
    for trouble in (
        replace(WELL, latency_p99_ms=1_500.0),
        replace(WELL, shed_per_s=50.0),
        replace(WELL, goodput_per_s=10.0, waiting=40),
    ):
        world.signal = trouble
        await world.run(2, web)
        assert (await world.room()).threshold == risen, trouble
    world.signal = WELL
    await world.run(2, web)
    assert (await world.room()).threshold > risen


async def test_without_signals_keeper_or_database_everything_stays(world: World) -> None:
    await world.open()
    web = await world.web()
    for account in range(1, 2_001):
        await pass_of(web, account)
    await world.release(web)
    await world.run(2, web)
    risen = (await world.room()).threshold
    world.signal = None
    world.clock.forward(30)
    await world.keep()
    assert (await world.room()).threshold == risen
    known = web.find("golden-week")
    await world.db.close()
    await web.try_to_refresh()
    assert web.find("golden-week") is known
    assert web.refuse(1, [Line(1)]) is None  # slot 1 is guarded by nobody


async def test_a_process_that_never_saw_the_database_lets_nobody_through(world: World) -> None:
    web = world.process()
    refusal = web.refuse(1, [Line(5)])
    assert refusal is not None
    assert (refusal.reason, refusal.address) == (RefusedFor.NOT_READY, "")
    assert await web.give_pass("golden-week", 1) is RoomProblem.BUSY


async def test_guarded_slots_want_a_token_of_the_account_and_the_room(world: World) -> None:
    guarded, other_day = await world.add_slot(), await world.add_slot(DAY + timedelta(days=1))
    other_product = await world.add_slot(product=8)
    await world.open()
    web = await world.web()
    given = await pass_of(web, 1)
    refusal = web.refuse(1, [Line(other_day), Line(guarded)])
    assert refusal is not None
    assert (refusal.reason, refusal.address) == (RefusedFor.NOT_ADMITTED, "/room/golden-week")
    assert web.refuse(1, [Line(other_day), Line(other_product)]) is None
    await world.release(web)
    await world.run(3, web)
    token = await web.exchange("golden-week", 1, given.text)
    assert isinstance(token, TokenGiven)
    assert web.refuse(1, [Line(guarded)], token.text) is None
    assert web.refuse(1, [Line(guarded)], f"junk, {token.text}") is None
    assert web.refuse(2, [Line(guarded)], token.text) is not None
    assert web.refuse(1, [Line(guarded)], given.text) is not None
    again = await web.exchange("golden-week", 1, given.text)
    assert again == token
    world.clock.forward(601)
    late = web.refuse(1, [Line(guarded)], token.text)
    assert late is not None
    assert late.reason is RefusedFor.EXPIRED
    fresh = await web.exchange("golden-week", 1, given.text)
    assert isinstance(fresh, TokenGiven)
    assert fresh.expires_at > token.expires_at
    assert web.refuse(1, [Line(guarded)], fresh.text) is None


async def test_a_slot_that_is_opened_later_is_guarded_too(world: World) -> None:
    await world.open(product_ids=(), venue_id=VENUE)
    web = await world.web()
    slot = await world.add_slot(product=99)
    assert web.refuse(1, [Line(slot)]) is None
    await world.look(web)
    assert web.refuse(1, [Line(slot)]) is not None


async def test_sold_out_pause_and_close(world: World) -> None:
    slot = await world.add_slot()
    room = await world.open()
    web = await world.web()
    given = await pass_of(web, 1)
    world.places = 0
    await world.release(web)
    await world.run(3, web)
    known = web.find("golden-week")
    assert known is not None
    assert msgspec.json.decode(known.body)["state"] == "sold_out"
    assert await web.exchange("golden-week", 1, given.text) is RoomProblem.NOT_YET
    world.places = 5
    async with world.db.transaction() as tx:
        await emergency.steer_room(
            tx, room, world.clock(), actor="test", is_paused=True, message=("稍候", "Wait"), rate_max=9.0
        )
    await world.run(3, web)
    assert msgspec.json.decode((web.find("golden-week") or known).body)["state"] == "paused"
    assert await web.exchange("golden-week", 1, given.text) is RoomProblem.NOT_YET
    assert web.refuse(1, [Line(slot)]) is not None
    async with world.db.transaction() as tx:
        await emergency.close(tx, room, world.clock(), actor="test")
        await emergency.close(tx, room, world.clock(), actor="test")
    await world.look(web)
    assert web.refuse(1, [Line(slot)]) is None
    assert await web.give_pass("golden-week", 1) is RoomProblem.CLOSED
    assert msgspec.json.decode((web.find("golden-week") or known).body)["state"] == "closed"


async def test_a_seed_that_cannot_be_opened_keeps_the_room_shut(world: World, tmp_path: Path) -> None:
    await world.open()
    web = await world.web()
    world.vault = Vault(load_keys(tmp_path / "another-home"))
    await world.release(web)
    assert (await world.room()).seed is None


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"product_ids": ()}, "venue or product"),
        ({"to_day": DAY - timedelta(days=1)}, "from, to"),
        ({"to_day": DAY + timedelta(days=99)}, "from, to"),
        ({"release_at": RELEASE - timedelta(days=9)}, "release"),
        ({"onward": "https://elsewhere.example"}, "onward"),
        ({"product_ids": tuple(range(99))}, "product"),
    ],
)
async def test_a_room_that_makes_no_sense_is_not_opened(
    world: World, more: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValueError, match=field):
        await world.open(**more)


async def test_a_code_is_used_once(world: World) -> None:
    await world.open()
    with pytest.raises(ValueError, match="code"):
        await world.open()


async def test_the_application_cannot_rewrite_what_fairness_is_verified_from(world: World) -> None:
    for statement in (
        "UPDATE emergency.exchange SET rank = 0",
        "UPDATE emergency.step SET rank = 0",
        "DELETE FROM emergency.exchange",
        "DELETE FROM emergency.step",
        "DELETE FROM emergency.room",
    ):
        async with world.db.connection() as tx:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await tx.execute(statement)


async def test_ten_million_people_are_two_megabytes(world: World) -> None:
    room = await world.open()
    early = Early()
    for chunk in range(CHUNKS):
        early.add(room.id, chunk * ACCOUNTS_PER_CHUNK)
    async with world.db.connection() as tx, early.writing() as chunks:
        await store.add_early(tx, [(room_id, chunk, b"\xff" * 1_024) for room_id, chunk, _ in chunks])
    assert not early.has_news
    async with world.db.connection() as tx:
        crowd = await emergency.crowd_of(tx, room.id)
        row = await (await tx.execute("SELECT pg_total_relation_size('emergency.early')")).fetchone()
    assert crowd.total == CHUNKS * ACCOUNTS_PER_CHUNK > 10_000_000
    assert row is not None
    assert row[0] < 2_500_000


async def test_what_could_not_be_written_is_written_later(world: World) -> None:
    room = await world.open()
    web = await world.web()
    await pass_of(web, 42)
    async with await psycopg.AsyncConnection.connect(world.owner_url, autocommit=True) as owner:
        await owner.execute("REVOKE INSERT ON emergency.early FROM wenyue_app")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await world.look(web)
        await owner.execute("GRANT INSERT ON emergency.early TO wenyue_app")
    await world.look(web)
    async with world.db.connection() as tx:
        assert (await emergency.crowd_of(tx, room.id)).total == 1
