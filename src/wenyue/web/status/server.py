"""The status process: probes every few seconds, remembers, and keeps the prepared pages fresh. No database, no application."""

import asyncio
import json
import logging
import signal
import socket
import sqlite3
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from time import monotonic
from typing import Final

from wenyue.core.clock import utc_now, zone
from wenyue.locale import Message
from wenyue.locale.formats import TIMEZONE
from wenyue.web.status.connections import Room
from wenyue.web.status.history import History
from wenyue.web.status.known import Known
from wenyue.web.status.model import COMPONENTS, Automatic, Day, Incident, Note, Seen, Standing, State
from wenyue.web.status.pages import all_pages
from wenyue.web.status.place import Place
from wenyue.web.status.probe import DEADLINE_S, ask
from wenyue.web.status.rules import (
    DAYS_SHOWN,
    INCIDENT_AFTER,
    SLOW_INCIDENT_AFTER,
    follow,
    from_monitor,
    judge,
)
from wenyue.web.status.serving import PageServer, Shelf
from wenyue.web.status.small_pages import plain_page
from wenyue.web.status.subscribers import Subscribers

EVERY_S: Final = 5.0
WRITE_EVERY_S: Final = 15.0
FILE_DEADLINE_S: Final = 5.0
STATE_BYTES_MAX: Final = 4 * 1024 * 1024
_log: Final = logging.getLogger("wenyue.status")


class StatusPage:
    """The page's whole life: one task looks, one remembers; visitors get what lies on the shelf."""

    def __init__(
        self,
        place: Place,
        *,
        subscribers: Subscribers | None = None,
        every_s: float = EVERY_S,
        probe_s: float = DEADLINE_S,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._place, self._clock = place, clock
        self._every_s, self._probe_s = every_s, probe_s
        self._subscribers = subscribers
        self._history = History(place.home / "status")
        self._standings: dict[str, Standing] = {}
        self._incidents: list[Incident] = []
        self._days: dict[str, Mapping[date, Day]] = {}
        self._seconds: dict[tuple[date, str, State], float] = {}
        self._threads = ThreadPoolExecutor(1, "files")
        self._pending: asyncio.Future[object] | None = None
        self._looked_at = monotonic()
        self._written_at = 0.0
        lost = plain_page(404, Message("Page not found"))
        handler = None if subscribers is None else subscribers.handle
        self.shelf = Shelf(lost, handler, Room(place.proxies))
        self._put()

    async def serve_page(self, sock: socket.socket, stop: asyncio.Event) -> None:
        """Serve on `sock` until `stop`. Raises OSError when it cannot be served on."""
        server = PageServer(self.shelf)
        serving = asyncio.create_task(server.serve(sockets=[sock]), name="page")
        serving.add_done_callback(lambda _: stop.set())
        try:
            await self._keep_looking(stop)
            await self._write(is_last=True)
        finally:
            server.should_exit = True
            await serving

    async def _keep_looking(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            began = monotonic()
            try:
                await self.tick()
            except Exception as error:  # noqa: BLE001 - a defect of one look must not end the page people turn to in trouble
                _log.error("looking failed: %s: %s", type(error).__name__, error)
            try:
                await asyncio.wait_for(stop.wait(), max(0.2, self._every_s - (monotonic() - began)))
            except TimeoutError:
                continue

    async def tick(self) -> None:
        """Look once, remember, make the pages anew."""
        states = await self._look()
        now, steady = self._clock(), monotonic()
        elapsed = min(steady - self._looked_at, self._every_s * 3)
        self._looked_at = steady
        today = now.astimezone(zone(TIMEZONE)).date()
        for name, (state, took_ms) in states.items():
            self._standings[name] = follow(self._standings.get(name), state, took_ms, now)
            key = (today, name, self._standings[name].state)
            self._seconds[key] = self._seconds.get(key, 0.0) + elapsed
        await self._keep_incidents(now)
        await self._write()
        self._put()

    async def _look(self) -> dict[str, tuple[State, float | None]]:
        """Every component's state by this look."""
        day = self._clock().astimezone(zone(TIMEZONE)).date().isoformat()
        target = self._place.target
        ready, read, gate = await asyncio.gather(
            ask(target, "/readyz", self._probe_s),
            ask(target, f"/v1/availability?product_id=1&from={day}&to={day}", self._probe_s),
            ask(target, "/gate", self._probe_s),
        )
        found: dict[str, tuple[State, float | None]] = {
            "booking": (judge([ready, read]), read.took_ms),
            "entry": (judge([Seen(_fine(gate), gate.took_ms)]), gate.took_ms),
        }
        said = from_monitor(await self._in_thread(self._monitor_says), self._clock())
        for one in COMPONENTS:
            if one.needs_monitor:
                found[one.name] = (said.get(one.name, State.UNKNOWN), None)
        return found

    def _monitor_says(self) -> object:
        path = self._place.home / "monitor" / "state.json"
        try:
            if path.stat().st_size > STATE_BYTES_MAX:
                return None
            return json.loads(path.read_bytes())
        except (OSError, ValueError):
            return None

    async def _keep_incidents(self, now: datetime) -> None:
        """Open and close the automatic ones."""
        open_ones = {
            one.component: one for one in self._incidents if one.closed_at is None and one.is_automatic
        }
        for name, standing in self._standings.items():
            known = open_ones.get(name)
            if known is None and _is_incident(standing):
                made = _automatic(name, standing, now)
                await self._file(partial(self._history.open_incident, made))
                self._tell(made)
            elif known is not None and standing.good >= INCIDENT_AFTER:
                note = Note(now, "resolved", Automatic.CLOSED)
                await self._file(partial(self._history.add_note, known.id, note))
                self._tell(replace(known, notes=(note,)))

    def _tell(self, incident: Incident) -> None:
        if self._subscribers is not None:
            self._subscribers.queue_mails(incident)

    async def _write(self, *, is_last: bool = False) -> None:
        """Keep the seconds, read incidents and days back: operators write them too."""
        steady = monotonic()
        if is_last or steady - self._written_at >= WRITE_EVERY_S:
            self._written_at = steady
            seconds, self._seconds = self._seconds, {}
            by_day: dict[date, dict[tuple[str, State], float]] = {}
            for (day, name, state), amount in seconds.items():
                by_day.setdefault(day, {})[name, state] = amount
            for day, amounts in by_day.items():
                if not await self._file(partial(self._history.add_seconds, day, amounts)):
                    for (name, state), amount in amounts.items():
                        key = (day, name, state)
                        self._seconds[key] = self._seconds.get(key, 0.0) + amount
        await self._file(self._read_back)

    def _read_back(self) -> None:
        since = self._clock().astimezone(zone(TIMEZONE)).date() - timedelta(days=DAYS_SHOWN)
        incidents = self._history.incidents()
        self._days = {one.name: self._history.days(one.name, since) for one in COMPONENTS}
        if self._subscribers is not None:
            for one in _news(self._incidents, incidents):
                self._subscribers.queue_mails(one)
        self._incidents = incidents

    async def _file(self, work: Callable[[], object]) -> bool:
        """Work on the file in a thread; a disk that is full or hangs is logged, and the page goes on."""
        return await self._in_thread(lambda: (work(), True)[1]) is True

    async def _in_thread(self, work: Callable[[], object]) -> object:
        """What `work` returns; None when the disk refused, or did not answer in time: then nothing more is asked of it."""
        if self._pending is not None and not self._pending.done():
            return None
        self._pending = asyncio.get_running_loop().run_in_executor(self._threads, work)
        try:
            return await asyncio.wait_for(asyncio.shield(self._pending), FILE_DEADLINE_S)
        except (sqlite3.Error, OSError, TimeoutError, ValueError) as error:
            _log.warning("the home's disk: %s", type(error).__name__)
            return None

    def _put(self) -> None:
        known = Known(
            at=self._clock(),
            standings=dict(self._standings),
            days=dict(self._days),
            incidents=self._incidents,
            booking_url=self._place.booking_url,
            own_url=self._place.own_url,
            takes_subscriptions=self._subscribers is not None,
        )
        self.shelf.pages = all_pages(known)


def _fine(seen: Seen) -> int | None:
    """A gate page that asks for a login is as good as one that opens."""
    return 200 if seen.status is not None and seen.status < 500 else seen.status


def _is_incident(standing: Standing) -> bool:
    """Away for three looks, or slow for three minutes."""
    if standing.worst is State.SLOW:
        return standing.bad >= SLOW_INCIDENT_AFTER
    return standing.worst is State.DOWN and standing.bad >= INCIDENT_AFTER


def _automatic(component: str, standing: Standing, now: datetime) -> Incident:
    return Incident(
        id="",
        component=component,
        opened_at=standing.since if standing.state is standing.worst else now,
        closed_at=None,
        is_automatic=True,
        title=Automatic.SLOW if standing.worst is State.SLOW else Automatic.DOWN,
        notes=(Note(now, "investigating", Automatic.OPENED),),
    )


def _news(before: list[Incident], after: list[Incident]) -> list[Incident]:
    """What operators wrote since: incidents of theirs with notes that were not there."""
    seen = {(one.id, note.at) for one in before for note in one.notes}
    return [
        replace(one, notes=(note,))
        for one in after
        if not one.is_automatic
        for note in one.notes
        if before and (one.id, note.at) not in seen
    ]


async def serve(status: StatusPage, sock: socket.socket) -> None:
    """Run until SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await status.serve_page(sock, stop)
