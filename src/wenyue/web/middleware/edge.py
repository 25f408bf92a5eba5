"""The edge of every route that is not hot: bodies under /v1 are bounded, whole and JSON before a handler runs.

A body was read before it came here (`front`, `infra.bodies`) and is at most `BODY_BYTES_MAX` long. Answers under /v1 carry
the security headers, and every answer is counted under its route's template and carries the id of its request
(`x-request-id`), which the log tells too.
"""

import logging
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Final

from wenyue.core.limits import BODY_BYTES_MAX
from wenyue.platform.http.bodies import IS_WHOLE, BodyRoom, BodySlow, BodyTooLong, Message, Receive, given
from wenyue.platform.log import new_request_id, request_id
from wenyue.telemetry import Meter
from wenyue.web.middleware.language import scope_locale
from wenyue.web.shared.problem import PROBLEM_TYPE, RequestRefused

Scope = Message
Send = Callable[[Message], Awaitable[None]]

_log: Final = logging.getLogger("wenyue.web.edge")
_DEFECT: Final = 500
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BODILESS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_HARDENED: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
_PRIVATE: Final = (b"cache-control", b"no-store")


async def read_body(bodies: BodyRoom, scope: Scope, receive: Receive) -> bytes:
    """The whole body, read where nobody holds a place. Raises RequestRefused (408, 413), SenderGone."""
    if IS_WHOLE in scope:
        return await _whole(receive)
    try:
        return await bodies.read_body(scope, receive)
    except BodySlow:
        raise RequestRefused(408, "slow_body") from None
    except BodyTooLong:
        raise RequestRefused(413, "body_too_large") from None


async def _whole(receive: Receive) -> bytes:
    """A body of which the last byte is there. Raises RequestRefused (413)."""
    body: bytes = (await receive()).get("body", b"")
    if len(body) > BODY_BYTES_MAX:
        raise RequestRefused(413, "body_too_large")
    return body


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
            body = await _whole(receive)
            if body:
                check_json(next((value for name, value in scope["headers"] if name == b"content-type"), b""))
        except RequestRefused as refused:
            await _send_refusal(scope, send, refused)
            return
        await self._app(scope, given(body, receive), send)


def begin_request(scope: Scope) -> str:
    """The id of this request: what the caller brought along, when it is an id, or a fresh one. The log tells it from now on."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    asked = new_request_id(given)
    request_id.set(asked)
    return asked


def check_json(kind: bytes) -> None:
    """Whether a content type stands for JSON. Raises RequestRefused (415)."""
    plain = kind.partition(b";")[0].strip().lower()
    if plain != b"application/json" and not (plain.startswith(b"application/") and plain.endswith(b"+json")):
        raise RequestRefused(415, "media_type")


def harden(message: Message) -> None:
    """Security headers of an API answer; what says nothing about caching is not kept anywhere."""
    headers = list(message.get("headers", ()))
    if not any(name.lower() == b"cache-control" for name, _ in headers):
        headers.append(_PRIVATE)
    message["headers"] = [*headers, *_HARDENED]


def template_of(scope: Scope) -> str:
    """The template of the route that answered; what no route knows shares one name, so that names stay few."""
    path = getattr(scope.get("route"), "path", "")
    return path if path and "{path:path}" not in path and "{rest:path}" not in path else "(other)"


async def answer_fault(scope: Scope, send: Send, meter: Meter) -> None:
    """A defect of a hot endpoint, said like every other."""
    meter.count(scope["method"], scope["path"], 500, 0.0)
    await _send_refusal(scope, send, RequestRefused(500, "internal"), request_id.get())


async def answer_bad_host(scope: Scope, send: Send) -> None:
    """A request that does not say once, and well, which host it is for."""
    await _send_refusal(scope, send, RequestRefused(400, "bad_host"))


async def _send_refusal(scope: Scope, send: Send, refused: RequestRefused, asked: str = "") -> None:
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
