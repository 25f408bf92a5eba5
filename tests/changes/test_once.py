"""Changes that are proposed or approved by many at once are done once, and only as they were shown."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from tests.support.change_stage import (
    ANN,
    BO,
    asking,
    known,
    price,
    prices,
    proposed,
    staffed_venue,
    yes,
)
from tests.support.database import DbUrls
from tests.support.opening_stage import DAY, Stage
from wenyue.application.capacities import SetDayCapacity
from wenyue.application.decide_change import decide_change
from wenyue.application.operating import Operator
from wenyue.application.propose_change import propose_change
from wenyue.application.reprice import Reprice
from wenyue.booking import slot_planning, touched
from wenyue.changes import (
    Change,
    Effect,
    Refusal,
    State,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(make_database: Callable[[], DbUrls]) -> AsyncIterator[Stage]:
    async with staffed_venue(make_database()) as made:
        yield made


async def test_what_has_changed_meanwhile_or_grown_beyond_its_bounds_ends_as_failed(stage: Stage) -> None:
    first, second = (
        await price(stage),
        await proposed(stage, "prices.set", Reprice(stage.product_id, {DAY: 5_500})),
    )
    assert await decide_change(stage, BO, yes(first)) is State.APPLIED
    assert await decide_change(stage, BO, yes(second)) is Refusal.MOVED_ON
    assert await prices(stage) == {4_500}
    bounded = await proposed(stage, "prices.set", Reprice(stage.product_id, {DAY: 6_500}), places_max=0)
    await stage.book(stage.morning, price_minor=4_500)
    assert await decide_change(stage, BO, yes(bounded)) is Refusal.BEYOND_BOUNDS
    after = await known(stage, bounded.id)
    assert (after.state, after.decision) == (State.FAILED, "change_beyond_bounds")
    assert await decide_change(stage, BO, yes(bounded)) is Refusal.DECIDED
    assert (
        await propose_change(
            stage, ANN, asking("prices.set", Reprice(stage.product_id, {DAY: 1}), places_max=0)
        )
        is Refusal.BOUNDS_LOW
    )


async def test_proposed_again_it_is_the_same_and_approved_by_many_at_once_it_is_done_once(
    stage: Stage,
) -> None:
    request = asking("prices.set", Reprice(stage.product_id, {DAY: 4_500}))
    answers = await asyncio.gather(*[propose_change(stage, ANN, request) for _ in range(2)])
    change = await known(stage, request.id)
    assert [one.id for one in answers if isinstance(one, Change)] == [change.id] * 2
    assert await propose_change(stage, BO, request) is Refusal.ID_REUSED
    decided = await asyncio.gather(
        *[decide_change(stage, Operator(f"staff:{n}", duties=BO.duties), yes(change)) for n in range(2, 8)]
    )
    assert sorted(map(str, decided)) == ["applied", *["change_decided"] * 5]
    cursor = await stage.tx.execute("SELECT count(*) FROM audit.entry WHERE action = 'product.repriced'")
    assert await cursor.fetchall() == [(1,)]


async def test_security_fifth_6_of_two_lower_capacities_at_once_none_raises_it(stage: Stage) -> None:
    for number in range(10):
        await slot_planning.set_day_capacity(stage.tx, stage.venue_id, DAY, 1_000 + number)
        asked = [asking("capacity.day", SetDayCapacity(stage.venue_id, DAY, one)) for one in (50, 999)]
        done = await asyncio.gather(*[propose_change(stage, ANN, one) for one in asked])
        [low, high] = [one for one in done if isinstance(one, Change)]
        found = await touched.of_day_pool(stage.tx, stage.venue_id, DAY)
        assert found is not None
        assert found.aim == 50
        assert low.state is State.APPLIED
        assert (high.state, high.effect) in {
            (State.APPLIED, Effect.RESTRICTS),
            (State.WAITING, Effect.LOOSENS),
        }
        await stage.tx.execute(
            "UPDATE changes.change SET state = 'withdrawn', decided_at = now() WHERE state = 'waiting'"
        )


async def test_security_fifth_7_of_two_approvals_of_one_price_the_second_has_moved_on(stage: Stage) -> None:
    for number in range(5):
        both = [
            await proposed(stage, "prices.set", Reprice(stage.product_id, {DAY: 6_000 + 100 * number + one}))
            for one in (0, 1)
        ]
        said = await asyncio.gather(*[decide_change(stage, BO, yes(one)) for one in both])
        assert sorted(map(str, said)) == ["applied", "change_moved_on"]


async def test_security_fifth_15_a_request_that_was_changed_behind_its_digest_is_not_approved(
    stage: Stage,
) -> None:
    change = await price(stage)
    await stage.tx.execute(
        "UPDATE changes.change SET request = jsonb_set(request, ARRAY['prices', %s], '1')", [DAY.isoformat()]
    )
    assert await decide_change(stage, BO, yes(change)) is Refusal.DIFFERENT
    assert await prices(stage) == {3_000}
