"""How the hot endpoints answer: in one piece, and the whole answers of a lane that is full."""

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from wenyue.core.admission import RETRY_AFTER_S_MAX
from wenyue.locale import LOCALES, Locale
from wenyue.platform.http.whole_answer import send_whole
from wenyue.web.api.problems import RETRY_AFTER_S
from wenyue.web.middleware.edge import Receive, Scope, Send
from wenyue.web.shared.problem import PROBLEM_TYPE, RequestRefused

Handler = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

JSON: Final = b"application/json; charset=utf-8"
FRESH: Final[Headers] = [(b"cache-control", b"public, max-age=1")]
NONE: Final[Headers] = []
_NO_STORE: Final = (b"cache-control", b"no-store")
_CLOSE: Final[Headers] = [(b"connection", b"close")]  # what is left of the body is not read
REFUSED_HEADERS: Final[dict[int, Headers]] = {
    401: [(b"www-authenticate", b"Bearer")],
    408: _CLOSE,
    413: _CLOSE,
    503: [(b"retry-after", b"%d" % RETRY_AFTER_S)],
}
encode: Final = msgspec.json.Encoder().encode


async def send_answer(send: Send, status: int, payload: bytes, kind: bytes, headers: Headers) -> None:
    """Send the whole answer. No cache keeps it, unless its headers are FRESH itself."""
    length = (b"content-length", b"%d" % len(payload))
    head = [(b"content-type", kind), length, (b"x-content-type-options", b"nosniff"), *headers]
    if headers is not FRESH:  # a booking is somebody's own: no cache keeps it
        head.append(_NO_STORE)
    if send_whole(send, status, head, payload):
        return
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": payload})


async def answer_nothing(_scope: Scope, receive: Receive, send: Send) -> None:
    """POST /v1/noop, for the benchmark only: what this server costs when nothing is decided."""
    await receive()
    await send_answer(send, 200, b"{}", JSON, NONE)


def hot_refusals() -> dict[Locale, list[bytes]]:
    """Whole HTTP answers for a full lane, by language and seconds to wait."""
    found: dict[Locale, list[bytes]] = {}
    for locale in LOCALES:
        body = RequestRefused(503, "overloaded").payload(locale)
        found[locale] = [
            b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: %s\r\ncontent-length: %d\r\nretry-after: %d\r\n"
            b"cache-control: no-store\r\nx-content-type-options: nosniff\r\n\r\n%s"
            % (PROBLEM_TYPE, len(body), wait_s, body)
            for wait_s in range(RETRY_AFTER_S_MAX + 1)
        ]
    return found
