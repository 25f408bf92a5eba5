"""The requests of one engine from their arrival until they are answered: their order, their replays, their deadlines."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import structs

from wenyue.booking.decisions.rules import Request
from wenyue.booking.engine.observing import EngineObserver, Figures
from wenyue.booking.engine.waiting import Running, Waiting, deciding, is_same, wanted
from wenyue.booking.model import Answer, BookingRequest, ChangeRequest, Outcome
from wenyue.core.limits import BATCH_RETRIES_MAX, QUEUE_SIZE_MAX

_SWEEP_S: Final = 0.1


class RequestQueue:
    """What waits, bounded, and what is being decided (`running`). One event loop only.

    `work` is set when a lane may find something to do, `idle` when everything is answered.
    """

    def __init__(self, figures: Figures) -> None:
        self.figures = figures
        self.observer: EngineObserver | None = None
        self.work = asyncio.Event()
        self.idle = asyncio.Event()
        self.running: list[Running] = []
        self.under_way: dict[UUID, Waiting] = {}  # new bookings without an answer, the first of each id
        self.is_closed = False  # nothing new is taken
        self._queue: deque[Waiting] = deque()
        self._first: deque[Waiting] = deque()  # changes end what was begun: they go before new bookings
        self._loop: asyncio.AbstractEventLoop | None = (
            None  # looking it up costs as much as deciding a request
        )

    def open(self) -> None:
        """Remember the event loop that everything runs in from now on."""
        self._loop = asyncio.get_running_loop()

    @property
    def waiting(self) -> int:
        """Requests that no batch has taken yet."""
        return len(self._first) + len(self._queue)

    @property
    def depth(self) -> int:
        """Requests waiting or being decided."""
        return self.waiting + deciding(self.running)

    def submit(self, request: Request, id_: UUID, deadline_s: float) -> asyncio.Future[Answer]:
        """The answer to come, for which a lane will ask; BUSY at once when the queue is full or closed."""
        loop = self._loop or asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        if self.is_closed or len(self._queue) >= QUEUE_SIZE_MAX:
            self.figures.refused_full_queue += 1
            self.figures.answered[Outcome.BUSY] += 1
            answer.set_result(Answer(Outcome.BUSY, id_))
            return answer
        waiting = Waiting(request, id_, answer, loop.time() + deadline_s)
        if isinstance(request, BookingRequest):
            first = self.under_way.setdefault(id_, waiting)
            if first is not waiting and self._follows(waiting, first):
                return answer
        if self.observer is not None:
            waiting.mark = self.observer.submitted()
        if isinstance(request, ChangeRequest) and not any(other.id == id_ for other in self._queue):
            self._first.append(waiting)
        else:
            self._queue.append(waiting)
        self.idle.clear()
        self.work.set()
        return answer

    def _follows(self, waiting: Waiting, first: Waiting) -> bool:
        """Whether the same request is under way already: then this one gets its answer, whatever it will be.

        Another body, or somebody else's: it is queued, and told apart there.
        """
        if first.answer.done():  # its asker has gone, or was told this instant
            self.under_way[waiting.id] = waiting
            return False
        if not is_same(waiting.request, first.request):
            return False
        first.followers = (*first.followers, waiting)
        return True

    def take(self, size: int) -> list[Waiting]:
        """The next batch, of at most `size`: changes first, then bookings, each in arrival order.

        A booking's id appears twice only as replays of one request: two changes of one booking, or a booking and its
        change, go to different batches, so that each sees the other's rows.
        """
        batch: list[Waiting] = []
        kinds: dict[UUID, tuple[Waiting, bool]] = {}
        later: list[Waiting] = []
        self._queue.extendleft(reversed(self._first))
        self._first.clear()
        now = asyncio.get_running_loop().time()
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

    def deliver_answer(self, waiting: Waiting, answer: Answer) -> None:
        """Give an answer to whoever waits for it, and to those who sent the same again meanwhile."""
        self._forget(waiting)
        if not waiting.answer.done():
            self.figures.answered[answer.outcome] += 1
            waiting.answer.set_result(answer)
        for follower in waiting.followers:
            if not follower.answer.done():
                self.figures.answered[answer.outcome] += 1
                follower.answer.set_result(structs.replace(answer, is_replay=answer.outcome.is_success))

    def again(self, batch: Sequence[Waiting], or_else: Outcome) -> None:
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
        self.work.set()

    def without_unwanted(self, batch: Sequence[Waiting]) -> None:
        """Queue a batch again without those who were told meanwhile that nothing was done; for the others it was no try."""
        for waiting in batch:
            if not waiting.is_wanted:
                self._forget(waiting)
        self._queue.extendleft(reversed(wanted(batch)))
        self.work.set()

    async def keep_deadlines(self) -> None:
        """Keep the promise of a deadline even while the database hangs: TOO_LATE, or UNKNOWN for what is being written."""
        loop = asyncio.get_running_loop()
        while True:
            if not (self.running or self._queue or self._first):
                self.idle.set()  # also when nobody waited any more for what was left
                await self.work.wait()  # set by the next request; the lanes clear it
            # One look at everybody, ten times a second while there is somebody: a timer of each would be paid by every booking.
            await asyncio.sleep(_SWEEP_S)
            self.work.set()  # a lane that was held looks again
            now = loop.time()
            for waiting in (
                *self._first,
                *self._queue,
            ):  # a deadline may be shorter than that of those in front
                if waiting.deadline < now and waiting.is_wanted:
                    self._give_late(waiting)
            while self._queue and not self._queue[0].is_wanted:
                self._forget(self._queue.popleft())
            for running in self.running:
                for waiting in running.batch:
                    if waiting.deadline < now and waiting.is_wanted:
                        waiting.is_in_doubt |= running.is_writing
                        self._give_late(waiting)

    def _give(self, waiting: Waiting, outcome: Outcome) -> None:
        """An answer that no batch decided."""
        self.deliver_answer(waiting, Answer(outcome, waiting.id))

    def _give_late(self, waiting: Waiting) -> None:
        """Its deadline passed. Only a try that began to write leaves doubt; no other will, now that nobody waits for it."""
        self.figures.dropped_late += 1
        self._give(waiting, Outcome.UNKNOWN if waiting.is_in_doubt else Outcome.TOO_LATE)

    def _forget(self, waiting: Waiting) -> None:
        """It is not under way any more."""
        if self.under_way.get(waiting.id) is waiting:
            del self.under_way[waiting.id]
