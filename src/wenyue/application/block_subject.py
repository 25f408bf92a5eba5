"""An operator stops an address from signing in, or an account from booking, for a time; and ends what was found."""

import re
from datetime import timedelta
from typing import Final

from msgspec import Struct

from wenyue import abuse
from wenyue.abuse import Detector, Pattern
from wenyue.application.on_server import KeyedWorks, acting_with, reason_for_record
from wenyue.application.operating import Operator, Works
from wenyue.core.duties import Right
from wenyue.core.personal import Vault

BLOCK_MAX: Final = timedelta(days=30)
SUBJECT_LENGTH_MIN: Final = 12  # of what is listed: enough digits to mean one subject
_DIGEST: Final = re.compile(r"[0-9a-f]{32}")
_ACCOUNT_DIGITS_MAX: Final = 18


class BlockSubject(Struct, frozen=True):
    """`who`: `address:203.0.113.7`, `account:ID`, or a subject as findings show it."""

    pattern: Pattern
    who: str
    lasts: timedelta
    reason: str

    def __repr__(self) -> str:
        return f"BlockSubject({self.pattern})"


class LiftFinding(Struct, frozen=True):
    """`subject`: as findings show it; its beginning is enough."""

    pattern: Pattern
    subject: str
    reason: str


async def block_subject(works: KeyedWorks, operator: Operator, request: BlockSubject) -> str:
    """The subject that is blocked; every process knows within seconds. Raises ValueError that names the field."""
    reason, subject = reason_for_record(request.reason), _subject(request.who, works.vault)
    if not timedelta(0) < request.lasts <= BLOCK_MAX:
        raise ValueError("for: at most 30 days")
    async with acting_with(works, operator, Right.ABUSE_MANAGE) as act:
        until = act.now + request.lasts
        await abuse.block(
            act.tx, request.pattern, subject, until=until, now=act.now, actor=operator.name, reason=reason
        )
    return subject


async def lift_finding(works: Works, operator: Operator, request: LiftFinding) -> list[str]:
    """The subjects whose finding, and block, ended. Raises ValueError that names the field."""
    reason, subject = reason_for_record(request.reason), request.subject
    if len(subject) < SUBJECT_LENGTH_MIN or ":" not in subject:
        raise ValueError(f"subject: at least {SUBJECT_LENGTH_MIN} characters of what is listed")
    async with acting_with(works, operator, Right.ABUSE_MANAGE) as act:
        return await abuse.close(
            act.tx, request.pattern, subject, now=act.now, actor=operator.name, reason=reason
        )


def is_stopped(subject: str) -> bool:
    """Whether a block of this kind of subject stops anything."""
    return bool(abuse.STOPS[subject.partition(":")[0]])


def _subject(who: str, vault: Vault) -> str:
    kind, _, rest = who.partition(":")
    if kind not in abuse.STOPS or not rest:
        raise ValueError("who: address:203.0.113.7, account:ID, or a subject as findings show it")
    if _DIGEST.fullmatch(rest):
        return who
    if kind != "account":
        return Detector(vault).subject(kind, rest)
    if not rest.isascii() or not rest.isdigit() or len(rest) > _ACCOUNT_DIGITS_MAX:
        raise ValueError("who: an account's id is a number")
    return Detector(vault).subject(kind, int(rest))
