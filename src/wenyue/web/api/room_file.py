"""`/room/{event}.json` as plain ASGI: the one file of a waiting room, from memory, the same bytes for everybody.

Caches in between may keep it for two seconds, so a million visitors cost a content network's edge, not this process. While the
rooms cannot be read again, the last bytes are sent on; `Room-Age` says how many seconds ago they were read.
"""

from time import perf_counter
from typing import Final

from wenyue.waiting_room import WaitingRooms
from wenyue.web.api.metrics import Meter
from wenyue.web.middleware.edge import Receive, Scope, Send

PREFIX: Final = "/room/"
SUFFIX: Final = ".json"
_TEMPLATE: Final = "/room/{event}.json"
_CODE_LENGTH_MAX: Final = 40
_JSON: Final = (b"content-type", b"application/json; charset=utf-8")
_CACHE: Final = (b"cache-control", b"public, max-age=2")
_OPEN: Final = (  # any page may read it: it names nobody
    (b"access-control-allow-origin", b"*"),
    (b"x-content-type-options", b"nosniff"),
)
_UNKNOWN: Final = b'{"state":"unknown","threshold":[0,0]}'
_AWAY: Final = (
    b'{"state":"unavailable","threshold":[0,0]}'  # nobody is admitted by a process that knows nothing
)


class RoomFiles:
    """The files of one process's gatekeeper."""

    def __init__(self, room: WaitingRooms, meter: Meter) -> None:
        self._room, self._meter = room, meter

    def takes(self, scope: Scope) -> bool:
        """Whether a request is for such a file."""
        path: str = scope["path"]
        return (
            path.startswith(PREFIX)
            and path.endswith(SUFFIX)
            and "/" not in path[len(PREFIX) :]
            and scope["method"] in ("GET", "HEAD")
        )

    async def serve(self, scope: Scope, _: Receive, send: Send) -> None:
        """200 with the file, 304 when the caller has it, 404 for no such room, 503 while none was ever read."""
        started = perf_counter()
        code = scope["path"][len(PREFIX) : -len(SUFFIX)]
        known = self._room.find(code) if len(code) <= _CODE_LENGTH_MAX else None
        headers = [_JSON, _CACHE, *_OPEN]
        if known is not None:
            status, body = 200, known.body
            headers += [(b"etag", known.etag), (b"room-age", b"%d" % int(self._room.age_s))]
            if _has(scope, known.etag):
                status, body = 304, b""
        elif self._room.is_ready:
            status, body = 404, _UNKNOWN
        else:
            status, body = 503, _AWAY
            headers.append((b"retry-after", b"2"))
        if status != 304:
            headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
        self._meter.count(scope["method"], _TEMPLATE, status, perf_counter() - started)


def _has(scope: Scope, etag: bytes) -> bool:
    given = next((value for name, value in scope["headers"] if name == b"if-none-match"), b"")
    return etag in given or given == b"*"
