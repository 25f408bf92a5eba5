"""A very small HTTP server for prepared answers: every page is bytes in memory, so a flood costs almost nothing.

GET and HEAD of known paths, POST to one handler, keep-alive; heads and bodies are bounded, and whoever is slow is let go.
Connections are bounded too, in all and of one line: beyond that one of the line that holds most gives way to the newcomer.
A connection gets one answer in a turn of the event loop, and the next when the one before was taken and it is its turn among
those that asked for several; until then nothing more of it is read.
"""

import asyncio
import gzip
import hashlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from wenyue.core.limits import PIPELINED_MAX, STATUS_CONNECTIONS_MAX, STATUS_OF_ADDRESS_MAX
from wenyue.platform.addresses import Network, client_address, is_in, line_of
from wenyue.platform.http.unread import UnreadAnswers
from wenyue.platform.load_shedding.shares import Shares

HEAD_BYTES_MAX: Final = 8 * 1024
BODY_BYTES_MAX: Final = 2 * 1024
WAITING_BYTES_MAX: Final = 32 * 1024  # of requests that wait behind another
ANSWERS_PER_TURN: Final = (
    16  # to requests that waited behind another, of all connections: about a millisecond
)
WAIT_S: Final = 15.0  # for a whole request, and between two of them; a slow reader has UNREAD_WAIT_S
_LENGTH_DIGITS_MAX: Final = len(str(BODY_BYTES_MAX))
_log: Final = logging.getLogger("wenyue.status")
_BLANK: Final = b"\r\n\r\n"  # ends a head
_CLOSE: Final = b"connection: close\r\n\r\n"
_EMPTY: Final = b"content-length: 0\r\nconnection: close\r\n\r\n"
SECURITY: Final = (
    b"x-content-type-options: nosniff\r\nx-frame-options: DENY\r\nreferrer-policy: no-referrer\r\n"
    b"permissions-policy: camera=(), geolocation=(), microphone=()\r\n"
)


@dataclass(frozen=True, slots=True)
class Page:
    """One prepared answer."""

    etag: bytes
    plain: tuple[bytes, bytes]  # head, body
    zipped: tuple[bytes, bytes]
    same: bytes  # the answer when the asker has it already


def page(
    body: bytes,
    kind: str,
    *,
    age_s: int,
    status: str = "200 OK",
    policy: str = "default-src 'none'",
    more: str = "",
) -> Page:
    """Prepare an answer; `age_s`: how long anybody may keep it; `policy`: its Content-Security-Policy."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'.encode()
    kept = f"public, max-age={age_s}" if age_s else "no-store"
    common = (
        f"content-type: {kind}\r\ncache-control: {kept}\r\ncontent-security-policy: {policy}; frame-ancestors 'none'\r\n"
        f"vary: accept-encoding\r\n{more}"
    ).encode() + SECURITY
    first = f"HTTP/1.1 {status}\r\n".encode()
    packed = gzip.compress(body, 6, mtime=0)

    def head(length: int, extra: bytes = b"") -> bytes:
        return first + common + b"etag: " + etag + b"\r\ncontent-length: %d\r\n" % length + extra

    same = b"HTTP/1.1 304 Not Modified\r\n" + common + b"etag: " + etag + b"\r\n"
    zipped = head(len(packed), b"content-encoding: gzip\r\n")
    return Page(etag, (head(len(body)), body), (zipped, packed), same)


# Gets the method, the path, the form's (or the query's) bytes and the client's address; returns a page.
Handler = Callable[[str, str, bytes, str], Awaitable[Page]]


class Shelf:
    """What there is to be had: replaced as a whole whenever it is made anew."""

    def __init__(
        self,
        lost: Page,
        handler: Handler | None = None,
        handled: frozenset[str] = frozenset(),
        proxies: Sequence[Network] = (),
    ) -> None:
        self.pages: Mapping[str, Page] = {}
        self.lost = lost
        self.handler = handler
        self.handled = handled  # paths that the handler answers to GET as well
        self.proxies = proxies  # whose word about addresses is believed
        self.here: Shares[Connection] = Shares(
            STATUS_CONNECTIONS_MAX, STATUS_OF_ADDRESS_MAX, lambda one: one.is_idle
        )
        self.unread = UnreadAnswers(lambda: self.here)
        self.served = 0
        self._behind: deque[Connection] = deque()  # each at most once
        self._is_coming = False  # a turn that answers some of them

    def answer_later(self, one: "Connection") -> None:
        """Its next request is answered when those who wait already had one answer each. Who asks for one page never waits."""
        self._behind.append(one)
        if not self._is_coming:
            self._is_coming = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        try:
            for _ in range(min(len(self._behind), ANSWERS_PER_TURN)):
                self._behind.popleft().go_on()
        finally:
            self._is_coming = bool(self._behind)
            if self._is_coming:
                asyncio.get_running_loop().call_soon(self._turn)


class Connection(asyncio.Protocol):
    """One visitor's connection. At most one answer waits in it for its reader, beside what the kernel keeps."""

    transport: asyncio.Transport
    client: tuple[str, int] | None = None  # the line that it counts for

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._read = b""
        self._at = 0  # what is before it was answered
        self._needed = 0  # bytes from there on, before it is worth looking
        self._is_full = False  # an answer waits for its reader
        self._is_next = False  # the shelf will say when to go on
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._peer = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A visitor; with one too many somebody of the busiest line is let go, who of a named proxy's visitors cannot be told."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - the loop makes no other for TCP
        self.transport = transport
        transport.set_write_buffer_limits(high=0)
        peer = transport.get_extra_info("peername")
        self._peer = str(cast(tuple[object, ...], peer)[0]) if isinstance(peer, tuple) and peer else ""
        line = f"a visitor of a proxy: {id(self)}" if is_in(self._peer, self._shelf.proxies) else self._peer
        self.client = (line_of(line), 0)
        gone = self._shelf.here.enter(self, line)
        if gone is not None:
            gone.let_go()
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """The visitor left."""
        del exc
        self._shelf.here.leave(self)
        for later in (self._timer, self._task):
            if later is not None:
                later.cancel()

    def data_received(self, data: bytes) -> None:
        """Answer the first request that is there whole; what waits behind it is bounded."""
        if self._task is not None:  # its answer is the last: nobody looks at what comes after
            return
        self._read, self._at = self._read[self._at :] + data, 0
        if not self._is_next and not self._is_full:
            self.go_on()
        if self._task is not None or self._needed or self.transport.is_closing():
            return
        waiting = len(self._read) - self._at
        if waiting > WAITING_BYTES_MAX or self._read.count(_BLANK, self._at) > PIPELINED_MAX:
            self.let_go()

    def pause_writing(self) -> None:
        """An answer waits for its reader: nothing more is read or answered, and `Shelf.unread` counts what the reader takes."""
        self._is_full = True
        self.transport.pause_reading()
        if self._timer is not None:
            self._timer.cancel()

    def resume_writing(self) -> None:
        """The reader took all of it."""
        self._is_full = False
        self._wait()
        self._go_on_later()

    def _go_on_later(self) -> None:
        if not self._is_next:
            self._is_next = True
            self._shelf.answer_later(self)

    def go_on(self) -> None:
        """Answer one request. The next is answered in another turn of the loop: until then nothing is read."""
        self._is_next = False
        if self._is_full or self._task is not None or self.transport.is_closing():
            return
        if self._answer_next() and self._at < len(self._read):
            self.transport.pause_reading()
            if not self._is_full:  # else when the reader took it
                self._go_on_later()
            return
        self._read, self._at = self._read[self._at :], 0
        if not self._is_full:
            self.transport.resume_reading()

    def _answer_next(self) -> bool:
        """Whether the next request was there whole, and others may follow it."""
        if len(self._read) - self._at < self._needed:
            return False
        end = self._read.find(_BLANK, self._at)
        if end < 0:
            if len(self._read) - self._at > HEAD_BYTES_MAX:
                self._end(b"HTTP/1.1 431 Request Header Fields Too Large\r\n" + _EMPTY)
            return False
        return self._answer(self._read[self._at : end], end + len(_BLANK))

    def _answer(self, head: bytes, after: int) -> bool:
        """Answer one request; False when more of it must come first, or nothing more will."""
        line, _, raw = head.partition(b"\r\n")
        words = line.split(b" ")
        if len(head) > HEAD_BYTES_MAX or len(words) != 3 or not words[2].startswith(b"HTTP/1."):
            self._end(b"HTTP/1.1 400 Bad Request\r\n" + _EMPTY)
            return False
        target, _, query = words[1].partition(b"?")
        method, path = words[0], target.decode("latin-1")
        fields = _fields(raw)
        if method == b"POST" and self._shelf.handler is not None:
            return self._take(path, fields, after)
        if (
            method not in {b"GET", b"HEAD"}
            or b"transfer-encoding" in fields
            or fields.get(b"content-length", b"0") != b"0"
        ):
            self._end(b"HTTP/1.1 405 Method Not Allowed\r\nallow: GET, HEAD\r\n" + _EMPTY)
            return False
        self._at = after
        if path in self._shelf.handled:
            self._read, self._at = b"", 0
            self._task = asyncio.create_task(self._handle("GET", path, query, fields))
            return False
        found = self._shelf.pages.get(path, self._shelf.lost)
        self._send(found, fields, is_head=method == b"HEAD", is_last=words[2] == b"HTTP/1.0")
        return True

    def _take(self, path: str, fields: Mapping[bytes, bytes], after: int) -> bool:
        """A form: wait for its body, then let the handler answer."""
        length = fields.get(b"content-length", b"")
        is_sane = length.isdigit() and len(length) <= _LENGTH_DIGITS_MAX and int(length) <= BODY_BYTES_MAX
        if not is_sane or b"transfer-encoding" in fields:
            self._end(b"HTTP/1.1 413 Content Too Large\r\n" + _EMPTY)
            return False
        whole = after + int(length)
        if len(self._read) < whole:
            self._needed = whole - self._at
            return False
        body = self._read[after:whole]
        self._read, self._at, self._needed = b"", 0, 0
        self._task = asyncio.create_task(self._handle("POST", path, body, fields))
        return False

    async def _handle(self, method: str, path: str, body: bytes, fields: Mapping[bytes, bytes]) -> None:
        handler = self._shelf.handler
        if handler is not None:
            said = fields.get(b"x-forwarded-for", b"").decode("latin-1")
            address = client_address(self._peer, [said] if said else [], self._shelf.proxies)
            try:
                async with asyncio.timeout(WAIT_S):
                    found = await handler(method, path, body, address)
            except Exception as error:  # noqa: BLE001 - one form's fault is that visitor's 503 and nobody else's
                _log.error("%s %s: %s", method, path, type(error).__name__)
                self._end(b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 60\r\n" + _EMPTY)
                return
            kept = {name: value for name, value in fields.items() if name != b"if-none-match"}
            self._send(found, kept, is_head=False, is_last=True)

    def _send(self, found: Page, fields: Mapping[bytes, bytes], *, is_head: bool, is_last: bool) -> None:
        transport = self.transport
        self._shelf.served += 1
        is_last = is_last or fields.get(b"connection", b"").lower() == b"close"
        end = _CLOSE if is_last else b"\r\n"
        if found.etag in fields.get(b"if-none-match", b""):
            transport.write(found.same + end)
        else:
            head, body = found.zipped if b"gzip" in fields.get(b"accept-encoding", b"") else found.plain
            transport.write(head + end if is_head else head + end + body)
        if is_last:
            transport.close()
        self._wait()

    def _end(self, answer: bytes) -> None:
        self.transport.write(answer)
        self.transport.close()

    def _wait(self) -> None:
        """The next request comes whole within WAIT_S after the last answer went to the kernel."""
        if self._timer is not None:
            self._timer.cancel()
        if self._is_full:
            return
        self._timer = asyncio.get_running_loop().call_later(WAIT_S, self.let_go)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being answered."""
        return self._task is None

    def let_go(self) -> None:
        """The visitor was too slow, or gives way to another."""
        self.transport.abort()


def _fields(raw: bytes) -> dict[bytes, bytes]:
    """Header fields by lower-case name; the last of a name counts."""
    found: dict[bytes, bytes] = {}
    for line in raw.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon:
            found[name.lower()] = value.strip()
    return found
