"""A client as ours should be: keeps its id, asks again a bounded number of times, and never guesses.

One operation is sent at most `ATTEMPTS_MAX` times, with jitter between. What is in doubt after that is asked for (GET) or sent
again with the same id until the answer is certain or `CONVERGE_S` have passed.
"""

import asyncio
import json
import random
import sys
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

from wenyue_lab.benchmark.wire import HOST, booking_body, token
from wenyue_lab.chaos.history import Attempt, History, Kind, Operation, Says

ATTEMPTS_MAX: Final = 3
CONVERGE_S: Final = 60.0
GIVE_UP_S: Final = 8.0  # of waiting for one answer; the server promises one within 3 s
_CONNECT_S: Final = 3.0
_BODY_BYTES_MAX: Final = 1024 * 1024
_IDLE_MAX: Final = 512
_JITTER_S: Final = (0.05, 0.6)
_CONVERGE_JITTER_S: Final = (0.5, 1.5)
_OK: Final = 200

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class NotSentError(Exception):
    """No connection could be had: the request never left."""


class NoReplyError(Exception):
    """The request left and no whole answer came."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    status: int
    body: dict[str, Any]
    retry_after_s: float = 0.0  # 0: not said


class Wire:
    """Keep-alive connections to one address; `source`: from which of this machine's (Linux has all of 127.0.0.0/8)."""

    def __init__(self, port: int, *, host: str = HOST, source: str = "") -> None:
        self.port, self.host = port, host
        self._from = (source, 0) if source and sys.platform == "linux" else None
        self._idle: list[Connection] = []

    async def ask(self, request: bytes, *, give_up_s: float = GIVE_UP_S) -> Reply:
        """Send `request`, return the whole answer. Raises NotSentError, NoReplyError."""
        reader, writer = await self._connection()
        try:
            async with asyncio.timeout(give_up_s):
                writer.write(request)
                await writer.drain()
                status, length, keeps, retry_after_s = await _head(reader)
                raw = await reader.readexactly(length)
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            writer.transport.abort()
            raise NoReplyError(type(error).__name__) from error
        except BaseException:
            writer.transport.abort()
            raise
        if keeps and len(self._idle) < _IDLE_MAX:
            self._idle.append((reader, writer))
        else:
            writer.close()
        return Reply(status, _object(raw), retry_after_s)

    async def _connection(self) -> Connection:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.transport.abort()
        try:
            async with asyncio.timeout(_CONNECT_S):
                return await asyncio.open_connection(self.host, self.port, local_addr=self._from)
        except (OSError, TimeoutError) as error:
            raise NotSentError(type(error).__name__) from error

    def close(self) -> None:
        """Let go of every idle connection."""
        while self._idle:
            _, writer = self._idle.pop()  # held: a writer that is dropped before its transport ends complains
            writer.transport.abort()


class Client:
    """Carries operations out on a `Wire` and writes down what it saw."""

    def __init__(self, history: History, wire: Wire, *, seed: int) -> None:
        self.history, self.wire = history, wire
        self._chance = random.Random(f"client {seed}")  # noqa: S311 - jitter, not secrets

    async def carry_out(self, operation: Operation, *, attempts_max: int = ATTEMPTS_MAX) -> Operation:
        """Send the operation until it is answered for certain, at most `attempts_max` times."""
        for number in range(attempts_max):
            if number:
                await asyncio.sleep(self._chance.uniform(*_JITTER_S))
            attempt = await self.attempt(operation)
            if attempt.says in {Says.YES, Says.NO}:
                break
        says = operation.conclude()
        if says is not None:
            self.history.settle(operation, says, "answer")
        return operation

    async def attempt(self, operation: Operation, *, is_converging: bool = False) -> Attempt:
        """Send it once and write down what came back."""
        sent = self.history.now()
        try:
            reply = await self.wire.ask(request_of(operation))
        except NotSentError:
            attempt = Attempt(sent, self.history.now(), was_sent=False, is_converging=is_converging)
        except NoReplyError:
            attempt = Attempt(sent, self.history.now(), is_converging=is_converging)
        else:
            body = reply.body
            attempt = Attempt(
                sent,
                self.history.now(),
                reply.status,
                outcome=str(body.get("outcome") or ""),
                state=str(body.get("state") or ""),
                total_minor=int(body.get("total_minor") or 0),
                is_replay=bool(body.get("is_replay")),
                is_converging=is_converging,
            )
        operation.attempts.append(attempt)
        return attempt

    async def find_out(self, operation: Operation) -> None:
        """What is in doubt is asked for; when it is not there, sent again: only that waits for a first try that still runs.

        Ends CONVERGE_S after the first doubt, whatever is known by then.
        """
        until = (operation.doubt_since or self.history.now()) + CONVERGE_S
        asks_first = operation.kind is not Kind.CANCEL and self._chance.random() < 0.5
        while self.history.now() < until:
            if asks_first and await self._is_there(operation):
                self.history.settle(operation, Says.YES, "asked")
                return
            attempt = await self.attempt(operation, is_converging=True)
            if attempt.says in {Says.YES, Says.NO}:
                self.history.settle(operation, attempt.says, "resent")
                return
            await asyncio.sleep(self._chance.uniform(*_CONVERGE_JITTER_S))

    async def _is_there(self, operation: Operation) -> bool:
        try:
            reply = await self.wire.ask(look_up(operation.id, operation.account or operation.card))
        except (NotSentError, NoReplyError):
            return False
        return reply.status == _OK


def request_of(operation: Operation) -> bytes:
    """The bytes of an operation: the same every time."""
    if operation.kind is not Kind.CANCEL:
        body = booking_body(operation.id, operation.card, operation.slot)
        if operation.kind is Kind.HOLD:
            body = b'{"hold":true,"hold_ttl_s":%d,' % operation.hold_ttl_s + body[1:]
        if operation.account:
            body = body.replace(b'"card_id":%d,' % operation.card, b"").replace(
                b'"on_card":true', b'"on_card":false,"price_minor":0'
            )
        account = operation.account or operation.card
        return post("/v1/bookings", account, body, room_token=operation.room_token)
    return post(f"/v1/bookings/{operation.id}/cancellation", operation.card, b"{}")


def look_up(booking_id: UUID, card: int) -> bytes:
    """GET of one booking."""
    return (
        f"GET /v1/bookings/{booking_id} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token(card)}\r\n"
        "Accept: application/json\r\n\r\n"
    ).encode("ascii")


def post(path: str, card: int, body: bytes, *, room_token: str = "") -> bytes:
    """A POST of the holder of a card; `room_token`: what lets them book behind a waiting room."""
    turn = f"Room-Token: {room_token}\r\n" if room_token else ""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token(card)}\r\n"
        f"Content-Type: application/json\r\nAccept: application/json\r\n{turn}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body


async def _head(reader: asyncio.StreamReader) -> tuple[int, int, bool, float]:
    """(status, length of the body, whether the connection stays, Retry-After). Raises ValueError for what is no HTTP."""
    head = await reader.readuntil(b"\r\n\r\n")
    first, _, rest = head.partition(b"\r\n")
    length, keeps, retry_after_s = 0, True, 0.0
    for line in rest.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        elif name.lower() == b"connection" and value.strip().lower() == b"close":
            keeps = False
        elif name.lower() == b"retry-after" and value.strip().isdigit():
            retry_after_s = float(value)
    if length > _BODY_BYTES_MAX:
        raise ValueError("an answer of more than a megabyte")
    return int(first.split(b" ")[1]), length, keeps, retry_after_s


def _object(raw: bytes) -> dict[str, Any]:
    try:
        found: object = json.loads(raw or b"{}")
    except ValueError:
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
