"""The waiting room on a real database: how it is opened and steered, what the keeper does, what everybody may verify."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from tests.support.database import DbUrls
from tests.support.room_fixtures import (
    DAY,
    RELEASE,
    WELL,
    Line,
    RoomFixtures,
    at_the_room,
    half_open,
    pass_of,
)
from wenyue import waiting_room
from wenyue.core.personal import Vault
from wenyue.platform.keys import load_keys
from wenyue.waiting_room import Place, RoomProblem, TokenGiven, find_cheats, rank_of
from wenyue.waiting_room.model import ROOMS_MAX

pytestmark = pytest.mark.anyio


@pytest.fixture
async def fixtures(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[RoomFixtures]:
    async with at_the_room(make_database(), tmp_path) as made:
        yield made


async def test_the_seed_is_promised_at_once_and_published_at_the_release(fixtures: RoomFixtures) -> None:
    room = await fixtures.open()
    web = await fixtures.web()
    known = web.find("golden-week")
    assert known is not None
    before = msgspec.json.decode(known.body)
    assert (before["state"], before["seed"], before["threshold"]) == ("waiting", None, [0, 0])
    assert before["commitment"] == room.commitment.hex()
    await fixtures.keep()
    assert (await fixtures.room()).seed is None
    await fixtures.release(web)
    after = msgspec.json.decode((web.find("golden-week") or known).body)
    assert after["state"] == "open"
    assert after["commitment"] == before["commitment"]
    seed = bytes.fromhex(after["seed"])
    assert seed not in room.sealed_seed
    assert (
        find_cheats(seed=seed, commitment=room.commitment, release_at=RELEASE, steps=[], exchanges=[]) == []
    )


async def test_the_room_opens_step_by_step_in_the_order_that_the_seed_gives(fixtures: RoomFixtures) -> None:
    await fixtures.open()
    web = await fixtures.web()
    passes = {account: await pass_of(web, account) for account in range(1, 301)}
    await fixtures.release(web)
    in_at: dict[int, int] = {}
    for second in range(60):
        for account, given in passes.items():
            if account not in in_at and isinstance(
                await web.exchange("golden-week", account, given.text), TokenGiven
            ):
                in_at[account] = second
        await fixtures.run(1, web)
        if len(in_at) == len(passes):
            break
    assert len(in_at) == 300
    assert len(set(in_at.values())) > 3
    seed = (await fixtures.room()).seed or b""
    in_order = sorted(passes, key=lambda account: rank_of(seed, passes[account].code))
    seconds = [in_at[account] for account in in_order]
    assert seconds == sorted(seconds)


async def test_a_sick_system_lets_nobody_more_in(fixtures: RoomFixtures) -> None:
    web, risen = await half_open(fixtures)
    assert risen > Place()
    for trouble in (
        replace(WELL, latency_p99_ms=1_500.0),
        replace(WELL, shed_per_s=50.0),
        replace(WELL, goodput_per_s=10.0, waiting=40),
    ):
        fixtures.signal = trouble
        await fixtures.run(2, web)
        assert (await fixtures.room()).threshold == risen, trouble
    fixtures.signal = WELL
    await fixtures.run(2, web)
    assert (await fixtures.room()).threshold > risen


async def test_without_signals_keeper_or_database_everything_stays(fixtures: RoomFixtures) -> None:
    web, risen = await half_open(fixtures)
    fixtures.signal = None
    fixtures.clock.forward(30)
    await fixtures.keep()
    assert (await fixtures.room()).threshold == risen
    known = web.find("golden-week")
    await fixtures.db.close()
    await web.try_to_refresh()
    assert web.find("golden-week") is known
    assert web.refuse(1, [Line(1)]) is None  # slot 1 is guarded by nobody


async def test_sold_out_pause_and_close(fixtures: RoomFixtures) -> None:
    slot = await fixtures.add_slot()
    room = await fixtures.open()
    web = await fixtures.web()
    given = await pass_of(web, 1)
    fixtures.places = 0
    await fixtures.release(web)
    await fixtures.run(3, web)
    known = web.find("golden-week")
    assert known is not None
    assert msgspec.json.decode(known.body)["state"] == "sold_out"
    assert await web.exchange("golden-week", 1, given.text) is RoomProblem.NOT_YET
    fixtures.places = 5
    async with fixtures.db.transaction() as tx:
        await waiting_room.steer_room(
            tx,
            room,
            fixtures.clock(),
            actor="test",
            is_paused=True,
            message={"zh-CN": "稍候", "en": "Wait"},
            rate_max=9.0,
        )
    await fixtures.run(3, web)
    assert msgspec.json.decode((web.find("golden-week") or known).body)["state"] == "paused"
    assert await web.exchange("golden-week", 1, given.text) is RoomProblem.NOT_YET
    assert web.refuse(1, [Line(slot)]) is not None
    async with fixtures.db.transaction() as tx:
        await waiting_room.close(tx, room, fixtures.clock(), actor="test")
        await waiting_room.close(tx, room, fixtures.clock(), actor="test")
    await fixtures.look(web)
    assert web.refuse(1, [Line(slot)]) is None
    assert await web.give_pass("golden-week", 1) is RoomProblem.CLOSED
    assert msgspec.json.decode((web.find("golden-week") or known).body)["state"] == "closed"


async def test_a_seed_that_cannot_be_opened_keeps_the_room_shut(
    fixtures: RoomFixtures, tmp_path: Path
) -> None:
    await fixtures.open()
    web = await fixtures.web()
    fixtures.vault = Vault(load_keys(tmp_path / "another-home"))
    await fixtures.release(web)
    assert (await fixtures.room()).seed is None


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
    fixtures: RoomFixtures, more: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValueError, match=field):
        await fixtures.open(**more)


async def test_a_code_is_used_once(fixtures: RoomFixtures) -> None:
    await fixtures.open()
    with pytest.raises(ValueError, match="code"):
        await fixtures.open()


async def test_operators_who_open_rooms_at_once_open_no_more_than_may_be_open(fixtures: RoomFixtures) -> None:
    answers = await asyncio.gather(
        *(fixtures.open(code=f"room-{number}") for number in range(ROOMS_MAX + 4)), return_exceptions=True
    )
    refused = [str(answer) for answer in answers if isinstance(answer, BaseException)]
    assert refused == [f"{ROOMS_MAX} rooms are open: close one first"] * 4


async def test_the_application_cannot_rewrite_what_fairness_is_verified_from(fixtures: RoomFixtures) -> None:
    for statement in (
        "UPDATE waiting_room.exchange SET rank = 0",
        "UPDATE waiting_room.step SET rank = 0",
        "DELETE FROM waiting_room.exchange",
        "DELETE FROM waiting_room.step",
        "DELETE FROM waiting_room.room",
    ):
        async with fixtures.db.connection() as tx:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await tx.execute(statement)
