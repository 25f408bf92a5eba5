"""Suspicious patterns, as attackers make them: guesses, scans, forged logins and vouchers, replays, accounts in turn.

The installation stands behind a proxy that it knows, which the drill is: each attacker has an address of the public internet,
and so has whoever is genuine. Every pattern must be found, shown and told; what a rule blocks is blocked for its time, and nobody
else; and a person lifts a block by command.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, LiteralString
from uuid import uuid4

import psycopg

from wenyue.abuse import Pattern
from wenyue.accounts import save_staff, start_login
from wenyue.faces.console.words import sign_title
from wenyue.gate import GateKeys, TokenClaims, booking_code, voucher_token
from wenyue.infra.keys import load_keys
from wenyue.kernel.clock import local_date
from wenyue.kernel.duties import duties_of_role
from wenyue.kernel.ids import uuid7
from wenyue.kernel.personal import Vault
from wenyue.tools.bench.wire import HOST, token
from wenyue.tools.drill.acts import RECOVER_S, Stage
from wenyue.tools.drill.client import NoReplyError, NotSentError, Reply, Wire
from wenyue.tools.drill.history import Kind, Operation, Says
from wenyue.tools.drill.runbook import CHECK
from wenyue.tools.drill.town import SQL, TIMEZONE
from wenyue.tools.processes import send

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
FOUND: Final = {
    (Pattern.GUESSED_SECRETS, "address"),
    (Pattern.SCANNED_IDS, "address"),
    (Pattern.FORGED_TOKENS, "address"),
    (Pattern.FORGED_TOKENS, "gate"),
    (Pattern.REPLAYED_VOUCHERS, "voucher"),
    (Pattern.ROTATED_ACCOUNTS, "person"),
    (Pattern.MANY_PERSONS, "account"),
}
_KNOWN_S: Final = 4.0  # every process has read the limits, or who is blocked
_PASSWORD: Final = "drill staff password"  # noqa: S105 - of a world that lives for minutes
_TOUT, _GUEST, _VISITOR = (
    11,
    12,
    13,
)  # cards: who books for many, for whom many book, and who comes to the gate today
_DAY, _VENUE = 9, 9  # (from 0) which the load does not reach; and of the visit today
_TODAY: Final = 10  # the number of that venue
_COMMAND_S: Final = 120.0
_AGAIN_S: Final = 0.5
_SIGNED_IN, _SLOWED = 200, 429


@contextmanager
def behind_a_proxy(_home: Path) -> Generator[Mapping[str, str]]:
    """The drill's word about addresses is believed."""
    yield {"WENYUE_TRUSTED_PROXIES": f"{HOST}/32"}


@dataclass(frozen=True, slots=True)
class _Scene:
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
        body = {"login": "drill", "password": _PASSWORD}
        return (await self.ask("POST", "/v1/gate/session", address, body=body)).status

    async def scan(self, presented: str) -> str:
        """What the gate says."""
        body = {"scan_id": str(uuid4()), "venue": f"bench-{_TODAY}", "gate": "north", "presented": presented}
        reply = await self.ask("POST", "/v1/gate/scans", NEIGHBOUR, body=body, shown=_bearer(self.staff))
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


async def suspicious(stage: Stage) -> None:
    """All patterns at once while ordinary people book; then what must have come of it."""
    for pattern, (limit, block_s) in RULES.items():
        window = 86_400 if pattern in {Pattern.MANY_PERSONS, Pattern.ROTATED_ACCOUNTS} else 3_600
        await _command(
            stage, "abuse", "set", pattern, str(limit), "--window", str(window), "--block", str(block_s)
        )
    staff, slot = await _arrange(stage)
    scene = _Scene(stage, Wire(stage.installation.port), staff, slot)
    await asyncio.sleep(_KNOWN_S)
    began = stage.history.now()
    stage.history.mark("attackers at addresses of their own; accounts that book in turn")
    try:
        await asyncio.gather(
            _guess(scene), _scan_ids(scene), _forge(scene), _replay(scene), _book_for_many(scene)
        )
        send(
            stage.installation.worker_pids(), signal.SIGTERM
        )  # a worker that begins looks at the bookings at once
        await _await(stage, lambda: _missing(stage), "every pattern is found")
        await _blocked(scene)
        await asyncio.gather(stage.follow(CHECK), _told(scene))
        await _free_again(scene)
    finally:
        scene.wire.close()
    stage.faults.append((began, stage.history.now()))
    await stage.rest_out()


async def _guess(scene: _Scene) -> None:
    for number in range(RULES[Pattern.GUESSED_SECRETS][0] + 2):
        body = {"card_no": f"BENCH{number + 1:011d}", "pin": "000000"}
        await scene.ask("POST", "/v1/session", GUESSER, body=body)
        scene.stage.extra["guesses"] = number + 1


async def _scan_ids(scene: _Scene) -> None:
    shown = _bearer(token(1))
    for number in range(RULES[Pattern.SCANNED_IDS][0] + 2):
        await scene.ask("GET", f"/v1/bookings/{uuid4()}", SCANNER, shown=shown)
        scene.stage.extra["ids scanned"] = number + 1


async def _forge(scene: _Scene) -> None:
    """Logins of nobody, and vouchers under a key that is not ours."""
    for number in range(RULES[Pattern.FORGED_TOKENS][0] + 2):
        await scene.ask("GET", "/v1/session", FORGER, shown=_bearer(f"{number:043d}"))
        scene.stage.extra["forged logins"] = number + 1
    forged = _forged_voucher()
    said = {await scene.scan(forged) for _ in range(RULES[Pattern.FORGED_TOKENS][0])}
    if said != {"bad_signature"}:
        scene.stage.findings.append(f"a forged voucher was answered by {sorted(said)}")


async def _replay(scene: _Scene) -> None:
    """One genuine visit, whose voucher is shown again and again."""
    visit = await scene.book(_VISITOR, _VISITOR, scene.slot)
    said = [await scene.scan(booking_code(visit.id)) for _ in range(RULES[Pattern.REPLAYED_VOUCHERS][0] + 1)]
    if said != ["admit", *["already_used"] * (len(said) - 1)]:
        scene.stage.findings.append(f"the gate said {said} to a voucher that was replayed")


async def _book_for_many(scene: _Scene) -> None:
    town = scene.stage.town
    if town is None:
        raise LookupError("this drill needs a town")
    slots = town.slots[_DAY][_VENUE]
    for number in range(RULES[Pattern.MANY_PERSONS][0]):
        await scene.book(_TOUT, 100 + number, slots[0])
    for number in range(RULES[Pattern.ROTATED_ACCOUNTS][0]):
        await scene.book(200 + number, _GUEST, town.slots[_DAY - number][_VENUE][0])


async def _blocked(scene: _Scene) -> None:
    """Whoever guessed signs in no more, not even with the right password; the tout books no more; others do."""
    stage = scene.stage

    async def wrong() -> str:
        status = await scene.sign_in(GUESSER)
        return "" if status == _SLOWED else f"a blocked address was answered by {status}"

    await _await(stage, wrong, "the guesser is blocked")
    stage.history.mark("the guesser's address is blocked")
    if (status := await scene.sign_in(NEIGHBOUR)) != _SIGNED_IN:
        stage.findings.append(f"a genuine sign-in from another address was answered by {status}")
    await asyncio.sleep(_KNOWN_S)
    if (await _try_to_book(scene, _TOUT)).settled is not Says.NO:
        stage.findings.append("an account that books for many was not stopped")
    if (await _try_to_book(scene, _GUEST)).settled is not Says.YES:
        stage.findings.append("a genuine traveller could not book")


async def _try_to_book(scene: _Scene, account: int) -> Operation:
    town = scene.stage.town
    if town is None:
        raise LookupError("the drill needs a town")
    return await scene.book(account, account, town.slots[_DAY][_VENUE - 1][0])


async def _told(scene: _Scene) -> None:
    """The live page shows each pattern, the command lists it, the monitor finds it; none of them names anybody."""
    stage = scene.stage
    shown = await scene.ask(
        "GET", "/console/live.json?span=1h", NEIGHBOUR, shown=f"Cookie: wy_staff={scene.staff}\r\n"
    )
    listed = await _command(stage, "abuse", "list")
    watched = await _command(stage, "monitor", "once", may_warn=True)
    counted = {Pattern.GUESSED_SECRETS, Pattern.SCANNED_IDS, Pattern.FORGED_TOKENS, Pattern.REPLAYED_VOUCHERS}
    for where, text, wanted in (
        ("the live page", json.dumps(shown.body, ensure_ascii=False), counted),
        ("`wenyue abuse list`", listed, set(RULES)),
        ("the monitor", watched, set(RULES)),
    ):
        absent = [pattern.value for pattern in wanted if not _names(text, pattern)]
        if absent:
            stage.findings.append(f"{where} does not tell of {', '.join(sorted(absent))}")
        stage.extra[f"patterns told by {where}"] = len(wanted) - len(absent)
        if any(address in text for address in (GUESSER, SCANNER, FORGER)):
            stage.findings.append(f"{where} names an address")


async def _free_again(scene: _Scene) -> None:
    """A block ends by itself when its time is over, another one when a person lifts it."""
    stage = scene.stage
    [(subject,)] = await _read(
        stage, "SELECT subject FROM abuse.finding WHERE pattern = 'many-persons' AND closed_at IS NULL"
    )
    await _command(stage, "abuse", "lift", Pattern.MANY_PERSONS, str(subject), "--why", "a rehearsal")

    async def wrong() -> str:
        status = await scene.sign_in(GUESSER)
        return "" if status == _SIGNED_IN else f"after its block the address is answered by {status}"

    await _await(stage, wrong, "the block ends", at_most_s=BLOCK_S + RECOVER_S)
    stage.history.mark("the block is over")

    async def refused() -> str:
        says = (await _try_to_book(scene, _TOUT)).settled
        return "" if says is Says.YES else f"an account whose block was lifted was told {says}"

    await _await(stage, refused, "every process follows a lifted block")
    stage.extra["blocks that ended"] = 2


async def _missing(stage: Stage) -> str:
    rows = await _read(
        stage, "SELECT pattern, split_part(subject, ':', 1) FROM abuse.finding WHERE closed_at IS NULL"
    )
    found = {(Pattern(pattern), kind) for pattern, kind in rows}
    stage.extra["patterns found"] = len(FOUND & found)
    return ", ".join(sorted(f"{pattern.value} of one {kind}" for pattern, kind in FOUND - found))


async def _await(
    stage: Stage, wrong: Callable[[], Awaitable[str]], what: str, *, at_most_s: float = RECOVER_S
) -> None:
    until = stage.history.now() + at_most_s + 3 * stage.patience_s
    while said := await wrong():
        if stage.history.now() > until:
            stage.findings.append(f"not in time: {what} ({said})")
            return
        await asyncio.sleep(_AGAIN_S)


async def _arrange(stage: Stage) -> tuple[str, int]:
    """(a token of staff, a session that lasts all of today)."""
    now = datetime.now(UTC)
    async with await psycopg.AsyncConnection.connect(stage.there().owner_url) as tx:
        vault = Vault(load_keys(stage.installation.home))
        staff = await save_staff(
            tx,
            vault,
            login="drill",
            password=_PASSWORD,
            duties=duties_of_role("admin"),
            now=now,
            actor="drill",
        )
        shown = await start_login(tx, now=now, staff_id=staff)
        asked = {"venue": _TODAY, "day": local_date(now, TIMEZONE)}
        [(slot,)] = await (await tx.execute(SQL["session_today"], asked)).fetchall()
        await tx.execute(SQL["free_venue"], {"venue": _VENUE + 1})
    return shown, slot


def _forged_voucher() -> str:
    """Well made, under keys that nobody knows."""
    now = datetime.now(UTC)
    day = local_date(now, TIMEZONE)
    claims = TokenClaims(uuid7(), (_TODAY,), day, day, now, now + timedelta(hours=12), now)
    return voucher_token(claims, GateKeys.from_bytes(os.urandom(32), os.urandom(32)))


async def _read(stage: Stage, statement: LiteralString) -> list[Any]:
    async with await psycopg.AsyncConnection.connect(stage.there().owner_url) as tx:
        return await (await tx.execute(statement)).fetchall()


async def _command(stage: Stage, *words: str, may_warn: bool = False) -> str:
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


def _names(text: str, pattern: Pattern) -> bool:
    return pattern.value in text or sign_title(pattern.value, "zh-CN") in text


def _bearer(shown: str) -> str:
    return f"Authorization: Bearer {shown}\r\n"
