"""The whole application behind a real server on loopback, in a thread of the test's process."""

import asyncio
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import uvicorn

from tests.support.api_site import furnish, settings_for
from tests.support.database import DbUrls
from tests.support.traveller_site import NOW
from wenyue.app import App, create_app

_READY_S = 20.0


@contextmanager
def serving(
    urls: DbUrls,
    home: Path,
    second_factor: str = "off",
    clock: Callable[[], datetime] = lambda: NOW,
    **more: str,
) -> Generator[str]:
    """The server's address, until the block ends; `more` settings by their names."""
    with serving_app(urls, home, second_factor, clock, **more) as (address, _):
        yield address


@contextmanager
def serving_app(
    urls: DbUrls,
    home: Path,
    second_factor: str = "off",
    clock: Callable[[], datetime] = lambda: NOW,
    **more: str,
) -> Generator[tuple[str, App]]:
    """The server's address and the application, whose counters may be read from this thread, until the block ends."""
    asyncio.run(furnish(urls, home))
    app = create_app(settings_for(urls, home, second_factor, **more), clock=clock)
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        http=app.protocol(),
        log_level="error",
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="api server")
    thread.start()
    try:
        deadline = time.monotonic() + _READY_S
        while not server.started:
            assert thread.is_alive(), "the server ended before it was ready"
            assert time.monotonic() < deadline, "the server was not ready in time"
            time.sleep(0.02)  # a thread cannot be awaited
        [port] = [sock.getsockname()[1] for running in server.servers for sock in running.sockets]
        yield f"http://127.0.0.1:{port}", app
    finally:
        server.should_exit = True
        thread.join(timeout=_READY_S)
        assert not thread.is_alive()
