"""Connections whose peer takes nothing of what is written to it: closed, quietly, by one look at all of them now and then.

An answer that the kernel has no room for waits in this process. While it does, its connection counts here; a connection whose
answers are taken costs one look at a number.
"""

import asyncio
import socket
import struct
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol, cast

from wenyue.core.limits import UNREAD_AT_ONCE_MAX, UNREAD_WAIT_S
from wenyue.core.unread import Unread, too_many

_LOOKS: Final = 5  # in UNREAD_WAIT_S
_TCP_INFO: Final = getattr(socket, "TCP_INFO", 0)  # Linux
_ACKED: Final = struct.Struct(
    "=Q"
)  # tcpi_bytes_acked: what the peer's kernel has taken since the connection began
_ACKED_AT: Final = 120


class Connection(Protocol):
    """What is looked at of a connection."""

    transport: asyncio.Transport
    client: tuple[str, int] | None


class UnreadAnswers:
    """Looks at `connections` (a living set) until `stop`; one event loop."""

    def __init__(self, connections: Callable[[], Iterable[object]]) -> None:
        self._connections = connections
        self._waiting: dict[Connection, Unread] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.ended = 0

    @property
    def waiting(self) -> int:
        """How many connections had answers that waited, at the last look."""
        return len(self._waiting)

    def start(self) -> None:
        """Look from now on, a few times in UNREAD_WAIT_S."""
        loop = asyncio.get_running_loop()
        self.end_unread(loop.time())
        self._timer = loop.call_later(UNREAD_WAIT_S / _LOOKS, self.start)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    def end_unread(self, now_s: float) -> None:
        """End those whose peers took too little, and the longest of too many."""
        waiting: dict[Connection, Unread] = {}
        for one in cast("list[Connection]", list(self._connections())):
            left = one.transport.get_write_buffer_size()
            if not left:
                continue
            taken = _taken(one.transport, left)
            known = self._waiting.get(one) or Unread(one.client[0] if one.client else "", now_s, taken)
            if known.is_given_up(now_s, taken):
                self._end(one)
            else:
                waiting[one] = known
        if len(waiting) > UNREAD_AT_ONCE_MAX:
            ended = {id(one) for one in too_many(waiting.values(), UNREAD_AT_ONCE_MAX)}
            for one in [one for one, known in waiting.items() if id(known) in ended]:
                self._end(one)
                del waiting[one]
        self._waiting = waiting

    def _end(self, one: Connection) -> None:
        self.ended += 1
        one.transport.abort()


def _taken(transport: asyncio.Transport, left: int) -> int:
    """How much the peer has taken in all; where the system does not tell, how much less waits."""
    sock: Any = transport.get_extra_info("socket")
    if _TCP_INFO and sock is not None and sock.family in {socket.AF_INET, socket.AF_INET6}:
        info = sock.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _ACKED_AT + _ACKED.size)
        if len(info) == _ACKED_AT + _ACKED.size:
            return _ACKED.unpack_from(info, _ACKED_AT)[0]
    return -left
