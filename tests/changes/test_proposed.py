"""What may be proposed at all: not what cannot be done, nor what is so already; and a preview only looks."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.support.change_stage import ANN, asking, staffed_venue
from tests.support.database import DbUrls
from tests.support.opening_stage import DAY, Stage
from wenyue import catalogue
from wenyue.application.capacities import SetCapacity
from wenyue.application.changeables import CHANGEABLES
from wenyue.application.closing import CloseSlots
from wenyue.application.lift_closure import LiftClosure
from wenyue.application.operating import NotDone
from wenyue.application.preview_change import preview_change
from wenyue.application.propose_change import propose_change
from wenyue.application.reprice import Reprice
from wenyue.booking import Outcome
from wenyue.changes import (
    Effect,
    Refusal,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stage(make_database: Callable[[], DbUrls]) -> AsyncIterator[Stage]:
    async with staffed_venue(make_database()) as made:
        yield made


def undoable(stage: Stage, kind: str) -> Any:
    """A request that the act refuses."""
    return {
        "prices.set": Reprice(stage.product_id, {DAY: -1}),
        "slots.reopen": LiftClosure(10**9),
        "capacity.set": SetCapacity(stage.morning, 1),
        "slots.close": CloseSlots(stage.venue_id, DAY, DAY, {}),
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
        stage, ANN, CHANGEABLES["slots.close"], CloseSlots(stage.venue_id, DAY, DAY, {"zh-CN": "大雾"})
    )
    assert not isinstance(looked, NotDone)
    assert (looked.effect, looked.counts.sessions) == (Effect.RESTRICTS, 2)
    assert await stage.outcome(stage.morning) is Outcome.CONFIRMED
    assert await catalogue.closures(stage.tx, [stage.venue_id], DAY, DAY) == {}
