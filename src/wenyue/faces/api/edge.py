"""The edge of every route that is not hot: bodies under /v1 are bounded, whole and JSON before a handler runs.

A body arrives within `BODY_WAIT_S` and is at most `BODY_BYTES_MAX` long. Answers under /v1 carry the security headers, and
every answer is counted under its route's template and carries the id of its request (`x-request-id`), which the log tells too.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from time import perf_counter
from typing import Any, Final

from wenyue.faces.api.bodies import BookingRefused
from wenyue.faces.api.metrics import Meter
from wenyue.faces.api.problems import PROBLEM_TYPE
from wenyue.infra.log import new_request_id, request_id
from wenyue.kernel.limits import BODY_BYTES_MAX

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_log: Final = logging.getLogger("wenyue.faces.edge")
BODY_WAIT_S: Final = 10.0
_DEFECT: Final = 500
_DISCARDED_MAX: Final = (
    1024 * 1024
)  # of a body that is too long: so that its sender is there to read the answer
_DISCARD_S: Final = 2.0
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BODILESS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_HARDENED: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
_PRIVATE: Final = (b"cache-control", b"no-store")


async def read_body(receive: Receive, first: Message | None = None) -> bytes:
    """The whole body. Raises BookingRefused: 413 when it is too long, 408 when it does not arrive in time."""
    message = first if first is not None else await receive()
    body: bytes = message.get("body", b"")
    try:
        async with asyncio.timeout(BODY_WAIT_S):
            while message.get("more_body") and len(body) <= BODY_BYTES_MAX:
                message = await receive()
                body += message.get("body", b"")
    except TimeoutError:
        raise BookingRefused(408, "slow_body") from None
    if len(body) > BODY_BYTES_MAX:
        await _discard(receive, message)
        raise BookingRefused(413, "body_too_large")
    return body


async def _discard(receive: Receive, message: Message) -> None:
    seen = 0
    try:
        async with asyncio.timeout(_DISCARD_S):
            while message.get("more_body") and seen < _DISCARDED_MAX:
                message = await receive()
                seen += len(message.get("body", b""))
    except TimeoutError:
        return


class Edge:
    """ASGI middleware: wraps everything behind the hot endpoints."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]], meter: Meter) -> None:
        self._app = app
        self._meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        is_api = scope["path"].startswith("/v1/")
        asked = begin_request(scope)
        status = 500

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if is_api:
                    harden(message)
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", asked.encode())]
            await send(message)

        try:
            if is_api and scope["method"] not in _BODILESS:
                await self._with_body(scope, receive, send_on)
            else:
                await self._app(scope, receive, send_on)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "(other)"
            seconds, template = perf_counter() - started, template_of(scope)
            self._meter.count(method, template, status, seconds)
            if status >= _DEFECT:
                _log.warning("%s %s answered %d after %.3f s", method, template, status, seconds)

    async def _with_body(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await read_body(receive)
            if body:
                check_json(next((value for name, value in scope["headers"] if name == b"content-type"), b""))
        except BookingRefused as refused:
            await _send_refusal(scope, send, refused)
            return
        is_given = False

        async def give() -> Message:
            nonlocal is_given
            if is_given:
                return await receive()
            is_given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, give, send)


def begin_request(scope: Scope) -> str:
    """The id of this request: what the caller brought along, when it is an id, or a fresh one. The log tells it from now on."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    asked = new_request_id(given)
    request_id.set(asked)
    return asked


def check_json(kind: bytes) -> None:
    """Whether a content type stands for JSON. Raises BookingRefused (415)."""
    plain = kind.partition(b";")[0].strip().lower()
    if plain != b"application/json" and not (plain.startswith(b"application/") and plain.endswith(b"+json")):
        raise BookingRefused(415, "media_type")


def harden(message: Message) -> None:
    """Security headers of an API answer; what says nothing about caching is not kept anywhere."""
    headers = list(message.get("headers", ()))
    if not any(name.lower() == b"cache-control" for name, _ in headers):
        headers.append(_PRIVATE)
    message["headers"] = [*headers, *_HARDENED]


def scope_locale(scope: Scope) -> str:
    """The language of a request that has no Request object: `?lang=`, then Accept-Language, then Chinese."""
    query: bytes = scope["query_string"]
    if b"lang=" in query:
        return "en" if b"lang=en" in query else "zh-CN"
    asked = next((value for name, value in scope["headers"] if name == b"accept-language"), b"")
    return "en" if asked[:2].lower() == b"en" else "zh-CN"


def template_of(scope: Scope) -> str:
    """The template of the route that answered; what no route knows shares one name, so that names stay few."""
    path = getattr(scope.get("route"), "path", "")
    return path if path and "{path:path}" not in path and "{rest:path}" not in path else "(other)"


async def answer_fault(scope: Scope, send: Send, meter: Meter) -> None:
    """A defect of a hot endpoint, said like every other."""
    meter.count(scope["method"], scope["path"], 500, 0.0)
    await _send_refusal(scope, send, BookingRefused(500, "internal"), request_id.get())


async def _send_refusal(scope: Scope, send: Send, refused: BookingRefused, asked: str = "") -> None:
    body = refused.payload(scope_locale(scope))
    headers = [
        (b"content-type", PROBLEM_TYPE),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),  # what is left of the body is not read
    ]
    if asked:
        headers.append((b"x-request-id", asked.encode()))
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
