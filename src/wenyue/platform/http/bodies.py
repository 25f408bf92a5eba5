"""Where bodies are read: a bounded room before every lane and class, in which nobody has a place of theirs yet.

A body that is there in one piece, as nearly all are, never comes here (`IS_WHOLE`).
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, Final

from wenyue.core.body_reading import Reading, whom_to_cut
from wenyue.core.limits import BODIES_AT_ONCE_MAX, BODY_BYTES_MAX
from wenyue.platform.addresses import Network, sender_of

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

IS_WHOLE: Final = "wenyue.is_whole"  # in an HTTP scope: the last byte of the request is there already
_DISCARDED_MAX: Final = (
    1024 * 1024
)  # of a body that is too long: so that its sender is there to read the answer
_DISCARD_S: Final = 2.0


class BodySlow(Exception):
    """It was not complete in time, grew too slowly, or was the slowest when too many were being read. Nothing was done."""


class BodyTooLong(Exception):
    """It is longer than BODY_BYTES_MAX. Nothing was done."""


class SenderGone(Exception):
    """Whoever was sending it has left; there is nobody to answer."""


class BodyRoom:
    """The bodies that one process is reading, at most BODIES_AT_ONCE_MAX: a newcomer takes the place of the slowest.

    `proxies`: whose word about addresses is believed.
    """

    def __init__(self, proxies: Sequence[Network] = ()) -> None:
        self._proxies = proxies
        self._here: dict[Reading, asyncio.Timeout] = {}  # in the order in which they began
        self.cut = 0  # given up: late, too slow, or the slowest of too many

    @property
    def reading(self) -> int:
        """How many bodies are being read."""
        return len(self._here)

    async def read_body(self, scope: Message, receive: Receive) -> bytes:
        """The whole body of an HTTP request. Raises BodySlow, BodyTooLong, SenderGone."""
        loop = asyncio.get_running_loop()
        own = Reading(sender_of(scope, self._proxies), loop.time())
        if len(self._here) >= BODIES_AT_ONCE_MAX:
            slowest = self._here.pop(whom_to_cut(self._here))
            if not slowest.expired():
                slowest.reschedule(loop.time())
        try:
            async with asyncio.timeout_at(own.until_s) as limit:
                self._here[own] = limit
                return await self._all(receive, own, limit)
        except TimeoutError:
            self.cut += 1
            raise BodySlow from None
        finally:
            self._here.pop(own, None)

    async def _all(self, receive: Receive, own: Reading, limit: asyncio.Timeout) -> bytes:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise SenderGone
            if own not in self._here:  # cut for a newcomer in the instant when more of it came
                raise TimeoutError
            body += message.get("body", b"")
            own.received = len(body)
            if own.received > BODY_BYTES_MAX:
                limit.reschedule(asyncio.get_running_loop().time() + _DISCARD_S)
                await _discard(receive, message)
                raise BodyTooLong
            if not message.get("more_body"):
                return bytes(body)
            limit.reschedule(own.until_s)


async def _discard(receive: Receive, message: Message) -> None:
    seen = 0
    while message.get("more_body") and seen < _DISCARDED_MAX:
        message = await receive()
        seen += len(message.get("body", b""))


def given(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives `body`, which was read already, and then whatever comes after it."""
    is_given = False

    async def give() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return give
