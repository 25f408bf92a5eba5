"""A whole answer in one piece: one system call for head and body, where ASGI's two messages cost two."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

Send = Callable[[Any], Awaitable[None]]

_ENDS: Final = b"\r\nconnection:"  # whether the connection stays is uvicorn's to say


def send_whole(send: Send, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> bool:
    """Send an answer whose length its headers say. False: nothing was sent, and ASGI's two messages must be.

    That is so when `send` is not uvicorn's own, when nobody is there any more, when the sender does not read, when the
    connection ends with the answer, and when a header holds a line of its own, which uvicorn refuses.
    """
    cycle: Any = getattr(send, "__self__", None)
    if type(cycle) is not RequestResponseCycle:
        return False
    if cycle.response_started or cycle.disconnected or not cycle.keep_alive or cycle.flow.write_paused:
        return False
    if cycle.access_log or cycle.default_headers or cycle.scope["method"] == "HEAD":
        return False
    lines = [b"%s: %s" % header for header in headers]
    head = STATUS_LINE[status] + b"\r\n".join(lines)  # the status line ends itself
    if not head.count(b"\n") == head.count(b"\r") == len(lines) or _ENDS in head:
        return False
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.transport.write(b"%s\r\n\r\n%s" % (head, body))
    cycle.message_event.set()
    cycle.on_response()
    return True
