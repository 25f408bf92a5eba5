"""What the live page shows, made in a thread and once for everybody who looks: operators must not slow down bookings."""

import asyncio
from dataclasses import dataclass
from time import time
from typing import Final

from markupsafe import Markup

from wenyue.telemetry import Exchange, Snapshot
from wenyue.web.console.live import Live, look
from wenyue.web.console.plots import Value
from wenyue.web.console.view import pieces, series
from wenyue.web.shared import Locale

AGE_S_MAX: Final = 2.0


@dataclass(frozen=True, slots=True)
class Shown:
    """One reading: the facts, the pieces of the page in one language, the numbers behind the plots."""

    live: Live
    pieces: dict[str, Markup]
    series: dict[str, list[Value] | list[int]]


class DashboardCache:
    """The readings of one process, each at most AGE_S_MAX old: one for each span and language."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._held: dict[tuple[str, Locale], tuple[float, asyncio.Task[Shown]]] = {}

    async def take_reading(self, span: str, locale: Locale, timezone: str) -> Shown:
        """The reading for a span (one of live.SPANS), made now or held; while one is being made, no other is begun."""
        now = time()
        key: tuple[str, Locale] = (span, locale)
        held = self._held.get(key)
        if held is None or (held[1].done() and not 0 <= now - held[0] < AGE_S_MAX):
            own = self._exchange.snapshot()
            task = asyncio.create_task(asyncio.to_thread(self._make, own, now, span, locale, timezone))
            held = self._held[key] = now, task
        return await asyncio.shield(held[1])

    def forget(self) -> None:
        """Make the next reading anew."""
        self._held.clear()

    def _make(self, own: Snapshot, now: float, span: str, locale: Locale, timezone: str) -> Shown:
        points, snapshots = self._exchange.whole(own, now)
        live = look(points, snapshots, now, span, timezone)
        return Shown(live, pieces(live, locale, timezone), series(live))
