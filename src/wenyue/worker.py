"""The worker role: the schedule of what happens later. Any number of workers may run; each job tolerates company."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import partial
from time import monotonic
from typing import Final

from psycopg import InterfaceError, OperationalError

from wenyue.application.jobs.advance_waiting_rooms import advance_waiting_rooms
from wenyue.application.jobs.carry_over import carry_over
from wenyue.application.jobs.drop_events import drop_events
from wenyue.application.jobs.drop_over_sign_ins import drop_over_sign_ins
from wenyue.application.jobs.erase_due import erase_due
from wenyue.application.jobs.expire_holds import expire_holds
from wenyue.application.jobs.fill_search import fill_search
from wenyue.application.jobs.index_near import index_near
from wenyue.application.jobs.mark_no_shows import mark_no_shows
from wenyue.application.jobs.note_names import note_names
from wenyue.application.jobs.open_ahead import open_ahead
from wenyue.application.jobs.say_alive import say_alive
from wenyue.application.jobs.send_notices import send_notices
from wenyue.application.jobs.send_texts import Outgoing
from wenyue.application.jobs.tell_subscriber import register, tell_subscriber
from wenyue.application.jobs.tidy_abuse import tidy_abuse
from wenyue.application.review_change import carry_out_due
from wenyue.booking import tasks
from wenyue.container import Services
from wenyue.core.clock import local_date
from wenyue.core.limits import EXPIRY_POLL_S, OUTBOX_POLL_S
from wenyue.events import Subscriber
from wenyue.monitoring import name_of
from wenyue.notifications import SmsTransport, transport_of
from wenyue.platform.database.db import DatabaseDown
from wenyue.platform.failure import where
from wenyue.platform.jobs.queue import JobQueue
from wenyue.subscribers import Subscribers
from wenyue.telemetry import WorkFigures, label_of, read_waiting
from wenyue.waiting_room import KEEP_EVERY_S
from wenyue.worker_record import RecordKeeper
from wenyue.worker_rooms import PlacesLeft

STOP_WITHIN_S: Final = 9.0
_log: Final = logging.getLogger("wenyue.worker")
_BACKOFF_S: Final = 2.0
_BACKOFF_S_MAX: Final = 60.0
_RUN_DEADLINE_S: Final = 300.0  # the first opening of a month of sessions is the longest
_SEAL_EVERY_S: Final = 5.0  # what a thief of the database could rewrite unseen is at most so old
_NO_SHOWS_EVERY_S: Final = 60.0
_OPEN_EVERY_S: Final = 60.0  # looks at the date; opens once a day
_NOTICES_EVERY_S: Final = 1.0  # somebody waits for a code
_DROP_EVENTS_EVERY_S: Final = 3600.0
_SUSPICIOUS_EVERY_S: Final = 300.0
_INDEX_EVERY_S: Final = 60.0
_CHANGES_EVERY_S: Final = 5.0
_ERASE_EVERY_S: Final = 3600.0  # looks; a day that was gone through costs three reads
_LOOK_EVERY_S: Final = 5.0
_BEAT_EVERY_S: Final = 30.0
_AT_LEAST_EVERY_S: Final = 15.0  # a look that missed something would cost so much, and no more


@dataclass(frozen=True, slots=True)
class Task:
    """Something done again and again; `run` says whether more is waiting: then at once again.

    A task with `wanted` runs, at most every `every_s`, while that is set, and every _AT_LEAST_EVERY_S whatever it says.
    """

    name: str
    every_s: float
    run: Callable[[], Awaitable[bool]]
    wanted: asyncio.Event | None = None  # set when there is something to do; without it, every `every_s`
    takes_s: float = 30.0  # at most, when all is well: what is not done by then is told as old


class Worker:
    """Runs every task until told to stop; a task that fails is tried again and stops nobody else."""

    def __init__(self, services: Services, *, sms: SmsTransport | None = None) -> None:
        self._services = services
        self._sms = sms or transport_of(services.settings)
        self._outgoing = Outgoing(services, self._sms)
        node = services.settings.monitor.node or os.uname().nodename
        self._name = name_of("worker", node)
        self._jobs = JobQueue(services.db)
        self.subscribers = Subscribers(services, self._jobs, self._outgoing)
        self._is_registered = False
        self._opened_on: date | None = None
        self._names_after: int | None = 0  # None: every account that was there is noted
        self._places = PlacesLeft(services.clock)
        self._record = RecordKeeper(services)
        self.figures = WorkFigures()
        self._holds_due, self._notes_due, self._has_rooms = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._to_tell = {one.name: asyncio.Event() for one in self.subscribers.all}
        self.tasks = [
            Task("notice what is due", OUTBOX_POLL_S, self._notice),
            Task("expire holds", EXPIRY_POLL_S, self._expire_holds, self._holds_due),
            Task("carry old notes over", OUTBOX_POLL_S, self._carry_over, self._notes_due),
            *(
                Task(f"tell {one.name}", OUTBOX_POLL_S, partial(self._tell, one), self._to_tell[one.name])
                for one in self.subscribers.all
            ),
            Task("send notices", _NOTICES_EVERY_S, self._send_notices),
            Task("carry out changes", _CHANGES_EVERY_S, self._carry_out),
            Task("mark no-shows", _NO_SHOWS_EVERY_S, self._mark_no_shows, takes_s=_RUN_DEADLINE_S),
            Task("open sessions ahead", _OPEN_EVERY_S, self._open_ahead, takes_s=_RUN_DEADLINE_S),
            Task("keep the waiting rooms", KEEP_EVERY_S, self._keep_rooms, self._has_rooms),
            Task("seal the record", _SEAL_EVERY_S, self._record.keep),
            Task("drop old events", _DROP_EVENTS_EVERY_S, self._drop_events, takes_s=_RUN_DEADLINE_S),
            Task(
                "drop sign-ins that are over",
                _DROP_EVENTS_EVERY_S,
                self._drop_sign_ins,
                takes_s=_RUN_DEADLINE_S,
            ),
            Task("tidy suspicious signs", _SUSPICIOUS_EVERY_S, self._tidy_abuse),
            Task("erase what is past its period", _ERASE_EVERY_S, self._erase),
            Task("index near bookings", _INDEX_EVERY_S, self._index_near),
            Task("fill what venues are found by", _INDEX_EVERY_S, self._fill_search),
            Task("note the names of accounts", _ERASE_EVERY_S, self._note_names),
            Task("say that it lives", _BEAT_EVERY_S, self._beat),
            Task("look at what waits", _LOOK_EVERY_S, self._look),
        ]

    async def run_worker(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; what is in progress is finished, or given up after STOP_WITHIN_S and done again later."""
        jobs = Task("do jobs", _BACKOFF_S, lambda: self._do_jobs(stop))
        self._services.freshness.expect("web_signals")
        running = [asyncio.create_task(self._repeat(jobs, stop, deadline_s=None), name=jobs.name)]
        running += [asyncio.create_task(self._repeat(task, stop), name=task.name) for task in self.tasks]
        try:
            await stop.wait()
            _, late = await asyncio.wait(running, timeout=STOP_WITHIN_S)
            if late:
                _log.warning("not finished in time: %s", ", ".join(task.get_name() for task in late))
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _repeat(
        self, task: Task, stop: asyncio.Event, *, deadline_s: float | None = _RUN_DEADLINE_S
    ) -> None:
        failures, figures = 0, self.figures.of(task.name)
        fresh, fact = self._services.freshness, _fact_of(task)
        if deadline_s is not None:  # jobs are done until the end: how they fare is seen by what waits
            fresh.expect(fact, 3 * task.every_s + task.takes_s)
        while not stop.is_set():
            started = monotonic()
            try:
                async with asyncio.timeout(deadline_s):
                    wait_s = 0 if await task.run() else task.every_s
                failures = 0
                figures.note(monotonic() - started, is_good=True)
                fresh.good(fact)
            except Exception as error:  # noqa: BLE001 - a defect of one task must not stop the others either
                wait_s = max(task.every_s, min(_BACKOFF_S * 2**failures, _BACKOFF_S_MAX))
                failures = min(failures + 1, 10)
                figures.note(monotonic() - started, is_good=False)
                fresh.bad(fact)
                if isinstance(error, DatabaseDown | OperationalError | InterfaceError):
                    self._services.db.outage.note_bad(type(error).__name__, is_sure=False)
                    _log.debug("%s: the database is away, again in %.0f s", task.name, wait_s)
                else:
                    _log.warning("%s: %s, again in %.0f s", task.name, where(error), wait_s)
            await self._pause(task, stop, wait_s, is_good=failures == 0)

    async def _pause(self, task: Task, stop: asyncio.Event, wait_s: float, *, is_good: bool) -> None:
        """Until the task's next run is due, or `stop`."""
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), wait_s)
            return
        if task.wanted is None or not is_good or wait_s == 0:
            return
        fact = _fact_of(task)
        self._services.freshness.rest(fact)
        waits = [asyncio.create_task(one.wait()) for one in (stop, task.wanted)]
        try:
            await asyncio.wait(waits, timeout=_AT_LEAST_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
            self._services.freshness.good(fact)

    async def _notice(self) -> bool:
        """One statement in place of a transaction for each task: what is not wanted now does not run."""
        due = await tasks.look_for_due(self._services.db, self._services.clock())
        wanted = [(due.holds, self._holds_due), (due.notes, self._notes_due)]
        wanted += [(name in due.subscribers, event) for name, event in self._to_tell.items()]
        for is_due, event in wanted:
            (event.set if is_due else event.clear)()
        room = self._services.room
        (self._has_rooms.set if room.rooms or not room.is_ready else self._has_rooms.clear)()
        return False

    async def _note_names(self) -> bool:
        """Once after a start."""
        if self._names_after is None:
            return False
        self._names_after = await note_names(self._services, self._names_after)
        return self._names_after is not None

    async def _expire_holds(self) -> bool:
        return await expire_holds(self._services) > 0

    async def _tell(self, one: Subscriber) -> bool:
        if not self._is_registered:
            await register(self._services, self.subscribers.all)
            self._is_registered = True
        return await tell_subscriber(self._services, one)

    async def _carry_over(self) -> bool:
        return await carry_over(self._services)

    async def _send_notices(self) -> bool:
        return await send_notices(self._services, self._outgoing)

    async def _do_jobs(self, stop: asyncio.Event) -> bool:
        await self._jobs.run_jobs(stop)
        return False

    async def _carry_out(self) -> bool:
        """What one operator proposed alone, when its time comes; and proposals that nobody decided upon end."""
        return await carry_out_due(self._services) > 0

    async def _mark_no_shows(self) -> bool:
        return await mark_no_shows(self._services)

    async def _open_ahead(self) -> bool:
        """At the start, and once on every new day."""
        today = local_date(self._services.clock(), self._services.rulebook.timezone)
        if self._opened_on != today and await open_ahead(self._services):
            self._opened_on = today
        return False

    async def _keep_rooms(self) -> bool:
        await advance_waiting_rooms(self._services, self._places.left)
        return False

    async def _beat(self) -> bool:
        """Tell the monitor that this worker lives, and whether texts can leave."""
        names = [self._name] + ([f"sms:{self._sms.name}"] if await self._sms.is_up() else [])
        await say_alive(self._services, names, int(_BEAT_EVERY_S))
        return False

    async def _tidy_abuse(self) -> bool:
        await tidy_abuse(self._services)
        return False

    async def _drop_sign_ins(self) -> bool:
        return await drop_over_sign_ins(self._services)

    async def _drop_events(self) -> bool:
        return await drop_events(self._services)

    async def _erase(self) -> bool:
        """Again at once while something is left."""
        _, is_all_done = await erase_due(self._services)
        return not is_all_done

    async def _index_near(self) -> bool:
        return await index_near(self._services)

    async def _fill_search(self) -> bool:
        return await fill_search(self._services)

    async def _look(self) -> bool:
        """Figures for operators: jobs, notes and holds that wait, sessions about to sell out."""
        self.figures.waiting = await read_waiting(self._services.db, self._services.clock())
        return False


def _fact_of(task: Task) -> str:
    """What the task renews, among the facts that this process goes by."""
    return f"task_{label_of(task.name)}"
