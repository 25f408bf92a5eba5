"""Proposals on a real database: who decides, and what takes effect when; the database holds the last line itself."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import psycopg
import pytest

from tests.support.change_stage import ANN, BO, ELSEWHERE, known, price, prices, proposed, staffed_venue, yes
from tests.support.database import DbUrls
from tests.support.opening_stage import DAY, Stage
from wenyue import catalogue
from wenyue.application.capacities import SetCapacity, SetDayCapacity
from wenyue.application.closing import CloseSlots
from wenyue.application.decide_change import decide_change, withdraw_change
from wenyue.application.lift_closure import LiftClosure
from wenyue.application.operating import Operator
from wenyue.application.review_change import Review, carry_out_due, review_change
from wenyue.booking import Outcome
from wenyue.changes import (
    DELAY,
    LASTS,
    Effect,
    Refusal,
    State,
    store,
)
from wenyue.core.duties import RIGHTS, Duty, Right, Role

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(make_database: Callable[[], DbUrls]) -> AsyncIterator[Stage]:
    async with staffed_venue(make_database()) as made:
        yield made


async def test_a_second_person_lets_it_take_effect(stage: Stage) -> None:
    change = await price(stage)
    assert (change.state, change.effect, change.counts.sessions) == (State.WAITING, Effect.LOOSENS, 2)
    assert await prices(stage) == {3_000}
    assert await decide_change(stage, ANN, yes(change)) is Refusal.OWN
    assert await decide_change(stage, BO, yes(change, digest="0" * 64)) is Refusal.DIFFERENT
    assert await decide_change(stage, ELSEWHERE, yes(change)) is Refusal.UNKNOWN
    assert await prices(stage) == {3_000}
    assert await decide_change(stage, BO, yes(change)) is State.APPLIED
    assert await prices(stage) == {4_500}
    assert await decide_change(stage, BO, yes(change)) is Refusal.DECIDED
    cursor = await stage.tx.execute(
        "SELECT actor, action FROM audit.entry WHERE actor LIKE 'staff:%%' ORDER BY id"
    )
    assert await cursor.fetchall() == [
        ("staff:1", "change.proposed"),
        ("staff:1", "product.repriced"),
        ("staff:2", "change.applied"),
    ]


async def test_what_only_restricts_is_done_at_once_and_reviewed_by_another(stage: Stage) -> None:
    change = await proposed(stage, "slots.close", CloseSlots(stage.venue_id, DAY, DAY, {"zh-CN": "大雾"}))
    assert (change.state, change.effect) == (State.APPLIED, Effect.RESTRICTS)
    assert await stage.outcome(stage.morning) is Outcome.SLOT_CLOSED
    assert await review_change(stage, ANN, Review(change.id)) is Refusal.OWN
    assert await review_change(stage, ELSEWHERE, Review(change.id)) is Refusal.UNKNOWN
    assert await review_change(stage, BO, Review(change.id, "同意")) is None
    assert await review_change(stage, BO, Review(change.id)) is Refusal.NOT_REVIEWABLE
    after = await known(stage, change.id)
    assert (after.reviewed_by, after.decision, after.awaits_review) == ("staff:2", "同意", False)
    [closure] = (await catalogue.closures(stage.tx, [stage.venue_id], DAY, DAY))[stage.venue_id]
    lifting = await proposed(stage, "slots.reopen", LiftClosure(closure.id))
    assert (lifting.state, lifting.counts.sessions) == (State.WAITING, 2)
    assert await decide_change(stage, BO, yes(lifting)) is State.APPLIED
    assert await stage.outcome(stage.morning) is Outcome.CONFIRMED


async def test_a_lower_capacity_restricts_and_a_higher_one_waits(stage: Stage) -> None:
    for kind, lower, higher in (
        ("capacity.set", SetCapacity(stage.afternoon, 10), SetCapacity(stage.afternoon, 40)),
        ("capacity.day", SetDayCapacity(stage.venue_id, DAY, 20), SetDayCapacity(stage.venue_id, DAY, 90)),
    ):
        assert (await proposed(stage, kind, lower)).state is State.APPLIED
        change = await proposed(stage, kind, higher)
        assert change.state is State.WAITING
        assert change.was == {"capacity": lower.capacity}
        assert await decide_change(stage, BO, yes(change)) is State.APPLIED


async def test_one_may_decline_or_take_back_and_time_ends_what_nobody_decided(stage: Stage) -> None:
    declined, withdrawn, forgotten = [await price(stage) for _ in range(3)]
    assert await decide_change(stage, BO, yes(declined, is_approved=False, says="太贵")) is State.DECLINED
    assert await withdraw_change(stage, BO, withdrawn.id) is Refusal.NOT_OWN
    assert await withdraw_change(stage, ANN, withdrawn.id) is State.WITHDRAWN
    stage.now += LASTS
    assert await decide_change(stage, BO, yes(forgotten)) is Refusal.EXPIRED
    assert await carry_out_due(stage) == 1
    states = [(await known(stage, one.id)).state for one in (declined, withdrawn, forgotten)]
    assert states == [State.DECLINED, State.WITHDRAWN, State.EXPIRED]
    assert await prices(stage) == {3_000}


async def test_where_one_operator_works_alone_it_takes_effect_by_itself_after_a_while(stage: Stage) -> None:
    assert await store.declare(stage.tx, is_one=True, actor="operator:command", now=stage.now)
    assert not await store.declare(stage.tx, is_one=True, actor="operator:command", now=stage.now)
    change, other = await price(stage), await price(stage)
    assert change.applies_at == stage.now + DELAY
    assert await decide_change(stage, ANN, yes(change)) is Refusal.OWN
    stage.now += DELAY - timedelta(seconds=1)
    assert await carry_out_due(stage) == 0
    assert await withdraw_change(stage, ANN, other.id) is State.WITHDRAWN
    stage.now += timedelta(seconds=1)
    assert await carry_out_due(stage) == 1
    assert await prices(stage) == {4_500}
    assert (await known(stage, change.id)).decided_by == "system:changes"
    assert await carry_out_due(stage) == 0


@pytest.mark.parametrize("role", Role)
async def test_only_who_may_approve_approves(stage: Stage, role: Role) -> None:
    change = await price(stage)
    here, there = (
        Operator("staff:4", duties=frozenset({Duty(role, venue)})) for venue in (stage.venue_id, 9_999)
    )
    assert await decide_change(stage, there, yes(change)) is Refusal.UNKNOWN
    wanted = State.APPLIED if role in RIGHTS[Right.CHANGES_APPROVE] else Refusal.UNKNOWN
    assert await decide_change(stage, here, yes(change)) is wanted
    assert await prices(stage) == {4_500 if wanted is State.APPLIED else 3_000}


@pytest.mark.parametrize(
    "gone",
    [
        "UPDATE accounts.staff SET is_active = false",
        "UPDATE accounts.duty SET venue_id = 9999 WHERE staff_id = 1",
        "UPDATE accounts.duty SET role = 'finance' WHERE staff_id = 1",
        "DELETE FROM accounts.duty",
    ],
)
async def test_nothing_takes_effect_by_itself_for_somebody_who_has_left(stage: Stage, gone: str) -> None:
    await store.declare(stage.tx, is_one=True, actor="operator:command", now=stage.now)
    change = await price(stage)
    await stage.tx.execute(gone.encode())
    stage.now += DELAY
    assert await carry_out_due(stage) == 1
    assert ((await known(stage, change.id)).state, await prices(stage)) == (State.WITHDRAWN, {3_000})


async def test_security_fifth_13_what_somebody_proposed_who_has_left_is_not_approved(stage: Stage) -> None:
    change = await price(stage)
    await stage.tx.execute("UPDATE accounts.staff SET is_active = false WHERE id = 1")
    assert await decide_change(stage, BO, yes(change)) is Refusal.LEFT
    assert ((await known(stage, change.id)).state, await prices(stage)) == (State.WITHDRAWN, {3_000})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE changes.change SET state = 'applied', decided_by = proposed_by, decided_at = now()",
        "UPDATE changes.change SET state = 'applied', decided_at = now()",
        "UPDATE changes.change SET reviewed_by = proposed_by, reviewed_at = now()",
    ],
)
async def test_the_database_refuses_what_one_person_approved_alone(stage: Stage, statement: str) -> None:
    await price(stage)
    with pytest.raises(psycopg.errors.CheckViolation):
        await stage.tx.execute(statement.encode())
