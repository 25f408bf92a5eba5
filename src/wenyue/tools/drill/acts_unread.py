"""Every class of admission is flooded by what is unread or unproven, while genuine requests of the same class are counted.

Slow bodies come from `Slow`, which goes round the paths below; here are whole requests that show a login nobody has, and the
genuine ones. A class is well if nearly all its genuine requests are answered by what they ask for, and not put off.
"""

import asyncio
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle
from typing import Final
from uuid import uuid4

import psycopg

from wenyue.accounts import save_staff, start_login
from wenyue.infra.config import load_keys
from wenyue.kernel.personal import Vault
from wenyue.tools.bench.wire import HOST, token
from wenyue.tools.drill.acts import Stage
from wenyue.tools.drill.client import NoReplyError, NotSentError, Wire
from wenyue.tools.drill.slow import Slow

PATHS: Final = (
    "/v1/bookings",
    f"/v1/bookings/{uuid4()}/confirmation",
    "/v1/gate/scans",
    "/v1/visitors",
    "/v1/session",
    "/v1/payments/alipay/notify",
    "/gate/scans",
    "/console/signin",
    "/trip/book",
)
_PUT_OFF: Final = frozenset({408, 429, 500, 502, 503, 504})
_FORGERS: Final = 12
_PAUSE_S: Final = (0.02, 0.1)
_GENUINE_PAUSE_S: Final = 0.25
_ENOUGH: Final = 0.9
_PASSWORD: Final = "drill staff password"  # noqa: S105 - of a world that lives for minutes


@dataclass(slots=True)
class Genuine:
    """Requests as they should be, of one class, one after the other."""

    name: str
    method: str
    path: str
    headers: str
    body: bytes = b""
    answered: int = 0
    put_off: int = 0
    codes: dict[int, int] = field(default_factory=dict[int, int])  # 0: no answer

    async def ask(self, wire: Wire) -> None:
        """Ask once, and count what came of it."""
        try:
            status = (await wire.ask(_request(self.method, self.path, self.headers, self.body))).status
        except (NotSentError, NoReplyError):
            status = 0
        self.codes[status] = self.codes.get(status, 0) + 1
        if status and status not in _PUT_OFF:
            self.answered += 1
        else:
            self.put_off += 1


async def measure_every_class(
    stage: Stage, stack: AsyncExitStack, slow: Slow, *, slow_bodies: int
) -> Sequence[Genuine]:
    """Begin the flood of every class and the genuine requests beside it; both end with `stack`. `report` tells the outcome."""
    await slow.open(headers=0, bodies=slow_bodies, paths=PATHS)
    genuine = await _genuine(stage)
    tasks = [asyncio.create_task(_forge(stage, number)) for number in range(_FORGERS)]
    tasks += [asyncio.create_task(_keep_asking(stage.installation.port, one)) for one in genuine]

    async def end() -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    stack.push_async_callback(end)
    return genuine


def report(stage: Stage, genuine: Sequence[Genuine]) -> None:
    """Write down how each class fared."""
    for one in genuine:
        asked = one.answered + one.put_off
        stage.extra[f"{one.name}: genuine requests"] = asked
        stage.extra[f"{one.name}: put off"] = one.put_off
        if one.answered < _ENOUGH * asked or not asked:
            stage.findings.append(
                f"{one.name}: {one.put_off} of {asked} genuine requests were put off ({one.codes})"
            )


async def _genuine(stage: Stage) -> list[Genuine]:
    async with await psycopg.AsyncConnection.connect(stage.there().owner_url) as tx:
        now = datetime.now(UTC)
        vault = Vault(load_keys(stage.installation.home))
        staff = await save_staff(
            tx, vault, login="drill", password=_PASSWORD, role="admin", now=now, actor="drill"
        )
        shown = await start_login(tx, now=now, staff_id=staff)
    traveller, member = f"Authorization: Bearer {token(1)}\r\n", f"Authorization: Bearer {shown}\r\n"
    page = f"Cookie: wy_staff={shown}\r\n"
    return [
        Genuine("hot", "POST", "/v1/bookings", traveller, b"{}"),
        Genuine("confirm", "POST", f"/v1/bookings/{uuid4()}/confirmation", traveller, b"{}"),
        Genuine("gate", "POST", "/v1/gate/scans", member, b"{}"),
        Genuine("hold", "POST", "/v1/visitors", traveller, b"{}"),
        Genuine("browse", "GET", "/v1/bookings", traveller),
        Genuine("report", "GET", "/console/live", page),
        Genuine("stranger", "GET", "/v1/venues", ""),
        Genuine(
            "sign_in",
            "POST",
            "/v1/gate/session",
            "",
            b'{"login":"drill","password":"%b"}' % _PASSWORD.encode(),
        ),
    ]


async def _keep_asking(port: int, genuine: Genuine) -> None:
    wire = Wire(port)
    try:
        while True:
            await genuine.ask(wire)
            await asyncio.sleep(_GENUINE_PAUSE_S)
    finally:
        wire.close()


async def _forge(stage: Stage, number: int) -> None:
    """Whole requests to every class, with logins that nobody has."""
    chance = random.Random(f"forge {number}")  # noqa: S311 - pauses and tokens of nobody
    wire = Wire(stage.installation.port)
    try:
        for path in cycle(PATHS):
            shown = f"{chance.getrandbits(256):043x}"[:43]
            headers = f"Authorization: Bearer {shown}\r\nCookie: wy_staff={shown}; wy_login={shown}\r\n"
            forged = Genuine("forged", "POST", path, headers, b"{}")
            await forged.ask(wire)
            stage.extra["forged requests"] = stage.extra.get("forged requests", 0) + 1
            await asyncio.sleep(chance.uniform(*_PAUSE_S))
    finally:
        wire.close()


def _request(method: str, path: str, headers: str, body: bytes) -> bytes:
    length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if method == "POST" else ""
    return (
        f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\nAccept: application/json\r\n{headers}{length}\r\n".encode()
        + body
    )
