"""Refusals that cost almost nothing: uvicorn parses and routes a request before anybody can say no.

Here a full hot lane says no as soon as the bytes are there.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Mapping
from time import monotonic
from typing import ClassVar, Final, cast

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from wenyue.locale import DEFAULT, Locale, negotiate
from wenyue.platform.http.wire import BoundedHttp
from wenyue.platform.load_shedding.admission import Admission
from wenyue.platform.load_shedding.hot_lane import HotLane

_LENGTH: Final = re.compile(rb"\r\ncontent-length(?:: *(\d{1,6})\r\n)?", re.IGNORECASE)
_LOGIN: Final = re.compile(rb"\r\nauthorization: *([^\r]{1,128})\r\n", re.IGNORECASE)
_LANGUAGE: Final = re.compile(rb"\r\naccept-language: *([^\r]{1,400})", re.IGNORECASE)
_ENDS: Final = re.compile(rb"\r\n(?:connection: *close|transfer-encoding|expect)", re.IGNORECASE)

_SENT_PER_TURN: Final = 64  # refusals: about a third of a millisecond
_OLDEST_EVERY: Final = 4
_PAUSE_S: Final = 0.004  # until there is room for another, when few may be told


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
            to.send_refusal(answer)
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
    refusals: ClassVar[Mapping[Locale, list[bytes]]]  # whole answers, by language and seconds to wait
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
                answers = self.refusals[_locale_of(data)]
                if not self.outgoing.send(self, answers[self.admission.retry_after_s()]):
                    self._early = bytearray()
                return
        super().data_received(data)

    def send_refusal(self, answer: bytes) -> None:
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
        self.send_refusal(answer)
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
    refusals: Mapping[Locale, list[bytes]],
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


def _locale_of(data: bytes) -> Locale:
    """The language of a whole request, which is one of the hot endpoint: it has no query."""
    asked = _LANGUAGE.search(data)
    return (asked and negotiate(asked[1].decode("latin-1"))) or DEFAULT
