"""The monitor's rounds: look, judge, remember, tell."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Final
from uuid import uuid4

from psycopg import DataError, Error, IntegrityError

from wenyue.monitoring.alert_book import Book
from wenyue.monitoring.alerts import Round, step
from wenyue.monitoring.machine_checks import old_facts
from wenyue.monitoring.model import Alert, Checked, Event, Notice
from wenyue.monitoring.rounds import make_checks
from wenyue.monitoring.scene import Memory, Scene
from wenyue.monitoring.senders import Sender, ask
from wenyue.monitoring.store import beat, name_of, open_alerts, retire, save_alert, silences
from wenyue.monitoring.text_sender import SEND_DEADLINE_S, give
from wenyue.platform.database.db import Tx

EVERY_S: Final = 60.0
GLANCE_S: Final = 10.0  # so often the processes' own word is looked at between the rounds: what is old is told within a minute
UNSAVED_MAX: Final = 1000  # alerts; those noted first are the first to be missing from the history
HOME_DEADLINE_S: Final = 5.0  # of a look into the book, and of writing it
_log: Final = logging.getLogger("wenyue.monitor")


class Monitor:
    """Rounds without end. Everything that it must remember is in the book."""

    def __init__(
        self,
        scene: Scene,
        book: Book,
        senders: Sequence[Sender],
        *,
        every_s: float = EVERY_S,
        heartbeat: str = "",
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        self._scene, self._book, self._senders = scene, book, senders
        self._every_s, self._heartbeat, self._new_id = every_s, heartbeat, new_id
        self._name = name_of("monitor", scene.node)
        self._memory = Memory()
        self._alerts: dict[str, Alert] = book.alerts()
        self._unsent: list[list[tuple[Notice, int]]] = [[] for _ in senders]
        self._unsaved: dict[str, tuple[Alert, datetime | None]] = {}
        self._silenced_here: frozenset[str] = frozenset()
        self._resolved: dict[str, datetime] = {}

    async def run_rounds(self, stop: asyncio.Event) -> None:
        """Until `stop`. A defect of a round is logged; the next round comes."""
        while not stop.is_set():
            began = monotonic()
            try:
                await self.round()
            except Exception as error:  # noqa: BLE001 - whatever happens, the monitor goes on looking
                _log.error("a round failed: %s: %s", type(error).__name__, error)
            await self._rest(stop, until=max(monotonic() + 1.0, began + self._every_s))
        await self._retire()

    async def _rest(self, stop: asyncio.Event, *, until: float) -> None:
        """Until the next round, or until a process says that it goes by old facts and was not told about yet."""
        while (left_s := until - monotonic()) > 0:
            try:
                await asyncio.wait_for(stop.wait(), min(GLANCE_S, left_s))
            except TimeoutError:
                if await self.is_newly_old():
                    return
            else:
                return

    async def is_newly_old(self) -> bool:
        """Whether a process says that something is old which no alert tells yet. Never raises."""
        folder = self._scene.figures
        if folder is None:
            return False
        glance = partial(old_facts, folder, self._scene.clock().timestamp())
        try:
            async with asyncio.timeout(HOME_DEADLINE_S):
                facts = await self._memory.blocking_calls.run_in_thread("glance", glance)
        except (OSError, TimeoutError):
            return False
        return any(f"freshness:{one.role}-{one.name}" not in self._alerts for one in facts)

    async def round(self) -> list[Notice]:
        """Look, judge, remember, tell; returns what was told."""
        had_turn = self._memory.has_turn
        checks = await make_checks(self._scene, self._memory)
        now = self._scene.clock()
        silenced = await self._silences(now)
        is_away = any(one.check == "database" and not one.detail for c in checks for one in c.findings)
        if not is_away:
            silenced |= await self._share(had_turn=had_turn)
        this = Round(checks, frozenset(silenced), now, self._resolved)
        self._alerts, notices = step(self._alerts, this, self._new_id)
        await self._note(checks, now)
        for notice in notices:
            ended = now if notice.event is Event.RESOLVED else None
            self._unsaved[notice.alert.id] = notice.alert, ended
        await self._tell(notices)
        await self._save(is_away=is_away)
        await self._show_life()
        return notices

    async def _silences(self, now: datetime) -> set[str]:
        """What is silenced on this machine; notes what people resolved. While the home does not answer, what was last read."""
        try:
            async with asyncio.timeout(HOME_DEADLINE_S):
                known, self._resolved = await self._memory.blocking_calls.run_in_thread(
                    "silences", lambda: (self._book.silences(now), self._book.resolved())
                )
                self._silenced_here = frozenset(known)
        except TimeoutError:
            _log.error("the book cannot be read: no answer")
        return set(self._silenced_here)

    async def _note(self, checks: Sequence[Checked], now: datetime) -> None:
        """Write the book; a home that takes no file, or does not answer, keeps nobody from being told."""
        alerts = self._alerts

        def write() -> None:
            self._book.keep(alerts)
            self._book.publish(checks, alerts, now, self._scene.node)

        try:
            async with asyncio.timeout(HOME_DEADLINE_S):
                await self._memory.blocking_calls.run_in_thread("book", write)
        except OSError as error:
            _log.error("the book cannot be written: %s", error.strerror or "no answer")

    async def _share(self, *, had_turn: bool) -> set[str]:
        """What all nodes share: a sign of life, silences; with the turn come its open alerts, with its end they go."""
        has_turn = self._memory.has_turn
        if not has_turn:
            self._alerts = {name: one for name, one in self._alerts.items() if not one.is_shared}
        try:
            async with asyncio.timeout(SEND_DEADLINE_S):
                tx = await self._scene.connect()
                try:
                    await beat(tx, self._name, max(1, int(self._every_s)))
                    if has_turn and not had_turn:
                        self._alerts = await open_alerts(tx) | self._alerts
                    return set(await silences(tx))
                finally:
                    await tx.close()
        except (Error, OSError, TimeoutError):
            return set()

    async def _show_life(self) -> None:
        """To somebody outside, who tells when it fails to come: for as long as this monitor cannot."""
        if not self._heartbeat:
            return
        try:
            async with asyncio.timeout(SEND_DEADLINE_S):
                await self._memory.blocking_calls.run_in_thread("heartbeat", partial(ask, self._heartbeat))
        except OSError as error:
            _log.warning("nobody outside heard that the monitor lives: %s", error or "no answer")

    async def _retire(self) -> None:
        """Who ends in good order is not missed."""
        try:
            async with asyncio.timeout(HOME_DEADLINE_S):
                tx = await self._scene.connect()
                try:
                    await retire(tx, self._name)
                finally:
                    await tx.close()
        except (Error, OSError):
            _log.warning("the other monitors could not be told that this one ends")

    async def _save(self, *, is_away: bool) -> None:
        """Write the history of alerts; what cannot be written now is written later, of UNSAVED_MAX alerts."""
        while len(self._unsaved) > UNSAVED_MAX:
            self._unsaved.pop(next(iter(self._unsaved)))
        if is_away or not self._unsaved:
            return
        try:
            async with asyncio.timeout(SEND_DEADLINE_S):
                tx = await self._scene.connect()
                try:
                    for id_, (alert, ended) in list(self._unsaved.items()):
                        await self._save_one(tx, alert, ended)
                        del self._unsaved[id_]
                finally:
                    await tx.close()
        except (Error, OSError, TimeoutError) as error:
            _log.warning("alerts are not in the history yet: %s", type(error).__name__)

    async def _save_one(self, tx: Tx, alert: Alert, ended: datetime | None) -> None:
        try:
            await save_alert(tx, alert, self._scene.node, ended)
        except (DataError, IntegrityError) as error:  # it will never be taken, and others wait behind it
            _log.error("alert %s is not kept in the history: %s", alert.subject, type(error).__name__)

    async def _tell(self, notices: Sequence[Notice]) -> None:
        """Give every notice to every sender, to all at once; what did not leave is tried again in the next rounds."""
        waiting = [[*unsent, *((notice, 0) for notice in notices)] for unsent in self._unsent]
        self._unsent = await asyncio.gather(*map(give, self._senders, waiting))
