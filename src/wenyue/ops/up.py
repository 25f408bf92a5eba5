"""``wenyue up``: the whole installation in the foreground, from the database to the pages."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sys
from collections.abc import Callable
from contextlib import nullcontext

import psycopg

from wenyue.core.personal import Vault
from wenyue.locale.terminal import gettext
from wenyue.ops.beside import helpers
from wenyue.ops.database import ReadyDatabase
from wenyue.ops.interrupting import unwind_on_sigterm
from wenyue.ops.key_mark import is_noted, unsaid
from wenyue.ops.monitor_process import status_socket, watchers
from wenyue.ops.own_https import OwnHttps, own_https
from wenyue.ops.rehearsals.due import Rehearsals
from wenyue.platform.config import Settings
from wenyue.platform.database.migrate import decide_once, migrate, redecide
from wenyue.platform.embedded_server import hold_home
from wenyue.platform.keys import load_keys
from wenyue.platform.parent_death_signal import end_with_parent
from wenyue.platform.supervisor import ChildPlan, Supervisor, answers_ready, listening_socket
from wenyue.web.status.place import place_of

DEMO_DECISION = "demo"
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound to


def up(settings: Settings, say: Callable[[str], None]) -> None:
    """Start everything, say ``ready:`` with the address, keep it running until a signal, drain and stop it.

    Nothing that was started stays behind, however this process ends. Raises ``SetupError``.
    """
    if os.environ.get("WENYUE_END_WITH_PARENT") == "1":
        end_with_parent()
    unwind_on_sigterm()
    host, port = settings.web.host, settings.web.port
    shown = ANY_ADDRESS.get(host, host)
    address = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"
    listener = listening_socket(host, port)
    with (
        listener,
        hold_home(settings.home, f"process {os.getpid()}, {address}"),
        own_https(settings, say) as https,
    ):
        database = ReadyDatabase(settings, say)
        try:
            migrate(database.owner_url, progress=say)
            _require_own_keys(settings, database, say)
            has_demo = _load_demo_once(settings, database, say)
            plans = _plans(settings, database, listener.fileno(), https)
            status = status_socket(settings, say)
            with status or nullcontext():
                plans += watchers(settings, {**os.environ, **database.environment()}, status)
                rehearsals = Rehearsals(settings.home, say)

                def watch(is_wanted: Callable[[], bool]) -> None:
                    database.keep_running(is_wanted)
                    if https is not None:
                        https.tend()
                    rehearsals.tend()

                supervisor = Supervisor(plans, say=say, watch=watch)
                try:
                    supervisor.run_processes(
                        is_ready=lambda: answers_ready(shown, port),
                        on_ready=lambda: _greet(
                            address,
                            place_of(settings).own_url if status else "",
                            has_demo=has_demo,
                            https=https,
                            say=say,
                        ),
                    )
                finally:
                    rehearsals.end()
        finally:
            database.close()
    say(gettext("stopped"))


def _plans(
    settings: Settings, database: ReadyDatabase, listener_fd: int, https: OwnHttps | None
) -> list[ChildPlan]:
    environment = {**os.environ, **database.environment()}
    command = [sys.executable, "-m", "wenyue.cli"]
    serve, fds = [*command, "web", "--fd", str(listener_fd)], (listener_fd,)
    if https is not None:
        serve += ["--tls-fd", str(https.listener.fileno())]
        fds += (https.listener.fileno(),)
    web = [
        ChildPlan(f"web-{number}", serve, environment, fds) for number in range(1, settings.web.workers + 1)
    ]
    return [*web, ChildPlan("worker", [*command, "worker", "--supervised"], environment), *helpers(settings)]


def _require_own_keys(settings: Settings, database: ReadyDatabase, say: Callable[[str], None]) -> None:
    """On the first start make the keys; later refuse others than this database's. Raises ``SetupError``.

    With other keys every right PIN would be refused as a wrong one, and nobody could read what is sealed.
    """
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        if is_noted(connection, settings.home):
            return
    from wenyue.ops.same_keys import claim_keys  # noqa: PLC0415 - loads the gate; a first start, a rotation or a fault

    quiet = database.server is not None  # one machine: nothing need be copied
    claim_keys(settings.home, database.owner_url, is_accepted=False, say=unsaid if quiet else say)


def _load_demo_once(settings: Settings, database: ReadyDatabase, say: Callable[[str], None]) -> bool:
    """On a new database and with WENYUE_DEMO=1 (as `make up` sets it): load the demo. Return whether this database has it.

    The decision is made once per database and kept in it: a forgotten setting never puts demo data into
    an installation that lives.
    """
    if importlib.util.find_spec("wenyue.ops.demo") is None:
        return False
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        decision = decide_once(connection, DEMO_DECISION, lambda: _first_decision(connection, settings))
        if decision == "wanted":
            say(gettext("loading the demo (first start only)"))
            asyncio.run(_load_demo(settings, database.owner_url, say))
            redecide(connection, DEMO_DECISION, "loaded")
    return decision in {"wanted", "loaded"}


def _first_decision(connection: psycopg.Connection, settings: Settings) -> str:
    row = connection.execute("SELECT EXISTS (SELECT FROM catalogue.venue)").fetchone()
    is_used = row is not None and bool(row[0])
    return "wanted" if settings.is_demo and not is_used else "declined"


async def _load_demo(settings: Settings, owner_url: str, say: Callable[[str], None]) -> None:
    from wenyue.ops import demo  # noqa: PLC0415 - heavy, and needed on the first start only

    async with await psycopg.AsyncConnection.connect(owner_url) as tx:  # commits when the block ends well
        await demo.load(tx, Vault(load_keys(settings.home)), progress=say)


def _greet(
    address: str, status_url: str, *, has_demo: bool, https: OwnHttps | None, say: Callable[[str], None]
) -> None:
    say(f"ready: {address}")
    if https is not None:
        https.greet()
    say(gettext("live page for operators: {url}", url=f"{address}/console/live"))
    if status_url:
        say(gettext("status page for travellers: {url}", url=status_url))
    if has_demo:
        from wenyue.ops import demo  # noqa: PLC0415 - as above

        say(demo.banner())
