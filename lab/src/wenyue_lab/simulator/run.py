"""A run: epochs of steps from one seed, until the steps are done or something is caught."""

import asyncio
import contextlib
import gc
import random
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, LiteralString, cast

import psycopg
from psycopg import AsyncConnection, sql

from wenyue_lab import dataset
from wenyue_lab.simulator.fixtures import build, rulebook
from wenyue_lab.simulator.inspection import Caught, Trouble
from wenyue_lab.simulator.process import Away, Process
from wenyue_lab.simulator.stage import Record, Stage
from wenyue_lab.simulator.stepping import Steps
from wenyue_lab.simulator.timing import Clock, VirtualLoop

EPOCH_STEPS: Final = 250  # then the fixtures are made anew, so that looking at all of it stays cheap


@dataclass(frozen=True, slots=True)
class Urls:
    """One database of the simulator's own, as the application and as the owner see it."""

    app: str = field(repr=False)
    owner: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended."""

    seed: int
    steps: int
    digest: str
    outcomes: dict[str, int]
    events: dict[str, int]
    troubles: tuple[Trouble, ...] = ()
    last: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Nothing was caught."""
        return not self.troubles

    @property
    def caught_by(self) -> str:
        """Everything that noticed, in order."""
        return Caught(list(self.troubles)).by


def simulate(
    urls: Urls,
    seed: int,
    steps: int,
    *,
    progress: Callable[[int], None] = lambda _step: None,
    without: tuple[str, ...] = (),
) -> Result:
    """Run `steps` steps of `seed` in a database that may be emptied. `without`: DDL that takes constraints away first."""
    if without:
        with psycopg.connect(urls.owner, autocommit=True) as owner:
            for statement in without:
                owner.execute(sql.SQL(cast(LiteralString, statement)))
    clock = Clock(dataset.START)
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(clock)) as runner, _calm():
        return runner.run(_simulate(urls, seed, steps, clock, progress))


@contextmanager
def _calm() -> Generator[None]:
    """The cycle collector is of no use here and costs a tenth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _simulate(
    urls: Urls, seed: int, steps: int, clock: Clock, progress: Callable[[int], None]
) -> Result:
    record = Record()
    book = rulebook()
    async with contextlib.AsyncExitStack() as stack:
        owner = await stack.enter_async_context(await _connect(urls.owner))
        desk = await stack.enter_async_context(await _connect(urls.owner))
        near = Process(urls.app, clock, book)
        stack.push_async_callback(near.close)
        far = stack.enter_context(Away(Process(urls.app, clock, book), clock))
        stage = Stage(clock, owner, desk, near, far)
        troubles: list[Trouble] = []
        try:
            while record.step < steps:
                await _epoch(stage, seed, steps, record, progress)
        except Caught as caught:
            troubles = caught.troubles
    return Result(
        seed,
        record.step,
        record.digest.hexdigest()[:16],
        dict(record.outcomes.most_common()),
        dict(record.events.most_common()),
        tuple(troubles),
        tuple(record.last),
    )


async def _connect(url: str) -> AsyncConnection[tuple[object, ...]]:
    return await AsyncConnection.connect(url, autocommit=True, prepare_threshold=1, options="-c timezone=UTC")


async def _epoch(
    stage: Stage, seed: int, steps: int, record: Record, progress: Callable[[int], None]
) -> None:
    rng = random.Random(f"{seed}/{record.step // EPOCH_STEPS}")  # noqa: S311 - repeatable on purpose
    fixtures = await build(stage.owner, rng)
    stage.clock.now = fixtures.start
    stage.clock.advance(3600.0)
    stage.near.forget()
    stage.far.process.forget()
    epoch = Steps(stage, fixtures, rng, record)
    for _ in range(min(EPOCH_STEPS, steps - record.step)):
        record.step += 1
        await epoch.one()
        progress(record.step)
