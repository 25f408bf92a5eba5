"""Case R11 of the trials: the drill `reply-lost` judges answers by what they say, so that a busy machine fails none."""

import asyncio
from contextlib import suppress
from uuid import UUID

import pytest

from tests.support.answering import DEADLINE_S, SILENCE, Answer, answering
from wenyue_lab.chaos.acts_reply import RESENT, resend
from wenyue_lab.chaos.client import Client, Wire
from wenyue_lab.chaos.fixtures import VENUES, Demand, Fixtures
from wenyue_lab.chaos.history import History, Kind, Operation, Says
from wenyue_lab.chaos.load import Traffic

pytestmark = pytest.mark.anyio
BUSY: Answer = (503, {"outcome": "busy"})
NEW: Answer = (201, {"outcome": "confirmed", "state": "confirmed"})
AGAIN: Answer = (200, {"outcome": "confirmed", "state": "confirmed", "is_replay": True})
FULL: Answer = (409, {"outcome": "sold_out"})


async def told(answers: list[Answer], *, give_up_s: float = DEADLINE_S) -> tuple[list[str], Says | None]:
    """What the drill finds, and what the client then knows; the last answer is given again and again."""
    operation = Operation(UUID(int=7), Kind.BOOK, 1, 1)
    history = History()
    history.begin()
    async with asyncio.timeout(DEADLINE_S), answering(lambda n: answers[min(n, len(answers) - 1)]) as port:
        return await resend(history, operation, port, give_up_s=give_up_s), operation.settled


@pytest.mark.parametrize(
    "answers",
    [
        [NEW, AGAIN],
        [*[BUSY] * RESENT, NEW, AGAIN],  # five times too busy: nothing was done
        [*[BUSY] * RESENT, BUSY, NEW, BUSY, AGAIN],
        [NEW, BUSY, AGAIN, BUSY, AGAIN, BUSY, AGAIN],
    ],
    ids=["at rest", "busy", "busy in between", "busy after it was done"],
)
async def test_rules_R11_reply_lost_is_not_failed_by_a_busy_machine(answers: list[Answer]) -> None:
    assert await told(answers) == ([], Says.YES)


async def test_rules_R11_reply_lost_is_not_failed_by_answers_that_never_come() -> None:
    assert await told([*[SILENCE] * RESENT, AGAIN], give_up_s=0.05) == ([], Says.YES)
    assert await told([*[SILENCE] * RESENT, NEW, AGAIN], give_up_s=0.05) == ([], Says.YES)


@pytest.mark.parametrize(
    "answers",
    [
        [NEW],
        [NEW, AGAIN, AGAIN, AGAIN, AGAIN, NEW, AGAIN],
        [NEW, FULL],
        [*[FULL] * 6, NEW],
        [*[BUSY] * 5, NEW],
    ],
    ids=["each time anew", "once more", "forgotten", "changed", "two after refusals"],
)
async def test_rules_R11_reply_lost_still_sees_what_must_not_be(answers: list[Answer]) -> None:
    findings, _ = await told(answers)
    assert len(findings) == 1
    assert "after 5 losses" in findings[0]


async def test_rules_R11_a_slow_machine_gets_operations_at_its_own_pace() -> None:
    history = History()
    history.begin()
    fixtures = Fixtures(500, tuple(tuple((venue,) for venue in range(VENUES)) for _ in range(10)))
    async with answering(lambda _: SILENCE) as port:
        wire = Wire(port)
        traffic = Traffic(
            Client(history, wire, seed=1),
            Demand(fixtures, seed=1),
            rate_per_s=2_000,
            seed=1,
            in_flight_max=30,
        )
        running = asyncio.create_task(traffic.send_traffic())
        async with asyncio.timeout(DEADLINE_S):
            while not traffic.delayed:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0)  # what began in that same round opens its operation
        assert len(history.operations) == 30
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        wire.close()
