"""The booking engine of one process: lanes decide what waits in its queue, in batches that form by themselves.

Life cycle: `start`, then `book` and `change` from any number of tasks, then `drain`.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from time import perf_counter
from typing import Final
from uuid import UUID

from psycopg import Error, InterfaceError, OperationalError

from wenyue.booking.decisions.facts import Rulebook
from wenyue.booking.engine.availability_cache import Views, Wanted
from wenyue.booking.engine.batch import RETRYABLE, InDoubt, NotWanted, execute
from wenyue.booking.engine.early import EarlyRefusals
from wenyue.booking.engine.lanes import SLOW_S, batch_size, is_held
from wenyue.booking.engine.observing import EngineObserver, Figures
from wenyue.booking.engine.request_queue import RequestQueue
from wenyue.booking.engine.waiting import Running, Waiting, deciding, wanted
from wenyue.booking.model import Answer, BookingRequest, ChangeRequest, Channel, Outcome
from wenyue.core.clock import utc_now
from wenyue.core.limits import (
    BATCHES_IN_FLIGHT_MAX,
    BOOKING_DEADLINE_S,
    POOL_VIEW_REFRESH_S,
)
from wenyue.platform.database.db import Database, DatabaseDown, Tx, connect
from wenyue.platform.database.freshness import Freshness

_log: Final = logging.getLogger("wenyue.booking")
_SMOOTH: Final = 0.2
_TOLD_AT_ONCE: Final = 32
_RECONNECT_S: Final = 0.2
# Index lookups whatever the statistics say: tables that grow from empty to millions must not meet a stale plan.
_PLAN: Final = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c plan_cache_mode=force_generic_plan"


class Engine:
    """Booking, with everything that arrives together committed together."""

    def __init__(
        self,
        db: Database,
        rulebook: Rulebook,
        *,
        clock: Callable[[], datetime] = utc_now,
        batches_in_flight: int = 0,
        freshness: Freshness | None = None,
    ) -> None:
        self.rulebook = rulebook
        self.views = Views()
        self.figures = Figures()
        self._db, self._clock, self._freshness = db, clock, freshness or Freshness()
        self._lanes = batches_in_flight or BATCHES_IN_FLIGHT_MAX
        self._queue = RequestQueue(self.figures)
        self._batch_s = 0.0  # how long a batch takes now
        self._held_at = 0.0  # when a free lane began to wait for company; 0: none does
        self._early = EarlyRefusals(db, self.views)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to work. Connections are made as needed; a database that is away is answered with BUSY."""
        self._queue.open()
        self._tasks = [asyncio.create_task(self._run_lane(), name=f"lane {n}") for n in range(self._lanes)]
        self._tasks.append(asyncio.create_task(self._queue.keep_deadlines(), name="deadlines"))
        self._tasks.append(asyncio.create_task(self._refresh(), name="pool views"))

    async def drain(self, *, within_s: float = 10.0) -> None:
        """Take nothing new, answer everything that waits, stop."""
        self._queue.is_closed = True
        if self.depth:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._queue.idle.wait(), within_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def observer(self) -> EngineObserver | None:
        """Who follows requests and batches; None: nobody."""
        return self._queue.observer

    @observer.setter
    def observer(self, observer: EngineObserver | None) -> None:
        self._queue.observer = observer

    @property
    def depth(self) -> int:
        """Requests waiting or being decided."""
        return self._queue.depth

    async def refuse_early(
        self, booking_id: UUID, lines: Sequence[Wanted], channel: Channel = Channel.ONLINE
    ) -> Answer | None:
        """A refusal from memory that a look into the database confirms, or None: then `book` decides.

        Never for an id that is booked, or under way in this process. None comes without a pause, so that whoever asks
        again with the same id meets the first in the queue.
        """
        if booking_id in self._queue.under_way:
            return None
        answer = self.views.refuse(booking_id, channel, lines, self._clock())
        if answer is None or not await self._early.is_true(booking_id, answer, channel, lines):
            return None
        if booking_id in self._queue.under_way or self.views.has_booked(booking_id):
            return None  # since the look
        self.figures.from_memory += 1
        self.figures.answered[answer.outcome] += 1
        return answer

    async def book(self, request: BookingRequest, *, deadline_s: float = BOOKING_DEADLINE_S) -> Answer:
        """Book every line of `request` or none; by the deadline there is an answer, if need be TOO_LATE or UNKNOWN."""
        return await self._queue.submit(request, request.id, deadline_s)

    async def change(self, request: ChangeRequest, *, deadline_s: float = BOOKING_DEADLINE_S) -> Answer:
        """Confirm, cancel, expire or move a booking."""
        return await self._queue.submit(request, request.booking_id, deadline_s)

    def _is_worth_beginning(self) -> bool:
        """Whether a free lane begins with what waits, or leaves it until more has come or the other lanes are done."""
        waiting = self._queue.waiting
        if not waiting:
            return False
        if self._batch_s < SLOW_S or self._queue.is_closed:
            return True
        running = deciding(self._queue.running)
        now = asyncio.get_running_loop().time()
        self._held_at = self._held_at or now
        if not is_held(waiting, running, held_s=now - self._held_at, batch_s=self._batch_s):
            self._held_at = 0.0
            return True
        return False

    async def _run_lane(self) -> None:
        tx: Tx | None = None
        try:
            while True:
                if not self._is_worth_beginning():
                    self._queue.work.clear()
                    await self._queue.work.wait()
                    continue
                size = batch_size(self.depth, self._lanes, batch_s=self._batch_s)
                batch = self._queue.take(size)
                if not batch:
                    await asyncio.sleep(0)
                    continue
                running = Running(batch)
                self._queue.running.append(running)
                try:
                    tx = await self._answer(tx, running)
                finally:
                    self._queue.running.remove(running)
                    self._queue.work.set()  # a lane that was held may begin
                    if not self.depth:
                        self._queue.idle.set()
        finally:
            if tx is not None:
                await tx.close()

    async def _answer(self, tx: Tx | None, running: Running) -> Tx | None:
        """Decide a batch, resolve its futures, and return the connection for the next one."""
        batch = running.batch
        try:
            if tx is None or tx.closed:
                tx = await connect(self._db, options=_PLAN)
                batch = running.batch = wanted(batch)  # a connection may take longer than anybody waits
            answers = await self._decide(tx, running) if batch else []
        except RETRYABLE as error:
            _log.debug("batch of %d decided again: %s", len(batch), type(error).__name__)
            self._queue.again(batch, Outcome.BUSY)
        except NotWanted:
            self._queue.without_unwanted(batch)
        except InDoubt:
            self.figures.in_doubt += 1
            _log.warning("commit of a batch of %d is in doubt: asking again", len(batch))
            self._queue.again(batch, Outcome.UNKNOWN)
        except (OperationalError, InterfaceError, OSError) as error:
            self.figures.away += 1
            self._db.outage.note_bad(type(error).__name__)
            self._queue.again(batch, Outcome.BUSY)
            await asyncio.sleep(_RECONNECT_S)
        except Exception:  # noqa: BLE001 - a defect costs its batch the answer, never the lane
            _log.exception("a batch of %d failed", len(batch))
            self._queue.again(batch, Outcome.BUSY)
        else:
            await self._resolve(batch, answers)
        return tx

    async def _decide(self, tx: Tx, running: Running) -> list[Answer]:
        """The batch's answers, measured, and watched when somebody watches."""
        batch, may_write = running.batch, running.may_write
        requests = [waiting.request for waiting in batch]
        now, book, views = self._clock(), self.rulebook, self.views
        started = perf_counter()
        observer = self.observer
        if observer is None:
            answers = await execute(tx, requests, now=now, rulebook=book, views=views, may_write=may_write)
        else:
            watched = observer.began([waiting.mark for waiting in batch])
            try:
                answers = await execute(
                    tx,
                    requests,
                    now=now,
                    rulebook=book,
                    views=views,
                    probe=watched.step,
                    may_write=may_write,
                )
            except BaseException as error:
                watched.ended(type(error).__name__)
                raise
            watched.ended("committed")
        took_s = perf_counter() - started
        self._batch_s += (took_s - self._batch_s) * _SMOOTH
        self.figures.count_batch(len(batch), took_s)
        self._db.outage.note_good()
        return answers

    async def _resolve(self, batch: Sequence[Waiting], answers: Sequence[Answer]) -> None:
        """Give the answers, some at a time: each wakes a request that has its reply to send, and others have work as well."""
        for number, (waiting, answer) in enumerate(zip(batch, answers, strict=True), 1):
            if not number % _TOLD_AT_ONCE and not self._queue.is_closed:
                await asyncio.sleep(0)
            if answer.outcome is Outcome.STALE_FACTS:
                self._queue.again([waiting], Outcome.BUSY)
                continue
            self._queue.deliver_answer(waiting, answer)

    async def _refresh(self) -> None:
        """Keep the memory of pools fresh; while the database is away it grows stale and is not used."""
        self._freshness.expect("pool_views")
        while True:
            await asyncio.sleep(POOL_VIEW_REFRESH_S)
            if not self.views.is_asked:
                self._freshness.good("pool_views")
                continue
            try:
                async with self._db.connection() as tx:
                    await self.views.refresh(tx)
            except (Error, OSError, DatabaseDown):
                self._freshness.bad("pool_views")
            except Exception as error:  # noqa: BLE001 - a defect: told as old facts, and tried again
                self._freshness.bad("pool_views")
                _log.error("figures of pools could not be read: %s", type(error).__name__)
            else:
                self._freshness.good("pool_views")
