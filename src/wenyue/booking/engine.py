"""The booking engine of one process: a bounded queue, batches that form by themselves, answers by a deadline.

Life cycle: `start`, then `book` and `change` from any number of tasks, then `drain`.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from time import perf_counter
from typing import Final
from uuid import UUID

from msgspec import structs
from psycopg import Error, InterfaceError, OperationalError

from wenyue.booking.batch import RETRYABLE, InDoubt, NotWanted, execute
from wenyue.booking.early import EarlyRefusals
from wenyue.booking.facts import Rulebook
from wenyue.booking.lanes import SLOW_S, batch_size, is_held
from wenyue.booking.model import Answer, BookingRequest, ChangeRequest, Channel, Outcome
from wenyue.booking.observing import Figures, Watch
from wenyue.booking.rules import Request
from wenyue.booking.views import Views, Wanted
from wenyue.booking.waiting import Running, Waiting, deciding, is_same, wanted
from wenyue.infra.db import Database, DatabaseDown, Tx, connect
from wenyue.infra.freshness import Freshness
from wenyue.kernel.clock import utc_now
from wenyue.kernel.limits import (
    BATCH_RETRIES_MAX,
    BATCHES_IN_FLIGHT_MAX,
    BOOKING_DEADLINE_S,
    POOL_VIEW_REFRESH_S,
    QUEUE_SIZE_MAX,
)

_log: Final = logging.getLogger("wenyue.booking")
_SWEEP_S: Final = 0.1
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
        self.watch: Watch | None = None
        self._db, self._clock, self._freshness = db, clock, freshness or Freshness()
        self._lanes = batches_in_flight or BATCHES_IN_FLIGHT_MAX
        self._queue: deque[Waiting] = deque()
        self._first: deque[Waiting] = deque()  # changes end what was begun: they go before new bookings
        self._running: list[Running] = []
        self._batch_s = 0.0  # how long a batch takes now
        self._held_at = 0.0  # when a free lane began to wait for company; 0: none does
        self._under_way: dict[UUID, Waiting] = {}  # new bookings without an answer, the first of each id
        self._early = EarlyRefusals(db, self.views)
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._is_draining = False
        self._loop: asyncio.AbstractEventLoop | None = (
            None  # looking it up costs as much as deciding a request
        )

    async def start(self) -> None:
        """Begin to work. Connections are made as needed; a database that is away is answered with BUSY."""
        self._loop = asyncio.get_running_loop()
        self._tasks = [asyncio.create_task(self._run_lane(), name=f"lane {n}") for n in range(self._lanes)]
        self._tasks.append(asyncio.create_task(self._sweep(), name="deadlines"))
        self._tasks.append(asyncio.create_task(self._refresh(), name="pool views"))

    async def drain(self, *, within_s: float = 10.0) -> None:
        """Take nothing new, answer everything that waits, stop."""
        self._is_draining = True
        if self.depth:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._idle.wait(), within_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def depth(self) -> int:
        """Requests waiting or being decided."""
        return len(self._first) + len(self._queue) + deciding(self._running)

    async def refuse_early(
        self, booking_id: UUID, lines: Sequence[Wanted], channel: Channel = Channel.ONLINE
    ) -> Answer | None:
        """A refusal from memory that a look into the database confirms, or None: then `book` decides.

        Never for an id that is booked, or under way in this process. None comes without a pause, so that whoever asks
        again with the same id meets the first in the queue.
        """
        if booking_id in self._under_way:
            return None
        answer = await self._early.refuse(booking_id, channel, lines, self._clock())
        if booking_id in self._under_way or self.views.has_booked(booking_id):
            return None  # since the look
        if answer is not None:
            self.figures.from_memory += 1
            self.figures.answered[answer.outcome] += 1
        return answer

    async def book(self, request: BookingRequest, *, deadline_s: float = BOOKING_DEADLINE_S) -> Answer:
        """Book every line of `request` or none; by the deadline there is an answer, if need be TOO_LATE or UNKNOWN."""
        return await self._submit(request, request.id, deadline_s)

    async def change(self, request: ChangeRequest, *, deadline_s: float = BOOKING_DEADLINE_S) -> Answer:
        """Confirm, cancel, expire or move a booking."""
        return await self._submit(request, request.booking_id, deadline_s)

    def _submit(self, request: Request, id_: UUID, deadline_s: float) -> asyncio.Future[Answer]:
        loop = self._loop or asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        if self._is_draining or len(self._queue) >= QUEUE_SIZE_MAX:
            self.figures.refused_full_queue += 1
            self.figures.answered[Outcome.BUSY] += 1
            answer.set_result(Answer(Outcome.BUSY, id_))
            return answer
        waiting = Waiting(request, id_, answer, loop.time() + deadline_s)
        if isinstance(request, BookingRequest):
            first = self._under_way.setdefault(id_, waiting)
            if first is not waiting and self._follows(waiting, first):
                return answer
        if self.watch is not None:
            waiting.mark = self.watch.submitted()
        if isinstance(request, ChangeRequest) and not any(other.id == id_ for other in self._queue):
            self._first.append(waiting)
        else:
            self._queue.append(waiting)
        self._idle.clear()
        self._work.set()
        return answer

    def _follows(self, waiting: Waiting, first: Waiting) -> bool:
        """Whether the same request is under way already: then this one gets its answer, whatever it will be.

        Another body, or somebody else's: it is queued, and told apart there.
        """
        if first.answer.done():  # its asker has gone, or was told this instant
            self._under_way[waiting.id] = waiting
            return False
        if not is_same(waiting.request, first.request):
            return False
        first.followers = (*first.followers, waiting)
        return True

    def _tell(self, waiting: Waiting, answer: Answer) -> None:
        """Give an answer to whoever waits for it, and to those who sent the same again meanwhile."""
        self._forget(waiting)
        if not waiting.answer.done():
            self.figures.answered[answer.outcome] += 1
            waiting.answer.set_result(answer)
        for follower in waiting.followers:
            if not follower.answer.done():
                self.figures.answered[answer.outcome] += 1
                follower.answer.set_result(structs.replace(answer, is_replay=answer.outcome.is_success))

    def _forget(self, waiting: Waiting) -> None:
        """It is not under way any more."""
        if self._under_way.get(waiting.id) is waiting:
            del self._under_way[waiting.id]

    def _take(self) -> list[Waiting]:
        """The next batch: changes first, then bookings, each in arrival order.

        A booking's id appears twice only as replays of one request: two changes of one booking, or a booking and its
        change, go to different batches, so that each sees the other's rows.
        """
        batch: list[Waiting] = []
        kinds: dict[UUID, tuple[Waiting, bool]] = {}
        later: list[Waiting] = []
        self._queue.extendleft(reversed(self._first))
        self._first.clear()
        now = asyncio.get_running_loop().time()
        size = batch_size(self.depth, self._lanes, batch_s=self._batch_s)
        while self._queue and len(batch) < size:
            if batch and (self._queue[0].is_suspect or batch[-1].is_suspect):
                break
            waiting = self._queue.popleft()
            if not waiting.is_wanted:
                self._forget(waiting)
                continue
            if waiting.deadline < now:
                self._give_late(waiting)
                continue
            is_change = isinstance(waiting.request, ChangeRequest)
            earlier = kinds.setdefault(waiting.id, (waiting, is_change))
            if earlier[0] is not waiting and (is_change or earlier[1]):
                later.append(waiting)
                continue
            batch.append(waiting)
        self._queue.extendleft(reversed(later))
        return batch

    def _is_worth_beginning(self) -> bool:
        """Whether a free lane begins with what waits, or leaves it until more has come or the other lanes are done."""
        waiting = len(self._queue) + len(self._first)
        if not waiting:
            return False
        if self._batch_s < SLOW_S or self._is_draining:
            return True
        running = deciding(self._running)
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
                    self._work.clear()
                    await self._work.wait()
                    continue
                batch = self._take()
                if not batch:
                    await asyncio.sleep(0)
                    continue
                running = Running(batch)
                self._running.append(running)
                try:
                    tx = await self._answer(tx, running)
                finally:
                    self._running.remove(running)
                    self._work.set()  # a lane that was held may begin
                    if not self.depth:
                        self._idle.set()
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
            self._again(batch, Outcome.BUSY)
        except NotWanted:
            self._without_unwanted(batch)
        except InDoubt:
            self.figures.in_doubt += 1
            _log.warning("commit of a batch of %d is in doubt: asking again", len(batch))
            self._again(batch, Outcome.UNKNOWN)
        except (OperationalError, InterfaceError, OSError) as error:
            self.figures.away += 1
            self._db.outage.note_bad(type(error).__name__)
            self._again(batch, Outcome.BUSY)
            await asyncio.sleep(_RECONNECT_S)
        except Exception:  # noqa: BLE001 - a defect costs its batch the answer, never the lane
            _log.exception("a batch of %d failed", len(batch))
            self._again(batch, Outcome.BUSY)
        else:
            await self._resolve(batch, answers)
        return tx

    async def _decide(self, tx: Tx, running: Running) -> list[Answer]:
        """The batch's answers, measured, and watched when somebody watches."""
        batch, may_write = running.batch, running.may_write
        requests = [waiting.request for waiting in batch]
        now, book, views = self._clock(), self.rulebook, self.views
        started = perf_counter()
        if self.watch is None:
            answers = await execute(tx, requests, now=now, rulebook=book, views=views, may_write=may_write)
        else:
            watched = self.watch.began([waiting.mark for waiting in batch])
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
            if not number % _TOLD_AT_ONCE and not self._is_draining:
                await asyncio.sleep(0)
            if answer.outcome is Outcome.STALE_FACTS:
                self._again([waiting], Outcome.BUSY)
                continue
            self._tell(waiting, answer)

    def _again(self, batch: Sequence[Waiting], or_else: Outcome) -> None:
        """Queue the batch's requests again, in front; after BATCH_RETRIES_MAX tries they get `or_else`."""
        for waiting in reversed(batch):
            waiting.tries += 1
            waiting.is_in_doubt |= or_else is Outcome.UNKNOWN
            waiting.is_suspect |= waiting.tries > 1
            if not waiting.is_wanted:
                self._forget(waiting)
                continue
            if waiting.tries > BATCH_RETRIES_MAX:
                self._give(waiting, Outcome.UNKNOWN if waiting.is_in_doubt else or_else)
            else:
                self.figures.retries += 1
                self._queue.appendleft(waiting)
        self._work.set()

    def _without_unwanted(self, batch: Sequence[Waiting]) -> None:
        """Queue a batch again without those who were told meanwhile that nothing was done; for the others it was no try."""
        for waiting in batch:
            if not waiting.is_wanted:
                self._forget(waiting)
        self._queue.extendleft(reversed(wanted(batch)))
        self._work.set()

    async def _sweep(self) -> None:
        """Keep the promise of a deadline even while the database hangs: TOO_LATE, or UNKNOWN for what is being written."""
        loop = asyncio.get_running_loop()
        while True:
            if not (self._running or self._queue or self._first):
                await self._work.wait()  # set by the next request; the lanes clear it
            await asyncio.sleep(_SWEEP_S)
            self._work.set()  # a lane that was held looks again
            now = loop.time()
            for waiting in (
                *self._first,
                *self._queue,
            ):  # a deadline may be shorter than that of those in front
                if waiting.deadline < now and waiting.is_wanted:
                    self._give_late(waiting)
            while self._queue and not self._queue[0].is_wanted:
                self._forget(self._queue.popleft())
            for running in self._running:
                for waiting in running.batch:
                    if waiting.deadline < now and waiting.is_wanted:
                        waiting.is_in_doubt |= running.is_writing
                        self._give_late(waiting)

    def _give(self, waiting: Waiting, outcome: Outcome) -> None:
        """An answer that no batch decided."""
        self._tell(waiting, Answer(outcome, waiting.id))

    def _give_late(self, waiting: Waiting) -> None:
        """Its deadline passed. Only a try that began to write leaves doubt; no other will, now that nobody waits for it."""
        self.figures.dropped_late += 1
        self._give(waiting, Outcome.UNKNOWN if waiting.is_in_doubt else Outcome.TOO_LATE)

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
