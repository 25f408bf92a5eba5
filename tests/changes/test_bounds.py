"""Proposals, what waits of them and closures are bounded, and whoever fills a list keeps nobody from closing."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from tests.support.change_stage import ANN, BO, asking, price, proposed, staffed_venue, wait_more
from tests.support.database import DbUrls
from tests.support.opening_stage import DAY, Stage
from wenyue.application.closing import CloseSlots
from wenyue.application.operating import NotDone
from wenyue.application.operator_checks import CLOSURES_OF_VENUE_MAX
from wenyue.application.propose_change import propose_change
from wenyue.application.reprice import Reprice
from wenyue.changes import (
    LASTS,
    OF_PERSON_A_DAY_MAX,
    WAITING_OF_PERSON_MAX,
    WAITING_OF_VENUE_MAX,
    Change,
    Refusal,
    State,
    store,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(make_database: Callable[[], DbUrls]) -> AsyncIterator[Stage]:
    async with staffed_venue(make_database()) as made:
        yield made


async def test_security_fifth_4_who_fills_the_list_keeps_nobody_from_closing(stage: Stage) -> None:
    change = await price(stage)
    await wait_more(stage, change, WAITING_OF_PERSON_MAX - 1)
    other = asking("prices.set", Reprice(stage.product_id, {DAY: 1}))
    assert await propose_change(stage, ANN, other) is Refusal.TOO_MANY
    assert isinstance(await propose_change(stage, BO, other), Change)
    await wait_more(stage, change, WAITING_OF_VENUE_MAX - WAITING_OF_PERSON_MAX - 1, by="staff:4")
    assert (
        await propose_change(stage, BO, asking("prices.set", Reprice(stage.product_id, {DAY: 2})))
        is Refusal.TOO_MANY
    )
    for who in (ANN, BO):
        closing = asking("slots.close", CloseSlots(stage.venue_id, DAY, DAY, {"zh-CN": f"大雾{who.name}"}))
        done = await propose_change(stage, who, closing)
        assert isinstance(done, Change)
        assert done.state is State.APPLIED


async def test_security_fifth_4_nobody_proposes_without_end(stage: Stage) -> None:
    change = await price(stage)
    await wait_more(stage, change, OF_PERSON_A_DAY_MAX - 1)
    closing = asking("slots.close", CloseSlots(stage.venue_id, DAY, DAY, {"zh-CN": "大雾"}))
    assert await propose_change(stage, ANN, closing) is Refusal.TOO_MANY
    stage.now += LASTS
    assert isinstance(await propose_change(stage, ANN, closing), Change)


async def test_security_fifth_5_the_oldest_that_waits_comes_first_and_nothing_is_hidden(stage: Stage) -> None:
    first = await price(stage)
    stage.now += timedelta(minutes=1)
    second = await proposed(stage, "prices.set", Reprice(stage.product_id, {DAY: 5_000}))
    await wait_more(stage, second, 150, by="staff:4")
    pages = [await store.latest(stage.tx, stage.now, page=number) for number in (1, 2, 3)]
    assert [len(one) for one in pages] == [100, 52, 0]
    assert pages[0][0].id == first.id
    assert len({one.id for page in pages for one in page}) == 152


async def test_security_fifth_3_closures_of_a_venue_are_bounded(stage: Stage) -> None:
    await stage.tx.execute(
        """INSERT INTO catalogue.closure (venue_id, from_date, to_date, reason, source)
           SELECT %s, %s::date + n, %s::date + n, '{"zh-CN": "x"}', '' FROM generate_series(1, %s) AS n""",
        [stage.venue_id, DAY, DAY, CLOSURES_OF_VENUE_MAX],
    )
    closing = asking("slots.close", CloseSlots(stage.venue_id, DAY, DAY, {"zh-CN": "大雾"}))
    assert await propose_change(stage, ANN, closing) is NotDone.TOO_MANY_CLOSURES
    await stage.tx.execute(
        "UPDATE catalogue.closure SET lifted_at = now() WHERE from_date = %s::date + 1", [DAY]
    )
    assert isinstance(await propose_change(stage, ANN, closing), Change)
