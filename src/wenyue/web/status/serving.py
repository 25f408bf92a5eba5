"""Answers the status page's visitors, as an ASGI application on a uvicorn of its own: prepared pages at once, forms by a handler.

GET and HEAD of known paths, and the forms; a flood costs little, because every page is bytes in memory. Requests that waited
behind another of their connection are answered a few in a turn of the event loop: whoever asks for one page never waits for them.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, TypeAlias, cast

import uvicorn

from wenyue.platform.addresses import sender_of
from wenyue.platform.http.bodies import Receive
from wenyue.platform.http.web_server import WebServer
from wenyue.platform.http.whole_answer import Send, send_whole
from wenyue.web.status.connections import IS_BEHIND, WAIT_S, Room, Visitor
from wenyue.web.status.prepared import Headers, Page

BODY_BYTES_MAX: Final = 2 * 1024
ANSWERS_PER_TURN: Final = (
    16  # to requests that waited behind another, of all connections: about a millisecond
)
BACKLOG: Final = 4096
_DRAIN_S: Final = 1
_LENGTH_DIGITS_MAX: Final = len(str(BODY_BYTES_MAX))
_CLOSE: Final = (b"connection", b"close")
_NOTHING: Final[Headers] = ((b"content-length", b"0"), _CLOSE)
_NOT_ALLOWED: Final[Headers] = ((b"allow", b"GET, HEAD"), *_NOTHING)
LINKED: Final = frozenset(
    {"/confirm", "/leave"}
)  # what mails lead to: the handler answers them to GET as well
_log: Final = logging.getLogger("wenyue.status")

Scope: TypeAlias = Mapping[str, Any]
# Gets the method, the path, the form's (or the query's) bytes and the client's address; returns a page.
Handler = Callable[[str, str, bytes, str], Awaitable[Page]]


class Turns:
    """Lets go on, in turn, those who waited behind another."""

    def __init__(self) -> None:
        self._behind: deque[asyncio.Future[None]] = deque()
        self._is_coming = False  # a turn that lets some of them go on

    async def wait(self) -> None:
        """Until those who waited already have gone on."""
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        self._behind.append(waiter)
        if not self._is_coming:
            self._is_coming = True
            loop.call_soon(self._turn)
        await waiter

    def _turn(self) -> None:
        for _ in range(min(len(self._behind), ANSWERS_PER_TURN)):
            waiter = self._behind.popleft()
            if not waiter.done():
                waiter.set_result(None)
        self._is_coming = bool(self._behind)
        if self._is_coming:
            asyncio.get_running_loop().call_soon(self._turn)


class Shelf:
    """ASGI: what there is to be had, replaced as a whole whenever it is made anew. `handler` answers the forms, if any."""

    def __init__(self, lost: Page, handler: Handler | None = None, room: Room | None = None) -> None:
        self.pages: Mapping[str, Page] = {}
        self.room = room or Room()
        self.served = 0
        self._lost, self._handler = lost, handler
        self._turns = Turns()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if IS_BEHIND in scope:
            await self._turns.wait()
        self.served += 1
        fields: dict[bytes, bytes] = dict(scope["headers"])
        method, path = scope["method"], scope["path"]
        if self._handler is not None and (method == "POST" or (method == "GET" and path in LINKED)):
            await self._handle(self._handler, scope, receive, send)
        elif method not in {"GET", "HEAD"} or _has_body(fields):
            await _send(send, 405, _NOT_ALLOWED)
        else:
            await _send(send, *_fitting(self.pages.get(path, self._lost), fields))

    async def _handle(self, handler: Handler, scope: Scope, receive: Receive, send: Send) -> None:
        """A form, or a link of a mail. The connection ends with the answer."""
        fields: dict[bytes, bytes] = dict(scope["headers"])
        is_post, method, path = scope["method"] == "POST", scope["method"], scope["path"]
        if is_post and not _is_short(fields):
            await _send(send, 413, _NOTHING)
            return
        if not is_post and _has_body(fields):
            await _send(send, 405, _NOT_ALLOWED)
            return
        try:
            async with asyncio.timeout(WAIT_S):
                said = await _body(receive) if is_post else scope["query_string"]
        except (ConnectionError, TimeoutError):
            await _send(send, 408, _NOTHING)
            return
        try:
            async with asyncio.timeout(WAIT_S):
                found = await handler(method, path, said, sender_of(scope, self.room.proxies))
        except Exception as error:  # noqa: BLE001 - one form's fault is that visitor's 503 and nobody else's
            _log.error("%s %s: %s", method, path, type(error).__name__)
            await _send(send, 503, ((b"retry-after", b"60"), *_NOTHING))
            return
        status, headers, body = _fitting(found, {b"accept-encoding": fields.get(b"accept-encoding", b"")})
        await _send(send, status, (*headers, _CLOSE), body)


async def _body(receive: Receive) -> bytes:
    """A form's bytes, which its head says are few. Raises ConnectionError when the visitor leaves."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return body


def _has_body(fields: Mapping[bytes, bytes]) -> bool:
    return b"transfer-encoding" in fields or fields.get(b"content-length", b"0") != b"0"


def _is_short(fields: Mapping[bytes, bytes]) -> bool:
    """Whether a body says its length, and is no longer than a form."""
    length = fields.get(b"content-length", b"")
    is_sane = length.isdigit() and len(length) <= _LENGTH_DIGITS_MAX and int(length) <= BODY_BYTES_MAX
    return is_sane and b"transfer-encoding" not in fields


def _fitting(page: Page, fields: Mapping[bytes, bytes]) -> tuple[int, Headers, bytes]:
    """The page as this visitor takes it."""
    if page.etag in fields.get(b"if-none-match", b""):
        return 304, page.same, b""
    return page.status, *(page.zipped if b"gzip" in fields.get(b"accept-encoding", b"") else page.plain)


async def _send(send: Send, status: int, headers: Headers, body: bytes = b"") -> None:
    if not send_whole(send, status, headers, body):
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class PageServer(WebServer):
    """Serves a shelf. Whoever runs it says when it ends, by `should_exit`: signals are not its own."""

    def __init__(self, shelf: Shelf, protocol: type[Visitor] = Visitor) -> None:
        super().__init__(
            uvicorn.Config(
                shelf,
                http=cast("type[asyncio.Protocol]", partial(protocol, shelf.room)),
                lifespan="off",
                ws="none",
                backlog=BACKLOG,
                access_log=False,
                log_config=None,  # ours is in force
                timeout_keep_alive=int(WAIT_S),
                timeout_graceful_shutdown=_DRAIN_S,
                server_header=False,
                date_header=False,
                proxy_headers=False,
            )
        )

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """None of them."""
        yield
