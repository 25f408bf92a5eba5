"""A rush: several times more is asked than can be decided, while ordinary people go on booking."""

import asyncio
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from wenyue.platform.config import PERSON_BOOKINGS_MAX
from wenyue_lab.benchmark.members import WorkersLost
from wenyue_lab.benchmark.overload.battery import Battery
from wenyue_lab.benchmark.overload.orders import Stream
from wenyue_lab.benchmark.overload.tally import Tally
from wenyue_lab.chaos.acts import Stage
from wenyue_lab.chaos.runbook import CHECK

RUSH_PER_S: Final = 20_000.0
CONNECTIONS: Final = 4_000
NOWHERE: Final = 2_000_000_000  # a session that is not there: every request is looked up, none is ever booked
_LOADERS: Final = 1
_DRAIN_S: Final = 5.0
_AGAIN_S: Final = 10.0  # what came in the last instant of the rush is answered by then


@contextmanager
def everybody_may_ask(_home: Path) -> Generator[Mapping[str, str]]:
    """The rush comes from few accounts: their own limit would stop it before the lane is ever full."""
    yield {"WENYUE_PERSON_BOOKINGS": str(PERSON_BOOKINGS_MAX)}


async def rush(stage: Stage) -> None:
    """Twenty thousand more requests a second than usual, for some seconds; then the usual load alone again."""
    await stage.rest(0.25)
    began = stage.history.now()
    stage.history.mark(f"a rush of {RUSH_PER_S:,.0f} requests a second")
    async with asyncio.TaskGroup() as group:
        coming = group.create_task(asyncio.to_thread(_come, stage, stage.seconds * 0.4))
        group.create_task(stage.follow(CHECK))
    stage.history.mark("the rush is over")
    stage.faults.append((began, stage.history.now()))
    tally = coming.result()
    if tally is None:
        stage.findings.append("the rush did not come: its load process ended")
        return
    whole = tally.span(0.0, stage.seconds + _DRAIN_S)
    stage.extra["rush: requests"] = whole.offered
    stage.extra["rush: refused at the door"] = whole.shed
    stage.extra["rush: refusals p99, ms"] = round(whole.refused.quantile_ms(0.99), 1) if whole.shed else 0
    stage.extra["rush: without answer"] = whole.unanswered
    if not whole.shed:
        stage.findings.append("the rush was never too much: nothing was refused at the door")
    if whole.failed or whole.booked:
        stage.findings.append(
            f"{whole.failed} requests of the rush failed, {whole.booked} were booked nowhere"
        )
    await stage.is_serving()
    await stage.rest_out(at_least_s=min(_AGAIN_S, stage.seconds * 0.2))


def _come(stage: Stage, seconds: float) -> Tally | None:
    fixtures = stage.fixtures
    if fixtures is None:
        raise LookupError("this drill needs fixtures")
    requests = int(RUSH_PER_S * seconds) + 1
    slots = (NOWHERE,) * (requests // fixtures.cards + 2)
    stream = Stream("rush", ((seconds, RUSH_PER_S),), 1, fixtures.cards, slots)
    try:
        with Battery(size=_LOADERS, port=stage.installation.port, connections=CONNECTIONS) as battery:
            tally, _ = battery.fire([stream], drain_s=_DRAIN_S)
    except WorkersLost:
        return None
    return tally
