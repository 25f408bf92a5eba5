"""How the monitor begins: what it looks at, its connection, and the role itself."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from wenyue.core.clock import utc_now
from wenyue.monitoring import Book, Checked, Memory, Monitor, Scene, make_checks, senders_of
from wenyue.platform import log
from wenyue.platform.config import Settings
from wenyue.platform.database.db import Tx
from wenyue.platform.database.watched import Watched
from wenyue.platform.embedded_server import base_folder

_FIRST_BACKUP_WITHIN: Final = timedelta(hours=26)
_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - compared with, not bound to
_OPTIONS: Final = (
    "-c statement_timeout=15000 -c lock_timeout=3000 -c timezone=UTC -c application_name=wenyue-monitor"
)


def scene_of(settings: Settings, *, parent: int | None, clock: Callable[[], datetime] = utc_now) -> Scene:
    """What the monitor of this installation looks at. `parent`: the supervisor's process, when there is one."""
    web, home = settings.web, settings.home
    own = f"http://{_ANY.get(web.host, web.host)}:{web.port}"
    disks = [home] if settings.database.url and parent is None else [home, base_folder(home)]
    return Scene(
        node=settings.monitor.node or os.uname().nodename,
        connect=lambda: connect(settings),
        clock=clock,
        disks=tuple(disks),
        urls=settings.monitor.urls or (own,),
        certificates=settings.monitor.certificates,
        ntp=settings.monitor.ntp,
        standbys=settings.monitor.standbys,
        parent=parent,
        wanted=(("web", web.workers), ("worker", 1)) if parent is not None else (),
        figures=home / "metrics",
        selftest=home / "backups" / "selftest.json",
        drill=home / "drills" / "last.json",
        home=home,
        is_demo=settings.is_demo,
        backup_wanted_from=_backup_wanted_from(settings, clock()),
    )


def _backup_wanted_from(settings: Settings, now: datetime) -> datetime | None:
    """A day after the installation was made, where it is no demo or says itself that it wants backups."""
    if settings.is_demo and not settings.backup.folder:
        return None
    keys = settings.home / "keys.json"
    made_at = datetime.fromtimestamp(keys.stat().st_mtime, UTC) if keys.exists() else now
    return made_at + _FIRST_BACKUP_WITHIN


async def connect(settings: Settings) -> Tx:
    """A connection of the monitor's own, as the application's role. Raises psycopg.OperationalError."""
    role = f" -c role={settings.database.role}" if settings.database.role else ""
    return await Watched.connect(
        settings.database.url, options=_OPTIONS + role, autocommit=True, connect_timeout=3
    )


def run_monitor(settings: Settings, *, is_supervised: bool) -> None:
    """Look every minute until SIGTERM."""
    log.configure(settings.telemetry, "monitor")
    parent = os.getppid() if is_supervised else None
    monitor = Monitor(
        scene_of(settings, parent=parent),
        Book(settings.home / "monitor"),
        senders_of(settings),
        heartbeat=settings.monitor.heartbeat,
    )
    asyncio.run(_run(monitor))


async def _run(monitor: Monitor) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await monitor.run_rounds(stop)


async def look_once(settings: Settings) -> tuple[list[Checked], Mapping[str, tuple[datetime, str]]]:
    """One round without telling anybody: (the checks, what is silenced here)."""
    scene = scene_of(settings, parent=None)
    checks = await make_checks(scene, Memory())
    return checks, Book(settings.home / "monitor").silences(scene.clock())
