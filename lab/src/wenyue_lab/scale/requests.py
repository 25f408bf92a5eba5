"""What is sent to be measured: bookings, the room's pages and passes, and what a browser keeps of them."""

import asyncio
import json
import re
from collections.abc import Sequence
from typing import Any, Final

from wenyue.locale import Message
from wenyue.platform.fault import SetupError
from wenyue_lab.benchmark.dataset import Dataset
from wenyue_lab.benchmark.site import HOST
from wenyue_lab.benchmark.wire import Plan, build, token
from wenyue_lab.scale.unit_bench import LENGTH, Bench

ROOM: Final = "scale"
_PASS_COOKIE: Final = re.compile(rb"\r\nset-cookie: (wy_pass=[^;]+)", re.IGNORECASE)
_COLLECTORS: Final = 16
_COLLECT_DEADLINE_S: Final = 30.0


def bookings(dataset: Dataset, kind: str, count: int) -> list[bytes]:
    """So many bookings of whoever is next, for sessions of this kind."""
    first_card, pass_no = dataset.take(count)
    return build(Plan("book", first_card, count, dataset.slots(pass_no, kind)))


def post(path: str, card: int, body: dict[str, str]) -> bytes:
    """A body as JSON, from the account of this card."""
    text = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token(card)}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    )
    return head.encode("ascii") + text


def room_page(cookies: str) -> bytes:
    """The waiting room's page, asked for as a browser with these cookies does."""
    head = f"GET /room/{ROOM} HTTP/1.1\r\nHost: {HOST}\r\nCookie: {cookies}\r\n"
    return f"{head}Accept: text/html\r\nAccept-Encoding: gzip\r\n\r\n".encode()


def pass_cookie(bench: Bench, card: int) -> str:
    """What a browser keeps after its first visit."""
    head, _ = bench.answer(room_page(f"wy_login={token(card)}"))
    found = _PASS_COOKIE.search(head)
    if found is None:
        raise SetupError(Message("the room's page gave no pass"))
    return found[1].decode()


def passes_of(bench: Bench, requests: Sequence[bytes]) -> list[str]:
    """The pass of every account; asking again gives the same."""

    async def some(part: Sequence[bytes]) -> list[str]:
        reader, writer = await asyncio.open_connection(HOST, bench.web.port)
        texts: list[str] = []
        for request in part:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = LENGTH.search(head)
            answer: dict[str, Any] = json.loads(await reader.readexactly(int(length[1]) if length else 0))
            texts.append(str(answer["pass"]))
        writer.close()
        return texts

    async def everybody() -> list[str]:
        size = -(-len(requests) // _COLLECTORS)
        parts = [requests[first : first + size] for first in range(0, len(requests), size)]
        async with asyncio.timeout(_COLLECT_DEADLINE_S):
            return [text for texts in await asyncio.gather(*map(some, parts)) for text in texts]

    return asyncio.run(everybody())
