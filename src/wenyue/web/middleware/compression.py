"""Compresses what the site answers: whole texts of more than 1 KB, for clients that take it.

The hot endpoints, the room's file and refusals under load stand in front of it and pay nothing. What may be kept nowhere
(`no-store`: vouchers, new PINs, tokens, all pages of staff) holds secrets, perhaps beside what somebody typed, and its size
would tell of them (BREACH): it stays as it is. The forms' tokens in other pages are masked anew each time (`shared.session`).
What has a coding, an entity tag or is part of a range is left alone: packed it would be another thing under the same name.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from wenyue.platform.http.bodies import Message, Receive
from wenyue.web.shared.packing import Coding, coding_of, packed

Scope = Message
Send = Callable[[Message], Awaitable[None]]

BYTES_MIN: Final = 1_024  # below it headers weigh as much, and what booking answers is smaller
_KINDS: Final = frozenset(
    {
        b"text/html",
        b"text/css",
        b"text/javascript",
        b"text/csv",
        b"application/json",
        b"application/problem+json",
        b"image/svg+xml",
    }
)
_BODILESS: Final = frozenset({204, 205, 206, 304})
_SECRET: Final = (b"no-store", b"no-transform")
_LEFT_ALONE: Final = frozenset({b"content-encoding", b"content-range", b"etag"})


class Compression:
    """ASGI middleware around everything that is not hot."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = b",".join(value for name, value in scope["headers"] if name == b"accept-encoding")
        await self._app(scope, receive, _Answer(send, coding_of(asked)).send)


class _Answer:
    """Passes an answer on; its head waits for the body where that may be packed."""

    def __init__(self, send: Send, coding: Coding) -> None:
        self._send = send
        self._coding: Coding = coding
        self._head: Message | None = None

    async def send(self, message: Message) -> None:
        """One part of the answer."""
        if message["type"] == "http.response.start" and _may_pack(message):
            self._head = message
            return
        head, self._head = self._head, None
        if head is not None:
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                message = _in(self._coding, head, message)
            await self._send(head)
        await self._send(message)


def _may_pack(head: Message) -> bool:
    """Whether an answer that begins like this is a text that may be sent in another coding."""
    if head["status"] in _BODILESS:
        return False
    kind = b""
    for name, value in head.get("headers", ()):
        lower = name.lower()
        if lower in _LEFT_ALONE or (lower == b"cache-control" and any(one in value for one in _SECRET)):
            return False
        if lower == b"content-type":
            kind = value.partition(b";")[0].strip().lower()
    return kind in _KINDS


def _in(coding: Coding, head: Message, message: Message) -> Message:
    """The body in this coding; its head says so. A short one stays as it is."""
    body: bytes = message.get("body", b"")
    if len(body) < BYTES_MIN:
        return message
    varied = [value for name, value in head["headers"] if name.lower() == b"vary"]
    dropped = {b"vary", b"content-length"} if coding else {b"vary"}
    headers = [(name, value) for name, value in head["headers"] if name.lower() not in dropped]
    headers.append((b"vary", b", ".join([*varied, b"Accept-Encoding"])))
    if coding:
        body = packed(body, coding)
        headers += [(b"content-encoding", coding.encode()), (b"content-length", b"%d" % len(body))]
    head["headers"] = headers
    return {**message, "body": body}
