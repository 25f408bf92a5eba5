"""One load process: an open loop over raw keep-alive connections, as cheap as Python allows.

Requests are sent when they are due, whatever became of earlier ones. One that finds no free connection waits, and its wait
counts; of those that wait the newest goes first: people have a line each, and nobody stands behind another's. No asyncio: one
epoll, two system calls a request, and the answers' heads are remembered rather than parsed.
"""

from __future__ import annotations  # array[float] is no type before Python 3.12

import errno
import gc
import os
import re
import select
import socket
from array import array
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter, sleep
from typing import Final

from wenyue_lab.benchmark.overload.orders import Maker, Orders, arrivals

_LENGTH: Final = re.compile(rb"\r\n[Cc]ontent-[Ll]ength: *(\d+)")
_CLOSING: Final = re.compile(rb"\r\n[Cc]onnection: *close", re.IGNORECASE)
_READ_BYTES: Final = 4096
_EVENTS: Final = 256
_SENT_AT_ONCE: Final = 32  # then answers are read: neither starves the other
_WAIT_S: Final = 0.001
_KNOWN_MAX: Final = 4096
_CONNECT_TRIES: Final = 200
_CONNECT_PAUSE_S: Final = 0.01
_RESENDS_MAX: Final = 2
PATIENCE_S: Final = (
    1.0  # who has found no free connection by then has left: people do not queue behind each other for one
)
_WAITING_MAX: Final = 200_000  # for a connection; those beyond it are never sent, and counted
_UNKNOWN: Final = b'"outcome":"unknown"'  # a 503 too: the caller asks again under the same id
UNANSWERED: Final = 0
DOUBTFUL: Final = 1


@dataclass(slots=True)
class Record:
    """What one process saw: one entry for every request that was due, in the order in which they ended."""

    dues: array[float] = field(default_factory=lambda: array("d"))  # seconds after the start
    latencies: array[float] = field(
        default_factory=lambda: array("f")
    )  # since due; of unanswered ones until the end
    codes: array[int] = field(default_factory=lambda: array("H"))  # HTTP status, UNANSWERED or DOUBTFUL
    streams: array[int] = field(default_factory=lambda: array("B"))
    taken_dues: array[float] = field(default_factory=lambda: array("d"))
    lags: array[float] = field(
        default_factory=lambda: array("f")
    )  # from due until this process took them up: its own lateness
    never_sent: int = 0
    resent: int = 0  # the server closed the connection before it answered: sent again, under the same id
    reopened: int = 0
    refused_connections: int = 0
    queued_max: int = 0  # requests waiting for a connection
    numbers: list[int] = field(default_factory=list[int])  # first unused number of each stream
    samples: dict[int, str] = field(default_factory=dict[int, str])  # one answer of every status
    cpu_s: float = 0.0


@dataclass(slots=True)
class _Shot:
    """A request under way."""

    due: float
    stream: int
    bytes_: bytes
    resends: int = 0


class LoadGenerator:
    """`connections` connections to one address, kept between runs; who finds none free within `patience_s` leaves."""

    def __init__(self, host: str, port: int, connections: int, patience_s: float = PATIENCE_S) -> None:
        self._address = (host, port)
        self._patience_s = patience_s
        self._epoll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._idle: deque[int] = deque()
        self._to_open = connections
        self._shots: dict[int, _Shot] = {}
        self._connecting: set[int] = set()
        self._partial: dict[int, bytes] = {}
        self._waiting: deque[_Shot] = deque()
        self._known: dict[bytes, tuple[int, bool]] = {}
        self._record = Record()
        self._began = 0.0

    def close(self) -> None:
        """Every connection ends."""
        for one in self._sockets.values():
            one.close()
        self._epoll.close()

    def open_all(self) -> None:
        """Open what is not open, before the clock runs."""
        self._look_for_closed()
        for _ in range(_CONNECT_TRIES):
            while self._to_open and self._open_one():
                pass
            self._poll(_CONNECT_PAUSE_S)
            if not self._to_open and not self._connecting:
                return
            sleep(_CONNECT_PAUSE_S)

    def fire(self, orders: Orders, makers: list[Maker]) -> Record:
        """Do what `orders` says; `makers` belong to its streams. Bounded by its length and `drain_s`."""
        self._record = record = Record(numbers=[stream.first_number for stream in orders.streams])
        self._look_for_closed()
        gc.collect()
        gc.freeze()
        gc.disable()
        cpu_before = sum(os.times()[:2])
        self._began = orders.starts_at
        try:
            self._send_all(orders, makers)
            ends_at = perf_counter() + orders.drain_s
            while (self._shots or self._waiting) and perf_counter() < ends_at:
                self._poll(_WAIT_S)
        finally:
            gc.enable()
            gc.unfreeze()
        record.cpu_s = sum(os.times()[:2]) - cpu_before
        self._give_up()
        return record

    def _send_all(self, orders: Orders, makers: list[Maker]) -> None:
        numbers = self._record.numbers
        waiting = self._waiting
        coming = arrivals(orders)
        due, stream = next(coming, (0.0, -1))
        while stream >= 0:
            sent = 0
            while stream >= 0 and due <= perf_counter() and sent < _SENT_AT_ONCE:
                number = numbers[stream]
                numbers[stream] = number + 1
                self._record.taken_dues.append(due - self._began)
                self._record.lags.append(perf_counter() - due)
                shot = _Shot(due, stream, makers[stream](number))
                if waiting or not self._send(shot):
                    self._wait(shot)
                sent += 1
                due, stream = next(coming, (0.0, -1))
            self._record.queued_max = max(self._record.queued_max, len(waiting))
            self._poll(0.0 if sent == _SENT_AT_ONCE else min(_WAIT_S, max(0.0, due - perf_counter())))

    def _send(self, shot: _Shot) -> bool:
        """Send on a free connection, or on a new one; False when there is none."""
        idle = self._idle
        while idle:
            descriptor = idle.popleft()
            if descriptor in self._shots or descriptor not in self._sockets:
                continue
            self._launch(descriptor, shot)
            return True
        if self._to_open and self._open_one():
            self._record.reopened += 1
            self._launch(self._idle.pop(), shot)
            return True
        return False

    def _wait(self, shot: _Shot) -> None:
        if len(self._waiting) < _WAITING_MAX:
            self._waiting.append(shot)
        else:
            self._record.never_sent += 1
            self._note(shot, UNANSWERED)

    def _leave(self) -> None:
        """Those who have waited for a connection for too long go, unanswered."""
        waiting = self._waiting
        while waiting and perf_counter() - waiting[0].due > self._patience_s:
            self._record.never_sent += 1
            self._note(waiting.popleft(), UNANSWERED)

    def _refill(self) -> None:
        """New connections for those that wait, in place of those that the server closed."""
        waiting = self._waiting
        self._leave()
        while waiting and (self._idle or self._to_open):
            shot = waiting.pop()
            if not self._send(shot):
                waiting.append(shot)
                return

    def _launch(self, descriptor: int, shot: _Shot) -> None:
        self._shots[descriptor] = shot
        if descriptor not in self._connecting:
            self._write(descriptor, shot)

    def _write(self, descriptor: int, shot: _Shot) -> None:
        try:
            os.write(descriptor, shot.bytes_)
        except OSError:
            self._lost(descriptor)

    def _poll(self, wait_s: float) -> None:
        shots, known, sockets = self._shots, self._known, self._sockets
        for descriptor, events in self._epoll.poll(wait_s, _EVENTS):
            if descriptor in self._connecting:
                self._connected(descriptor)
                continue
            try:
                data = os.read(descriptor, _READ_BYTES)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if not data:
                self._lost(descriptor)
                continue
            if descriptor in self._partial:
                data = self._partial.pop(descriptor) + data
            answer = known.get(data) or self._parse(data)
            if answer is None:
                self._partial[descriptor] = data
                continue
            shot = shots.pop(descriptor, None)
            if shot is not None:
                self._note(shot, answer[0])
            if answer[1] or events & select.EPOLLRDHUP:
                self._drop(descriptor)
            elif descriptor in sockets:
                self._next(descriptor)
        if self._waiting and self._to_open:
            self._refill()

    def _next(self, descriptor: int) -> None:
        """A connection has become free."""
        self._leave()
        if self._waiting:
            self._launch(descriptor, self._waiting.pop())
        else:
            self._idle.append(descriptor)

    def _note(self, shot: _Shot, code: int) -> None:
        record = self._record
        record.dues.append(shot.due - self._began)
        record.latencies.append(perf_counter() - shot.due)
        record.codes.append(code)
        record.streams.append(shot.stream)

    def _parse(self, data: bytes) -> tuple[int, bool] | None:
        """(status, whether the server closes the connection) of a complete answer; None when some of it is missing."""
        head = data.find(b"\r\n\r\n")
        if head < 0:
            return None
        length = _LENGTH.search(data, 0, head + 2)
        if len(data) - head - 4 < (int(length[1]) if length else 0):
            return None
        code = DOUBTFUL if _UNKNOWN in data else int(data[9:12])
        answer = (code, _CLOSING.search(data, 0, head + 2) is not None)
        self._record.samples.setdefault(answer[0], data[:1500].decode("utf-8", "replace"))
        if len(self._known) < _KNOWN_MAX and answer[0] >= 400:
            self._known[data] = answer
        return answer

    # ------------------------------------------------------------------------------------ connections

    def _open_one(self) -> int:
        """Begin to open a connection; 0 when the system refuses at once."""
        one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        one.setblocking(False)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        error = one.connect_ex(self._address)
        if error not in {0, errno.EINPROGRESS}:
            one.close()
            self._record.refused_connections += 1
            return 0
        descriptor = one.fileno()
        self._to_open -= 1
        self._sockets[descriptor] = one
        mask = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET
        if error:
            self._connecting.add(descriptor)
            mask |= select.EPOLLOUT
        self._epoll.register(descriptor, mask)
        self._idle.append(descriptor)
        return descriptor

    def _connected(self, descriptor: int) -> None:
        self._connecting.discard(descriptor)
        if self._sockets[descriptor].getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._record.refused_connections += 1
            self._lost(descriptor)
            return
        self._epoll.modify(descriptor, select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET)
        shot = self._shots.get(descriptor)
        if shot is not None:
            self._write(descriptor, shot)

    def _lost(self, descriptor: int) -> None:
        """The server closed it. What was under way is sent again on another connection, like a browser does."""
        shot = self._shots.pop(descriptor, None)
        self._drop(descriptor)
        if shot is None:
            return
        if shot.resends >= _RESENDS_MAX:
            self._note(shot, UNANSWERED)
            return
        shot.resends += 1
        self._record.resent += 1
        if not self._send(shot):
            self._waiting.appendleft(shot)

    def _drop(self, descriptor: int) -> None:
        one = self._sockets.pop(descriptor, None)
        if one is None:
            return
        self._partial.pop(descriptor, None)
        self._connecting.discard(descriptor)
        with suppress(OSError, ValueError):
            self._epoll.unregister(descriptor)
        one.close()
        self._to_open += 1

    def _look_for_closed(self) -> None:
        """Learn of connections that the server closed meanwhile, and forget answers that came too late to count."""
        for _ in range(_CONNECT_TRIES):
            before = len(self._sockets)
            self._poll(0.0)
            if len(self._sockets) == before:
                break
        self._idle = deque(one for one in dict.fromkeys(self._idle) if one in self._sockets)

    def _give_up(self) -> None:
        """Whatever has no answer by now gets none: it is counted, and its connection is closed."""
        record = self._record
        for shot in self._waiting:
            record.never_sent += 1
            self._note(shot, UNANSWERED)
        self._waiting.clear()
        for descriptor, shot in list(self._shots.items()):
            self._note(shot, UNANSWERED)
            del self._shots[descriptor]
            self._drop(descriptor)
