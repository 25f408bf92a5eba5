"""The service under replay: the real application behind a real socket, in a thread of this process, on a virtual clock."""

import socket
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import uvicorn

from wenyue.locale import Message
from wenyue.platform.config import Settings
from wenyue.platform.fault import SetupError

HOST: Final = "127.0.0.1"
_READY_DEADLINE_S: Final = 30.0
_END_DEADLINE_S: Final = 20.0
_POLL_S: Final = 0.02

MakeApp = Callable[[Settings, Callable[[], datetime]], Any]  # an ASGI application


class VirtualClock:
    """The service's only source of `now`; the replay moves it."""

    def __init__(self) -> None:
        self.now = datetime(2000, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The virtual instant."""
        return self.now


@contextmanager
def serving(settings: Settings, clock: VirtualClock, make_app: MakeApp) -> Generator[int]:
    """Serve on a free loopback port, which is yielded; drained and stopped at the end."""
    with socket.create_server((HOST, 0)) as listener:
        config = uvicorn.Config(
            make_app(settings, clock),
            access_log=False,
            log_level="warning",
            date_header=False,
            server_header=False,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name="replayed service", daemon=True
        )
        thread.start()
        try:
            _await_started(server, thread)
            yield int(listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(_END_DEADLINE_S)


def _await_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _READY_DEADLINE_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise SetupError(Message("the service did not start; its message is above"))
        time.sleep(_POLL_S)
