"""What must come of an attack: it is found, whoever attacks is blocked and nobody else, it is told, and blocks end."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final, LiteralString

import psycopg

from wenyue.abuse import Pattern
from wenyue.web.console.words import sign_title
from wenyue_lab.chaos.abuse_scene import (
    BLOCK_S,
    DAY,
    FORGER,
    GUESSER,
    GUEST,
    KNOWN_S,
    NEIGHBOUR,
    RULES,
    SCANNER,
    TOUT,
    VENUE,
    Scene,
    command,
)
from wenyue_lab.chaos.acts import RECOVER_S, Stage
from wenyue_lab.chaos.history import Operation, Says

FOUND: Final = {
    (Pattern.GUESSED_SECRETS, "address"),
    (Pattern.SCANNED_IDS, "address"),
    (Pattern.FORGED_TOKENS, "address"),
    (Pattern.FORGED_TOKENS, "gate"),
    (Pattern.REPLAYED_VOUCHERS, "voucher"),
    (Pattern.ROTATED_ACCOUNTS, "person"),
    (Pattern.MANY_PERSONS, "account"),
}
_AGAIN_S: Final = 0.5
_SIGNED_IN, _SLOWED = 200, 429


async def missing(stage: Stage) -> str:
    """The patterns of FOUND that nothing has found yet, in words; empty when all are."""
    rows = await _read(
        stage, "SELECT pattern, split_part(subject, ':', 1) FROM abuse.finding WHERE closed_at IS NULL"
    )
    found = {(Pattern(pattern), kind) for pattern, kind in rows}
    stage.extra["patterns found"] = len(FOUND & found)
    return ", ".join(sorted(f"{pattern.value} of one {kind}" for pattern, kind in FOUND - found))


async def blocked(scene: Scene) -> None:
    """Whoever guessed signs in no more, not even with the right password; the tout books no more; others do."""
    stage = scene.stage

    async def wrong() -> str:
        status = await scene.sign_in(GUESSER)
        return "" if status == _SLOWED else f"a blocked address was answered by {status}"

    await wait_until(stage, wrong, "the guesser is blocked")
    stage.history.mark("the guesser's address is blocked")
    if (status := await scene.sign_in(NEIGHBOUR)) != _SIGNED_IN:
        stage.findings.append(f"a genuine sign-in from another address was answered by {status}")
    await asyncio.sleep(KNOWN_S)
    if (await _try_to_book(scene, TOUT)).settled is not Says.NO:
        stage.findings.append("an account that books for many was not stopped")
    if (await _try_to_book(scene, GUEST)).settled is not Says.YES:
        stage.findings.append("a genuine traveller could not book")


async def _try_to_book(scene: Scene, account: int) -> Operation:
    fixtures = scene.stage.fixtures
    if fixtures is None:
        raise LookupError("the drill needs fixtures")
    return await scene.book(account, account, fixtures.slots[DAY][VENUE - 1][0])


async def told(scene: Scene) -> None:
    """The live page shows each pattern, the command lists it, the monitor finds it; none of them names anybody."""
    stage = scene.stage
    shown = await scene.ask(
        "GET", "/console/live.json?span=1h", NEIGHBOUR, shown=f"Cookie: wy_staff={scene.staff}\r\n"
    )
    listed = await command(stage, "abuse", "list")
    watched = await command(stage, "monitor", "once", may_warn=True)
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


async def free_again(scene: Scene) -> None:
    """A block ends by itself when its time is over, another one when a person lifts it."""
    stage = scene.stage
    [(subject,)] = await _read(
        stage, "SELECT subject FROM abuse.finding WHERE pattern = 'many-persons' AND closed_at IS NULL"
    )
    await command(stage, "abuse", "lift", Pattern.MANY_PERSONS, str(subject), "--why", "a rehearsal")

    async def wrong() -> str:
        status = await scene.sign_in(GUESSER)
        return "" if status == _SIGNED_IN else f"after its block the address is answered by {status}"

    await wait_until(stage, wrong, "the block ends", at_most_s=BLOCK_S + RECOVER_S)
    stage.history.mark("the block is over")

    async def refused() -> str:
        says = (await _try_to_book(scene, TOUT)).settled
        return "" if says is Says.YES else f"an account whose block was lifted was told {says}"

    await wait_until(stage, refused, "every process follows a lifted block")
    stage.extra["blocks that ended"] = 2


async def wait_until(
    stage: Stage, wrong: Callable[[], Awaitable[str]], what: str, *, at_most_s: float = RECOVER_S
) -> None:
    """Ask until nothing is wrong; what still is after this time (and the patience with a busy machine) is a finding."""
    until = stage.history.now() + at_most_s + 3 * stage.patience_s
    while said := await wrong():
        if stage.history.now() > until:
            stage.findings.append(f"not in time: {what} ({said})")
            return
        await asyncio.sleep(_AGAIN_S)


async def _read(stage: Stage, statement: LiteralString) -> list[Any]:
    async with await psycopg.AsyncConnection.connect(stage.there().owner_url) as tx:
        return await (await tx.execute(statement)).fetchall()


def _names(text: str, pattern: Pattern) -> bool:
    return pattern.value in text or sign_title(pattern.value, "zh-CN") in text
