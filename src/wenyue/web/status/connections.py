"""Who is connected to the status page: bounded in all and of one line, with short heads, and one answer waiting at most.

What uvicorn does not bound is bounded around it, as for the web (`platform/http`): heads in size and time, requests behind one
another, answers that nobody takes.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from wenyue.core.limits import STATUS_CONNECTIONS_MAX, STATUS_OF_ADDRESS_MAX
from wenyue.platform.addresses import Network, is_in, line_of
from wenyue.platform.http.wire import BoundedHttp
from wenyue.platform.load_shedding.shares import Shares

HEAD_BYTES_MAX: Final = 8 * 1024
WAITING_BYTES_MAX: Final = 32 * 1024  # of requests that wait behind another
WAIT_S: Final = 15.0  # between two requests, and for a form
IS_BEHIND: Final = "wenyue.status.behind"  # in the scope of a request that waited behind another


class Room:
    """Everybody who is connected. A newcomer is let in; with one too many somebody of the busiest line goes.

    `proxies`: whose word about addresses is believed; who of their visitors is who cannot be told here.
    """

    def __init__(self, proxies: Sequence[Network] = ()) -> None:
        self.proxies = proxies
        self.here: Shares[Visitor] = Shares(
            STATUS_CONNECTIONS_MAX, STATUS_OF_ADDRESS_MAX, lambda one: one.is_idle
        )


class Visitor(BoundedHttp):
    """One visitor's connection. At most one answer waits in it for its reader, beside what the kernel keeps."""

    head_bytes_max = HEAD_BYTES_MAX

    def __init__(self, room: Room, **given: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(**given)
        self._room = room
        self._peer: tuple[str, int] | None = None
        self._behind_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:
        """A visitor, counted for a line."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)
        self._peer = self.client
        address = self._peer[0] if self._peer else ""
        line = f"a visitor of a proxy: {id(self)}" if is_in(address, self._room.proxies) else address
        self.client = (line_of(line), 0)  # as answers that nobody takes count, too
        gone = self._room.here.enter(self, line)
        if gone is not None:
            gone.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The visitor left."""
        self._room.here.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Requests that wait behind another are bounded in bytes, too; while any does, nothing more is read."""
        super().data_received(data)
        self._behind_bytes = self._behind_bytes + len(data) if self.pipeline else 0
        if self._behind_bytes > WAITING_BYTES_MAX:
            self.transport.abort()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self.scope["client"] = self._peer

    def _queue(self, before: RequestResponseCycle) -> None:
        self.scope[IS_BEHIND] = True  # type: ignore[typeddict-unknown-key] - uvicorn's type knows only its own
        super()._queue(before)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being answered."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None until the first request
        return cycle is None or cycle.response_complete
