"""HTTP connections with a bounded, timely head: uvicorn's own protocol keeps whatever a sender calls headers, for ever."""

import asyncio
from collections import deque
from typing import ClassVar, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from wenyue.core.limits import (
    HEAD_BYTES_MAX,
    HEAD_FIELDS_MAX,
    HEAD_WAIT_S,
    HEADS_AT_ONCE_MAX,
    PIPELINED_MAX,
)
from wenyue.platform.http.bodies import IS_WHOLE

_TOO_LARGE: Final = b"431 Request Header Fields Too Large"
_TOO_SLOW: Final = b"408 Request Timeout"


class TooManyError(Exception):
    """More requests came behind one another than may wait. The parser stops at it, whatever else came in the same piece."""


class TooManyFieldsError(Exception):
    """A head has more than HEAD_FIELDS_MAX fields. The parser stops at it, and the connection ends."""


class BoundedHttp(HttpToolsProtocol):
    """Request line and headers are at most `head_bytes_max` long and arrive within HEAD_WAIT_S, or the connection ends.

    So it does with more than HEAD_FIELDS_MAX header fields, trailers among them: they are counted when a head is whole and after
    each piece, so that none are kept longer than it takes to read a piece. Nor is more than that read between pieces of
    a body, or after it: the parser copies an endless trailer again with every piece. Each bound is kept to within a read. A
    request that was answered before it was read whole has HEAD_WAIT_S to end.

    A head that arrives in one piece, as nearly all do, costs two assignments. At most HEADS_AT_ONCE_MAX connections of a
    process are without a whole head; beyond it the one that has been so for longest ends. A request whose last byte is
    there when it is looked at says so in its scope (`IS_WHOLE`). At most PIPELINED_MAX requests wait behind another; with more
    the connection ends, and nothing more of it is parsed.
    """

    head_bytes_max: ClassVar[int] = HEAD_BYTES_MAX
    heads: ClassVar[dict["BoundedHttp", None]] = {}  # who has not said a whole head, the longest first
    _is_in_head = True
    _is_reading = False
    _head_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None
    _stray_bytes = 0  # since the last of the body: sizes of chunks, trailers
    _has_body = False  # the piece that was just read has some
    _rest_timer: asyncio.TimerHandle | None = None
    _queued: deque[RequestResponseCycle] | None = (
        None  # the last that came before the one in front was answered
    )

    def connection_made(self, transport: asyncio.Transport) -> None:
        """A connection that says nothing is closed too."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more, and nobody answers: uvicorn itself tells only the last of several requests."""
        self._stop_waiting()
        if self._rest_timer is not None:
            self._rest_timer.cancel()
        for cycle in self._queued or ():
            cycle.disconnected = True
            cycle.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Let uvicorn read; what is still head afterwards, or neither head nor body, is counted."""
        super().data_received(data)
        if self.headers and len(self.headers) > HEAD_FIELDS_MAX:
            self._refuse_fields()
        elif self._is_in_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > self.head_bytes_max:
                self.refuse(_TOO_LARGE)
            elif self._head_timer is None:
                self._wait_for_head()
        elif self._is_reading:
            self._count_stray(len(data))
        elif self.timeout_keep_alive_task is None and self._is_idle():
            self._wait_for_head()  # bytes that begin no request, such as an empty line

    def _is_idle(self) -> bool:
        """Whether nothing is being read or answered, and no timer waits for anything."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None until the first request
        return self._head_timer is None and (cycle is None or cycle.response_complete)

    def _count_stray(self, size: int) -> None:
        self._stray_bytes = 0 if self._has_body else self._stray_bytes + size
        self._has_body = False
        if self._stray_bytes > self.head_bytes_max:
            self._refuse_fields()

    def on_body(self, body: bytes) -> None:
        """Some of the body."""
        self._has_body = True
        super().on_body(body)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._is_in_head = self._is_reading = True
        self._head_bytes = self._stray_bytes = 0

    def on_headers_complete(self) -> None:
        """The head is there; the body has bounds of its own. Raises TooManyFieldsError."""
        if len(self.headers) > HEAD_FIELDS_MAX:
            self._refuse_fields()
            raise TooManyFieldsError
        self._is_in_head = False
        if self._head_timer is not None:
            self._stop_waiting()
        before = self.cycle
        super().on_headers_complete()
        if self.pipeline:
            self._queue(before)

    def on_message_complete(self) -> None:
        """The last byte of a request was read; whatever comes next is another one."""
        self._is_reading = self._has_body = False
        if self._rest_timer is not None:
            self._rest_timer.cancel()
            self._rest_timer = None
        self.scope[IS_WHOLE] = True  # type: ignore[typeddict-unknown-key] - uvicorn's type knows only its own
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """A request was answered. What is not there of it yet is waited for, but not for ever."""
        super().on_response_complete()
        if self._is_reading and not self._is_in_head and self.cycle.response_complete:
            self._rest_timer = self.loop.call_later(HEAD_WAIT_S, self.transport.close)

    def _queue(self, before: RequestResponseCycle) -> None:
        """A request came before the one in front of it was answered. `before` is the one that came last. Raises TooManyError."""
        if self._queued is None:
            self._queued = deque(
                maxlen=PIPELINED_MAX + 2
            )  # those that wait and the one that is being answered
        if len(self.pipeline) == 1:
            self._queued.append(before)
        self._queued.append(self.cycle)
        if len(self.pipeline) > PIPELINED_MAX:
            self.pipeline.clear()
            self.transport.abort()
            raise TooManyError

    def send_400_response(self, msg: str) -> None:
        """What cannot be parsed is told so, unless it is we who stopped parsing."""
        if not self.transport.is_closing():
            super().send_400_response(msg)

    def _wait_for_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_WAIT_S, self.refuse, _TOO_SLOW)
        if len(self.heads) >= HEADS_AT_ONCE_MAX:
            next(iter(self.heads)).refuse(_TOO_SLOW)
        self.heads[self] = None

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
            self.heads.pop(self, None)

    def _refuse_fields(self) -> None:
        self.headers.clear()  # whoever takes no answer keeps nothing else
        self.refuse(_TOO_LARGE)

    def refuse(self, status: bytes) -> None:
        """Say so and end the connection; whoever was answered already is told nothing more."""
        self._stop_waiting()
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None until the first request
        if self._is_reading and not self._is_in_head and cycle is not None and cycle.response_started:
            self.transport.close()
        elif not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 %s\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % status)
            self.transport.close()
