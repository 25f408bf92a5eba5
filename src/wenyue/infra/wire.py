"""HTTP connections with a bounded, timely head, and refusals that cost almost nothing.

uvicorn's own protocol keeps whatever a sender calls headers, for ever; and it parses and routes a request before anybody can
say no. Here a full hot lane says no as soon as the bytes are there.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import ClassVar, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from wenyue.infra.admission import Admission
from wenyue.infra.bodies import IS_WHOLE
from wenyue.infra.hot_lane import HotLane
from wenyue.kernel.limits import (
    HEAD_BYTES_MAX,
    HEAD_FIELDS_MAX,
    HEAD_WAIT_S,
    HEADS_AT_ONCE_MAX,
    PIPELINED_MAX,
)

_TOO_LARGE: Final = b"431 Request Header Fields Too Large"
_TOO_SLOW: Final = b"408 Request Timeout"
_LENGTH: Final = re.compile(rb"\r\ncontent-length(?:: *(\d{1,6})\r\n)?", re.IGNORECASE)
_LOGIN: Final = re.compile(rb"\r\nauthorization: *([^\r]{1,128})\r\n", re.IGNORECASE)
_LANGUAGE: Final = re.compile(rb"\r\naccept-language: *en", re.IGNORECASE)
_ENDS: Final = re.compile(rb"\r\n(?:connection: *close|transfer-encoding|expect)", re.IGNORECASE)

_SENT_PER_TURN: Final = 64  # refusals: about a third of a millisecond
_OLDEST_EVERY: Final = 4
_PAUSE_S: Final = 0.004  # until there is room for another, when few may be told


class TooManyError(Exception):
    """More requests came behind one another than may wait. The parser stops at it, whatever else came in the same piece."""


class TooManyFieldsError(Exception):
    """A head has more than HEAD_FIELDS_MAX fields. The parser stops at it, and the connection ends."""


class BoundedHttp(HttpToolsProtocol):
    """Request line and headers are at most HEAD_BYTES_MAX long and arrive within HEAD_WAIT_S, or the connection ends.

    So it does with more than HEAD_FIELDS_MAX header fields, trailers among them: they are counted when a head is whole and after
    each piece, so that none are kept longer than it takes to read a piece. Nor is more than HEAD_BYTES_MAX read between pieces of
    a body, or after it: the parser copies an endless trailer again with every piece. Each bound is kept to within a read. A
    request that was answered before it was read whole has HEAD_WAIT_S to end.

    A head that arrives in one piece, as nearly all do, costs two assignments. At most HEADS_AT_ONCE_MAX connections of a
    process are without a whole head; beyond it the one that has been so for longest ends. A request whose last byte is
    there when it is looked at says so in its scope (`IS_WHOLE`). At most PIPELINED_MAX requests wait behind another; with more
    the connection ends, and nothing more of it is parsed.
    """

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
            if self._head_bytes > HEAD_BYTES_MAX:
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
        if self._stray_bytes > HEAD_BYTES_MAX:
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


class Refusals:
    """Sends refusals a few at a time, so that those who were let in get their turn of the event loop in between.

    Sending costs more than reading. Were all sent at once, a process that is asked for more than it can even refuse would do
    nothing else, and answer nobody: `hot.told_per_s` bounds them. The newest are sent first: when not everybody can be told in
    time, some are, instead of everybody too late; every fourth is the one that has waited longest, so that nobody waits for
    ever. Who has not been told sends nothing more on that connection, so that reading does not run ahead.
    """

    def __init__(self, hot: HotLane) -> None:
        self._hot = hot  # says how many may be told, and is told how many wait
        self._room = self._left = float(_SENT_PER_TURN)
        self._at = 0.0
        self._later: deque[tuple[GuardedHttp, bytes]] = deque()
        self._is_coming = False
        self._turns = 0

    def send(self, to: "GuardedHttp", answer: bytes) -> bool:
        """Send now if this turn of the loop has room for it; False: a later turn will, and `to.refused` is called then."""
        if not self._is_coming:
            self._is_coming = True
            to.loop.call_soon(self._turn, to.loop)
        if self._left >= 1:
            self._left -= 1
            self._hot.told += 1
            to.say(answer)
            return True
        self._later.append((to, answer))
        self._hot.held += 1
        return False

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        later, now, used = self._later, monotonic(), self._room - self._left
        room = min(self._room - used + (now - self._at) * self._hot.told_per_s, float(_SENT_PER_TURN))
        self._at = now
        is_any = bool(later)
        while later and room >= 1:
            self._turns += 1
            to, answer = later.popleft() if not self._turns % _OLDEST_EVERY else later.pop()
            room -= to.refused(answer)
        self._hot.held = len(later)
        self._room = self._left = room
        self._is_coming = is_any
        if later and room < 1:
            loop.call_later(_PAUSE_S, self._turn, loop)
        elif is_any:
            loop.call_soon(self._turn, loop)


class GuardedHttp(BoundedHttp):
    """A whole request to the hot endpoint that arrives in one piece while its lane is full is refused here, unparsed.

    Everything else goes the usual way and is refused, if need be, behind it; a segment of another request's body that looks
    like a booking is neither refused nor counted. `guarded` makes the class for a process.
    """

    admission: ClassVar[Admission]
    hot_line: ClassVar[bytes]  # how the request line of the hot endpoint begins
    is_known: ClassVar[Callable[[bytes], bool]]  # whether an `Authorization` value is remembered as a login's
    refusals: ClassVar[dict[bool, list[bytes]]]  # whole answers; True: in English; by seconds to wait
    outgoing: ClassVar[Refusals]
    _early: bytearray | None = (
        None  # what came while a refusal was still to be sent: answers keep their order
    )

    def data_received(self, data: bytes) -> None:
        """Refuse, or count the request in and let uvicorn read."""
        if self._early is not None:
            self._early += data
            self.flow.pause_reading()
            return
        if data.startswith(self.hot_line) and self._is_between_requests():
            hot = self.admission.hot
            held = hot.in_flight + hot.arriving
            if held + hot.unknown < hot.limit or (held < hot.limit and self._is_known(data)):
                super().data_received(data)
                if not self._is_in_head:  # else its head comes in pieces, or is none: nothing has arrived
                    hot.arrive(self.loop)
                return
            if self._is_whole(data):
                hot.shed += 1
                self._stop_waiting()
                self._unset_keepalive_if_required()  # it is our turn to say something
                answers = self.refusals[_LANGUAGE.search(data) is not None]
                if not self.outgoing.send(self, answers[self.admission.retry_after_s()]):
                    self._early = bytearray()
                return
        super().data_received(data)

    def say(self, answer: bytes) -> None:
        """The refusal goes out. Its receiver may ask again on the same connection, for as long as one that was answered."""
        self.transport.write(answer)
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def refused(self, answer: bytes) -> bool:
        """The refusal goes out, and whatever was sent after the request is looked at. False: nobody is there any more."""
        early, self._early = self._early, None
        if self.transport.is_closing():
            return False
        self.admission.hot.told += 1
        self.say(answer)
        self.flow.resume_reading()
        if early:
            self.data_received(bytes(early))
        return True

    def _is_known(self, data: bytes) -> bool:
        """Whether the login is one that this process remembers: it need not wait for those that are looked up."""
        login = _LOGIN.search(data, 0, data.find(b"\r\n\r\n") + 2)
        return login is not None and type(self).is_known(login[1])

    def _is_between_requests(self) -> bool:
        """Whether the next byte begins a request, and nothing is being answered: a body may hold any bytes."""
        if self._is_reading:
            return False
        last = cast("RequestResponseCycle | None", self.cycle)  # None until the first request
        return last is None or last.response_complete

    def _is_whole(self, data: bytes) -> bool:
        """Whether `data`, which begins a request, is exactly that request, on a connection that stays open.

        A head that a proxy in front may have read in another way is not judged here: the parser refuses it.
        """
        if self.flow.write_paused:
            return False
        head = data.find(b"\r\n\r\n")
        length = _LENGTH.search(data, 0, head + 2)
        if length is None or length[1] is None or len(data) != head + 4 + int(length[1]):
            return False
        return not (_LENGTH.search(data, length.end() - 2, head + 2) or _ENDS.search(data, 0, head + 2))


def guarded(
    admission: Admission,
    hot_line: bytes,
    refusals: dict[bool, list[bytes]],
    is_known: Callable[[bytes], bool],
) -> type[GuardedHttp]:
    """The protocol of one process."""
    return type(
        "ProcessHttp",
        (GuardedHttp,),
        {
            "admission": admission,
            "hot_line": hot_line,
            "refusals": refusals,
            "is_known": staticmethod(is_known),
            "outgoing": Refusals(admission.hot),
            "heads": {},
        },
    )
