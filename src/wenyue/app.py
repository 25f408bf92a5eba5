"""The composition root: which routes there are, in which order requests meet them, and the roles web and worker."""

import asyncio
import gc
import logging
import re
import signal
import socket
from collections.abc import AsyncGenerator, Callable, MutableMapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import uvicorn
from fastapi import FastAPI

from wenyue.container import Services, build
from wenyue.core.clock import utc_now
from wenyue.platform import log, tracing
from wenyue.platform.config import Settings, load
from wenyue.platform.files import allow_many_files
from wenyue.platform.http.accepting import PausingServer
from wenyue.platform.http.refusing import GuardedHttp, guarded
from wenyue.platform.http.web_server import TlsSocket
from wenyue.platform.supervisor import listening_socket
from wenyue.site import create_site
from wenyue.telemetry import Exchange, engine_source, pool_source
from wenyue.web.api.hot_answers import Handler, answer_nothing, hot_refusals
from wenyue.web.api.hot_availability import HotAvailability
from wenyue.web.api.hot_bookings import HotBookings
from wenyue.web.api.room_file import RoomFiles
from wenyue.web.middleware.abuse_watch import Watchful
from wenyue.web.middleware.edge import Receive, Scope, Send, answer_bad_host, answer_fault, begin_request
from wenyue.web.middleware.front import Front
from wenyue.web.middleware.known_devices import Known
from wenyue.web.middleware.logins import Logins

_HOST: Final = re.compile(rb"[A-Za-z0-9._~%:\[\]-]{1,255}")
_log: Final = logging.getLogger("wenyue")
_DRAIN_S: Final = 10
_AWAY: Final = (
    "wenyue.platform.database.db.DatabaseDown",
    "psycopg.",
)  # how the last line of a traceback begins
_GC_WHOLE: Final = (
    1_000  # a whole collection stops everybody for a tenth of a second: done when nobody is there
)
_TIDY_EVERY_S: Final = 60.0
_TIDY_LOOK_S: Final = 0.05
_GC_EVERY: Final = 50_000  # allocations between collections: a batch makes thousands of short-lived objects


class App:
    """The ASGI application: hot endpoints first, everything else behind them."""

    def __init__(self, services: Services, logins: Logins, rest: FastAPI) -> None:
        self.services = services
        self.logins = logins
        self.rest = rest
        heard = Watchful(services)
        proxies = services.settings.web.proxies
        known = Known(services.guard, services.clock)
        self.front = Front(rest, services.admission, logins, heard, proxies=proxies, known=known)
        self._room_files = RoomFiles(services.room, rest.state.meter)
        self._hot: dict[tuple[str, str], Handler] = {
            ("POST", "/v1/bookings"): HotBookings(services, logins, rest.state.meter, heard).serve,
            ("GET", "/v1/availability"): HotAvailability(services, rest.state.meter).serve,
        }
        if services.settings.is_bench:
            self._hot["POST", "/v1/noop"] = answer_nothing

    def protocol(self) -> type[GuardedHttp]:
        """How this application's connections are read."""
        return guarded(
            self.services.admission,
            b"POST /v1/bookings HTTP/1.1\r\n",
            hot_refusals(),
            lambda shown: self.logins.recall(shown) is not None,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Dispatch one connection."""
        if scope["type"] == "http":
            if not _has_good_host(scope):
                await answer_bad_host(scope, send)
                return
            handler = self._hot.get((scope["method"], scope["path"]))
            if handler is None and self._room_files.takes(scope):
                handler = self._room_files.serve
            if handler is not None:
                try:
                    await handler(scope, receive, send)
                except Exception:  # noqa: BLE001 - a defect is noted and answered, like those behind
                    begin_request(scope)
                    _log.exception("%s %s", scope["method"], scope["path"])
                    await answer_fault(scope, send, self.rest.state.meter)
                return
        elif scope["type"] == "lifespan":
            send = _plainly(send)
        await self.front(scope, receive, send)


def _plainly(send: Send) -> Send:
    """A start that fails because the database went away is told in a line: whoever started us tries again."""

    async def send_message(message: MutableMapping[str, Any]) -> None:
        last = str(message.get("message", "")).strip().rpartition("\n")[2]
        if message["type"] == "lifespan.startup.failed" and last.startswith(_AWAY):
            message = dict(message) | {"message": f"not started: {last.partition(':')[0].rpartition('.')[2]}"}
        await send(message)

    return send_message


def _has_good_host(scope: Scope) -> bool:
    """One Host, as HTTP/1.1 asks for (RFC 9112, 3.2); HTTP/1.0, as health checks speak it, may have none."""
    host = None
    for name, value in scope["headers"]:
        if name == b"host":
            if host is not None:
                return False
            host = value
    if host is None:
        return scope["http_version"] == "1.0"
    return _HOST.fullmatch(host) is not None


def create_app(settings: Settings | None = None, *, clock: Callable[[], datetime] = utc_now) -> App:
    """The application for `settings` (default: the environment). `clock` is replaced only to replay the past."""
    services = build(settings or load(), clock=clock)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        await services.start()
        gc.collect()
        gc.freeze()  # what a process keeps for life is not looked through again
        gc.set_threshold(_GC_EVERY, 20, _GC_WHOLE)
        tidying = asyncio.create_task(_tidy_when_idle(services), name="garbage")
        yield
        tidying.cancel()
        await asyncio.gather(tidying, return_exceptions=True)
        await services.stop()

    logins = Logins(services.db, services.clock)
    return App(services, logins, create_site(services, logins, lifespan))


async def _tidy_when_idle(services: Services) -> None:
    """Collect garbage whole once a while, in an instant when nobody waits for an answer."""
    admission, wait_s = services.admission, _TIDY_EVERY_S
    while True:
        await asyncio.sleep(wait_s)
        if admission.hot.in_flight or admission.desk.total:
            wait_s = _TIDY_LOOK_S  # looked at again: an event would cost every request
        else:
            gc.collect()
            wait_s = _TIDY_EVERY_S


def run_web(*, sock: socket.socket | None, port: int, tls: TlsSocket | None = None) -> None:
    """Serve until SIGTERM, then answer what waits and end. `sock` is shared with the other web processes, as is that of `tls`."""
    settings = load()
    allow_many_files()
    log.configure(settings.telemetry, "web")
    app = create_app(settings)
    traces = tracing.start(settings.telemetry, "web")
    app.services.engine.observer = traces
    config = uvicorn.Config(
        app if traces is None else traces.wrap(app),
        host=settings.web.host,
        port=port,
        http=app.protocol(),
        access_log=False,
        log_config=None,  # ours is in force
        timeout_graceful_shutdown=_DRAIN_S,
        limit_concurrency=None,
        server_header=False,
        date_header=False,
        proxy_headers=False,
    )
    shared = sock or listening_socket(settings.web.host, port)
    server = PausingServer(config, shared, app.services.admission, tls)
    try:
        server.run()
    finally:
        if traces is not None:
            traces.close()


def run_worker() -> None:
    """Do later work until SIGTERM: expire holds, send messages, open sessions ahead, seal the record."""
    settings = load()
    log.configure(settings.telemetry, "worker")
    traces = tracing.start(settings.telemetry, "worker")
    try:
        asyncio.run(_work(settings))
    finally:
        if traces is not None:
            traces.close()


async def _work(settings: Settings) -> None:
    from wenyue.worker import Worker  # noqa: PLC0415 - web processes need not load it

    services = build(settings)
    await services.start(is_web=False)
    worker = Worker(services)
    sources = [engine_source(services.engine), pool_source(services.db), worker.figures.fill]
    telling = asyncio.create_task(
        Exchange(settings.home, "worker", sources, freshness=services.freshness).write_figures(),
        name="metrics",
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await worker.run_worker(stop)
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
        await services.stop()
