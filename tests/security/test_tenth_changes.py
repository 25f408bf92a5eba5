"""The tenth attack on what one operator proposes alone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

import pytest

from tests.support.change_stage import BO, known, price, prices, staffed_venue, yes
from tests.support.database import DbUrls
from tests.support.opening_stage import Stage
from wenyue.application.decide_change import decide_change
from wenyue.application.review_change import carry_out_due
from wenyue.changes import Change, State, store
from wenyue.changes.model import DELAY

pytestmark = pytest.mark.anyio
_WAITING: Final = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'changes.change'::regclass"


@pytest.fixture
async def stage(make_database: Callable[[], DbUrls]) -> AsyncIterator[Stage]:
    async with staffed_venue(make_database()) as made:
        yield made


async def _declare(stage: Stage, *, is_one: bool) -> None:
    await store.declare(stage.tx, is_one=is_one, actor="operator:command", now=stage.now)


async def _proposed_meanwhile(stage: Stage) -> Change:
    """Ann asks what is declared, one operator, and writes once it is declared that there are two."""
    await _declare(stage, is_one=True)
    async with asyncio.timeout(20), stage.tx.transaction():
        await stage.tx.execute("LOCK TABLE changes.change IN SHARE MODE")
        proposing = asyncio.create_task(price(stage))
        while await (await stage.tx.execute(_WAITING)).fetchone() == (0,):
            await asyncio.sleep(0.01)
        await _declare(stage, is_one=False)
    return await proposing


async def test_security_tenth_L1_what_was_under_way_while_two_were_declared_waits_for_the_second(
    stage: Stage,
) -> None:
    change = await _proposed_meanwhile(stage)
    assert change.applies_at is not None
    stage.now += DELAY
    assert await carry_out_due(stage) == 0
    assert ((await known(stage, change.id)).state, await prices(stage)) == (State.WAITING, {3_000})
    assert await decide_change(stage, BO, yes(change)) is State.APPLIED
    assert await prices(stage) == {4_500}


async def test_security_tenth_L1_one_operator_declared_again_lets_nothing_from_before_take_effect(
    stage: Stage,
) -> None:
    change = await _proposed_meanwhile(stage)
    await _declare(stage, is_one=True)
    stage.now += DELAY
    assert await carry_out_due(stage) == 0
    found = await known(stage, change.id)
    assert (found.state, found.applies_at, await prices(stage)) == (State.WAITING, None, {3_000})
