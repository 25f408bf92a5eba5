"""Proposals on a real database: two persons, once each, bound to what was shown; the database holds the last line itself."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from msgspec.structs import replace

from tests.support.database import DbUrls
from tests.support.opening_stage import DAY, Stage, opened_venue
from wenyue import catalogue
from wenyue.application.changeables import CHANGEABLES
from wenyue.application.close_slots import CloseSlots
from wenyue.application.decide_change import Decision, decide_change, withdraw_change
from wenyue.application.lift_closure import LiftClosure
from wenyue.application.operating import CLOSURES_OF_VENUE_MAX, NotDone, Operator
from wenyue.application.propose_change import ProposeChange, preview_change, propose_change
from wenyue.application.reprice import Reprice
from wenyue.application.review_change import Review, carry_out_due, review_change
from wenyue.application.set_capacity import SetCapacity, SetDayCapacity
from wenyue.booking import Outcome, opening, touched
from wenyue.changes import (
    DELAY,
    LASTS,
    OF_PERSON_A_DAY_MAX,
    WAITING_OF_PERSON_MAX,
    WAITING_OF_VENUE_MAX,
    Change,
    Effect,
    Refusal,
    State,
    store,
)
from wenyue.infra.db import Database
from wenyue.kernel.duties import RIGHTS, Duty, Right, Role, duties_of_role
from wenyue.kernel.ids import uuid7

pytestmark = pytest.mark.anyio
ANN, BO = (Operator(f"staff:{n}", duties=duties_of_role("operator")) for n in (1, 2))
ELSEWHERE = Operator("staff:3", duties=duties_of_role("operator", [9_999]))


@pytest.fixture
async def stage(make_database: Callable[[], DbUrls]) -> AsyncIterator[Stage]:
    urls = make_database()
    async with opened_venue(urls) as made, Database(urls.app_url, size_max=8) as db:
        await made.tx.execute(
            """INSERT INTO accounts.staff (id, login, password_hash, role) OVERRIDING SYSTEM VALUE
               SELECT n, 'staff-' || n, '-', 'operator' FROM generate_series(1, 9) AS n"""
        )
        await made.tx.execute(
            "INSERT INTO accounts.duty (staff_id, role, granted_by) SELECT n, 'operator', 'test' FROM generate_series(1, 9) AS n"
        )
        made.db = db  # whoever approves in the console speaks as the application
        yield made


def asking(kind: str, request: Any, **more: Any) -> ProposeChange:
    """A proposal with its reason."""
    return replace(ProposeChange(uuid7(), CHANGEABLES[kind], request, "平安夜"), **more)


async def proposed(stage: Stage, kind: str, request: Any, **more: Any) -> Change:
    """Ann proposes it."""
    change = await propose_change(stage, ANN, asking(kind, request, **more))
    assert isinstance(change, Change)
    return change


async def price(stage: Stage, **more: Any) -> Change:
    """Ann proposes another price."""
    return await proposed(stage, "prices.set", Reprice(stage.product_id, {DAY: 4_500}), **more)


async def prices(stage: Stage) -> set[int]:
    """What the day's sessions cost."""
    cursor = await stage.tx.execute("SELECT price_minor FROM booking.slot WHERE on_date = %s", [DAY])
    return {row[0] for row in await cursor.fetchall()}


def yes(change: Change, **more: Any) -> Decision:
    """Approve what was shown."""
    return replace(Decision(change.id, change.digest, is_approved=True), **more)


async def known(stage: Stage, change_id: UUID) -> Change:
    """As it is kept."""
    found = await store.find(stage.tx, change_id)
    assert found is not None
    return found


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
    change = await proposed(stage, "slots.close", CloseSlots(stage.venue_id, DAY, DAY, "大雾"))
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


def undoable(stage: Stage, kind: str) -> Any:
    """A request that the act refuses."""
    return {
        "prices.set": Reprice(stage.product_id, {DAY: -1}),
        "slots.reopen": LiftClosure(10**9),
        "capacity.set": SetCapacity(stage.morning, 1),
        "slots.close": CloseSlots(stage.venue_id, DAY, DAY, ""),
    }[kind]


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("prices.set", NotDone.BAD_PRICE),
        ("slots.reopen", NotDone.CLOSURE_UNKNOWN),
        ("capacity.set", NotDone.BELOW_RESERVES),
        ("slots.close", NotDone.REASON_NEEDED),
    ],
)
async def test_what_cannot_be_done_is_not_proposed(stage: Stage, kind: str, why: NotDone) -> None:
    request = undoable(stage, kind)
    assert await propose_change(stage, ANN, asking(kind, request)) is why
    assert await preview_change(stage, ANN, CHANGEABLES[kind], request) is why
    assert await propose_change(stage, ANN, asking(kind, request, reason="a\nb")) is NotDone.REASON_NEEDED
    cursor = await stage.tx.execute("SELECT count(*) FROM changes.change")
    assert await cursor.fetchall() == [(0,)]


async def test_what_is_so_already_is_not_proposed(stage: Stage) -> None:
    for kind, request in (
        ("prices.set", Reprice(stage.product_id, {DAY: 3_000})),
        ("capacity.set", SetCapacity(stage.afternoon, 20)),
    ):
        assert await propose_change(stage, ANN, asking(kind, request)) is Refusal.NOTHING


async def test_a_preview_changes_nothing(stage: Stage) -> None:
    looked = await preview_change(
        stage, ANN, CHANGEABLES["slots.close"], CloseSlots(stage.venue_id, DAY, DAY, "大雾")
    )
    assert not isinstance(looked, NotDone)
    assert (looked.effect, looked.counts.sessions) == (Effect.RESTRICTS, 2)
    assert await stage.outcome(stage.morning) is Outcome.CONFIRMED
    assert await catalogue.closures(stage.tx, [stage.venue_id], DAY, DAY) == {}


async def wait_more(stage: Stage, change: Change, count: int, *, by: str = "staff:1") -> None:
    """So many more proposals like it wait, of somebody."""
    await stage.tx.execute(
        """INSERT INTO changes.change (id, kind, venue_id, effect, request, was, sessions, places, money_minor, places_max,
                                       money_minor_max, reason, digest, proposed_by, proposed_at, expires_at, state)
           SELECT gen_random_uuid(), kind, venue_id, effect, request, was, sessions, places, money_minor, places_max,
                  money_minor_max, reason, digest, %s, proposed_at, expires_at, state
             FROM changes.change, generate_series(1, %s) WHERE id = %s""",
        [by, count, change.id],
    )


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
        closing = asking("slots.close", CloseSlots(stage.venue_id, DAY, DAY, f"大雾{who.name}"))
        done = await propose_change(stage, who, closing)
        assert isinstance(done, Change)
        assert done.state is State.APPLIED


async def test_security_fifth_4_nobody_proposes_without_end(stage: Stage) -> None:
    change = await price(stage)
    await wait_more(stage, change, OF_PERSON_A_DAY_MAX - 1)
    closing = asking("slots.close", CloseSlots(stage.venue_id, DAY, DAY, "大雾"))
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
        """INSERT INTO catalogue.closure (venue_id, from_date, to_date, reason_zh, reason_en, source)
           SELECT %s, %s::date + n, %s::date + n, 'x', '', '' FROM generate_series(1, %s) AS n""",
        [stage.venue_id, DAY, DAY, CLOSURES_OF_VENUE_MAX],
    )
    closing = asking("slots.close", CloseSlots(stage.venue_id, DAY, DAY, "大雾"))
    assert await propose_change(stage, ANN, closing) is NotDone.TOO_MANY_CLOSURES
    await stage.tx.execute(
        "UPDATE catalogue.closure SET lifted_at = now() WHERE from_date = %s::date + 1", [DAY]
    )
    assert isinstance(await propose_change(stage, ANN, closing), Change)


async def test_security_fifth_6_of_two_lower_capacities_at_once_none_raises_it(stage: Stage) -> None:
    for number in range(10):
        await opening.set_day_capacity(stage.tx, stage.venue_id, DAY, 1_000 + number)
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


async def test_security_fifth_13_what_somebody_proposed_who_has_left_is_not_approved(stage: Stage) -> None:
    change = await price(stage)
    await stage.tx.execute("UPDATE accounts.staff SET is_active = false WHERE id = 1")
    assert await decide_change(stage, BO, yes(change)) is Refusal.LEFT
    assert ((await known(stage, change.id)).state, await prices(stage)) == (State.WITHDRAWN, {3_000})


async def test_security_fifth_15_a_request_that_was_changed_behind_its_digest_is_not_approved(
    stage: Stage,
) -> None:
    change = await price(stage)
    await stage.tx.execute(
        "UPDATE changes.change SET request = jsonb_set(request, ARRAY['prices', %s], '1')", [DAY.isoformat()]
    )
    assert await decide_change(stage, BO, yes(change)) is Refusal.DIFFERENT
    assert await prices(stage) == {3_000}


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
