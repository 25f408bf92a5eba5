"""What attackers do: guesses, scans of ids, forged logins and vouchers, a voucher replayed, accounts that book for many."""

import os
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from wenyue.abuse import Pattern
from wenyue.core.clock import local_date
from wenyue.core.ids import uuid7
from wenyue.gate import GateKeys, TokenClaims, booking_code, voucher_token
from wenyue_lab.benchmark.wire import token
from wenyue_lab.chaos.abuse_scene import (
    DAY,
    FORGER,
    GUESSER,
    GUEST,
    RULES,
    SCANNER,
    TODAY,
    TOUT,
    VENUE,
    VISITOR,
    Scene,
    bearer,
)
from wenyue_lab.chaos.fixtures import TIMEZONE


async def guess(scene: Scene) -> None:
    """Cards in turn, each with the same PIN."""
    for number in range(RULES[Pattern.GUESSED_SECRETS][0] + 2):
        body = {"card_no": f"BENCH{number + 1:011d}", "pin": "000000"}
        await scene.ask("POST", "/v1/session", GUESSER, body=body)
        scene.stage.extra["guesses"] = number + 1


async def scan_ids(scene: Scene) -> None:
    """A genuine login asks for bookings that do not exist."""
    shown = bearer(token(1))
    for number in range(RULES[Pattern.SCANNED_IDS][0] + 2):
        await scene.ask("GET", f"/v1/bookings/{uuid4()}", SCANNER, shown=shown)
        scene.stage.extra["ids scanned"] = number + 1


async def forge(scene: Scene) -> None:
    """Logins of nobody, and vouchers under a key that is not ours."""
    for number in range(RULES[Pattern.FORGED_TOKENS][0] + 2):
        await scene.ask("GET", "/v1/session", FORGER, shown=bearer(f"{number:043d}"))
        scene.stage.extra["forged logins"] = number + 1
    forged = _forged_voucher()
    said = {await scene.scan(forged) for _ in range(RULES[Pattern.FORGED_TOKENS][0])}
    if said != {"bad_signature"}:
        scene.stage.findings.append(f"a forged voucher was answered by {sorted(said)}")


async def replay(scene: Scene) -> None:
    """One genuine visit, whose voucher is shown again and again."""
    visit = await scene.book(VISITOR, VISITOR, scene.slot)
    said = [await scene.scan(booking_code(visit.id)) for _ in range(RULES[Pattern.REPLAYED_VOUCHERS][0] + 1)]
    if said != ["admit", *["already_used"] * (len(said) - 1)]:
        scene.stage.findings.append(f"the gate said {said} to a voucher that was replayed")


async def book_for_many(scene: Scene) -> None:
    """One account books for many persons, and many accounts book for one. Raises LookupError without fixtures."""
    fixtures = scene.stage.fixtures
    if fixtures is None:
        raise LookupError("this drill needs fixtures")
    slots = fixtures.slots[DAY][VENUE]
    for number in range(RULES[Pattern.MANY_PERSONS][0]):
        await scene.book(TOUT, 100 + number, slots[0])
    for number in range(RULES[Pattern.ROTATED_ACCOUNTS][0]):
        await scene.book(200 + number, GUEST, fixtures.slots[DAY - number][VENUE][0])


def _forged_voucher() -> str:
    """Well made, under keys that nobody knows."""
    now = datetime.now(UTC)
    day = local_date(now, TIMEZONE)
    claims = TokenClaims(uuid7(), (TODAY,), day, day, now, now + timedelta(hours=12), now)
    return voucher_token(claims, GateKeys.from_bytes(os.urandom(32), os.urandom(32)))
