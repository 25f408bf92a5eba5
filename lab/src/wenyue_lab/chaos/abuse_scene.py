"""Who attacks and who is genuine, under which rules, and how either speaks to the installation."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from wenyue.abuse import Pattern
from wenyue.core.ids import uuid7
from wenyue_lab.benchmark.wire import HOST
from wenyue_lab.chaos.acts import Stage
from wenyue_lab.chaos.client import NoReplyError, NotSentError, Reply, Wire
from wenyue_lab.chaos.history import Kind, Operation

GUESSER, SCANNER, FORGER, NEIGHBOUR = "9.9.9.1", "9.9.9.2", "9.9.9.3", "8.8.4.4"
BLOCK_S: Final = 30
RULES: Final[
    Mapping[Pattern, tuple[int, int]]
] = {  # signs, seconds of block: small ones, or the drill would take an hour
    Pattern.GUESSED_SECRETS: (12, BLOCK_S),
    Pattern.SCANNED_IDS: (12, 0),
    Pattern.FORGED_TOKENS: (12, 0),
    Pattern.REPLAYED_VOUCHERS: (3, 0),
    Pattern.ROTATED_ACCOUNTS: (3, 0),
    Pattern.MANY_PERSONS: (6, 600),
}
KNOWN_S: Final = 4.0  # every process has read the limits, or who is blocked
PASSWORD: Final = "drill staff password"  # noqa: S105 - of fixtures that live for minutes
# cards: who books for many, for whom many book, and who comes to the gate today
TOUT, GUEST, VISITOR = 11, 12, 13
DAY, VENUE = 9, 9  # (from 0) which the load does not reach; and of the visit today
TODAY: Final = 10  # the number of that venue
_COMMAND_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Scene:
    """Who attacks and who is genuine."""

    stage: Stage
    wire: Wire
    staff: str  # a token
    slot: int  # of today

    async def ask(
        self, method: str, path: str, address: str, *, body: object = None, shown: str = ""
    ) -> Reply:
        """A request of somebody at an address, as the proxy hands it on; status 0: no answer."""
        raw = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-For: {address}\r\nAccept: application/json\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(raw)}\r\n{shown}\r\n"
        try:
            return await self.wire.ask(head.encode() + raw)
        except (NotSentError, NoReplyError):
            return Reply(0, {})

    async def sign_in(self, address: str) -> int:
        """The status of a genuine sign-in of staff: the right password, on a device that is not known."""
        body = {"login": "drill", "password": PASSWORD}
        return (await self.ask("POST", "/v1/gate/session", address, body=body)).status

    async def scan(self, presented: str) -> str:
        """What the gate says."""
        body = {"scan_id": str(uuid4()), "venue": f"bench-{TODAY}", "gate": "north", "presented": presented}
        reply = await self.ask("POST", "/v1/gate/scans", NEIGHBOUR, body=body, shown=bearer(self.staff))
        return str(reply.body.get("reason") or reply.status)

    async def book(self, account: int, card: int, slot: int) -> Operation:
        """`account` books for the person of `card`."""
        operation = Operation(
            uuid7(), Kind.BOOK, card, slot, account=account if account != card else 0, is_spoilt=True
        )
        self.stage.history.open(operation)
        await self.stage.client.carry_out(operation)
        if operation.settled is None:
            await self.stage.client.find_out(operation)
        return operation


async def command(stage: Stage, *words: str, may_warn: bool = False) -> str:
    """What a command of `wenyue` says; another end than the one it should have is a finding."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WENYUE_")}
    own = {
        "WENYUE_HOME": str(stage.installation.home),
        "WENYUE_PORT": str(stage.installation.port),
        "COLUMNS": "300",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "wenyue.cli",
        *words,
        env=clean | own,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), _COMMAND_S)
    except TimeoutError:
        process.kill()
        said, _ = await process.communicate()
    text = said.decode(errors="replace")
    if process.returncode not in ({0, 1} if may_warn else {0}):
        stage.findings.append(
            f"`wenyue {' '.join(words[:2])}` ended with {process.returncode}: {text[-300:]}"
        )
    return text


def bearer(shown: str) -> str:
    """The header that shows a login."""
    return f"Authorization: Bearer {shown}\r\n"
