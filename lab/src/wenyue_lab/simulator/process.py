"""Simulated booking processes: each with its own connection and its own memory; they crash, and lose replies, on order."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final, Self, cast

from psycopg import AsyncConnection, OperationalError
from psycopg.rows import TupleRow

from wenyue.booking import Answer, BookingRequest, Rulebook
from wenyue.platform.database.db import Tx
from wenyue_lab.simulator.model import Request
from wenyue_lab.simulator.seams import Probe, Views, early, execute, unwatched
from wenyue_lab.simulator.timing import Clock, VirtualLoop

# As the engine connects: index lookups whatever the statistics say, and every wait bounded.
OPTIONS: Final = (
    "-c timezone=UTC -c statement_timeout=20000 -c lock_timeout=10000 -c enable_seqscan=off"
    " -c enable_hashjoin=off -c enable_mergejoin=off -c plan_cache_mode=force_generic_plan"
)
JOIN_DEADLINE_S: Final = 30.0


class Crash(Exception):
    """The process ends here; its connection is closed without a word."""


class Wire(AsyncConnection[TupleRow]):
    """A connection that can lose the reply to COMMIT: the server has committed, the client never hears of it."""

    loses_reply = False

    async def execute(self, query: Any, params: Any = None, **more: Any) -> Any:  # noqa: ANN401 - as its parent's
        """As ever, except for a COMMIT whose reply is to be lost."""
        cursor = await super().execute(query, params, **more)
        if self.loses_reply and query == "COMMIT":
            async with self.pipeline() as pipeline:
                await pipeline.sync()
            await self.close()
            raise OperationalError("simulated: the connection died after COMMIT")
        return cursor


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one batch: answers, or the fault that the process met."""

    answers: list[Answer] | None
    fault: Exception | None = None


class Process:
    """A booking process on the caller's event loop."""

    def __init__(self, url: str, clock: Clock, rulebook: Rulebook) -> None:
        self._url, self._clock, self._rulebook = url, clock, rulebook
        self.views = Views()
        self._tx: Wire | None = None

    @property
    def backend_pid(self) -> int:
        """The server's process behind the connection (0: not connected)."""
        return 0 if self._tx is None or self._tx.closed else self._tx.info.backend_pid

    def forget(self) -> None:
        """Start anew: nothing is remembered."""
        self.views = Views()

    async def connected(self) -> Wire:
        """The connection, made again if the last one is gone."""
        if self._tx is None or self._tx.closed:
            self._tx = await Wire.connect(self._url, options=OPTIONS, autocommit=True, prepare_threshold=1)
        return self._tx

    async def attempt(
        self, batch: Sequence[Request], probe: Probe | None = None, *, loses_reply: bool = False
    ) -> Attempt:
        """Try a batch once. Faults of the database, simulated ones and defects are returned."""
        tx = await self.connected()
        tx.loses_reply = loses_reply
        try:
            answers = await execute(
                tx,
                batch,
                now=self._clock.now,
                rulebook=self._rulebook,
                views=self.views,
                probe=probe or unwatched,
            )
        except Exception as fault:  # noqa: BLE001 - whatever a batch meets is judged by the step; a defect is a finding
            return Attempt(None, fault)
        finally:
            tx.loses_reply = False
        return Attempt(answers)

    def crash_probe(self, at: str) -> Probe:
        """A probe that ends the process at a step: the socket is closed, nothing is said."""

        def probe(step: str) -> None:
            if step == at:
                if self._tx is not None:
                    self._tx.pgconn.finish()
                raise Crash(step)

        return probe

    async def refuse(self, request: BookingRequest) -> Answer | None:
        """A refusal from memory that a look confirms, as the engine gives it; or None."""
        answer = self.views.refuse(request.id, request.channel, request.lines, self._clock.now)
        if answer is None:
            return None
        full = early.rests_on(self.views, answer, request.channel, request.lines)
        looked = await early.still_true(cast(Tx, await self.connected()), {request.id: full})
        return answer if looked[request.id] else None

    async def refresh(self) -> None:
        """Renew the memory of pools."""
        tx = await self.connected()
        await self.views.refresh(cast(Tx, tx))

    async def close(self) -> None:
        """Give the connection back."""
        if self._tx is not None and not self._tx.closed:
            await self._tx.close()


class Away:
    """Runs a `Process` on a thread and an event loop of its own, so that it can be held still in the middle of a batch."""

    def __init__(self, process: Process, clock: Clock) -> None:
        self.process = process
        self._loop = VirtualLoop(clock)
        self._thread = threading.Thread(target=self._loop.run_forever, name="away", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        asyncio.run_coroutine_threadsafe(self.process.close(), self._loop).result(JOIN_DEADLINE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(JOIN_DEADLINE_S)
        self._loop.close()

    def submit(
        self, batch: Sequence[Request], probe: Probe | None = None, *, loses_reply: bool = False
    ) -> Future[Attempt]:
        """Begin a batch over there."""
        coroutine = self.process.attempt(batch, probe, loses_reply=loses_reply)
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def run_refusal(self, request: BookingRequest) -> Future[Answer | None]:
        """Ask its memory over there."""
        return asyncio.run_coroutine_threadsafe(self.process.refuse(request), self._loop)

    def run_refresh(self) -> Future[None]:
        """Renew its memory of pools over there."""
        return asyncio.run_coroutine_threadsafe(self.process.refresh(), self._loop)


class Pause:
    """Holds a batch still at a step until `go` is called; `crashes` then ends the process instead."""

    def __init__(self, process: Process, at: str, *, crashes: bool) -> None:
        self._process, self._at, self._crashes = process, at, crashes
        self._reached, self._go = threading.Event(), threading.Event()

    def probe(self, step: str) -> None:
        """Called by the engine, on the other thread."""
        if step != self._at:
            return
        self._reached.set()
        self._go.wait(JOIN_DEADLINE_S)
        if self._crashes:
            self._process.crash_probe(step)(step)

    def wait_until_reached(self, running: Future[Attempt]) -> bool:
        """Wait until the batch stands still; False when it ended without coming by."""
        running.add_done_callback(lambda _: self._reached.set())
        self._reached.wait(JOIN_DEADLINE_S)
        return not running.done()

    def go(self) -> None:
        """Let it go on."""
        self._go.set()
