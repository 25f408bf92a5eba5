"""What is done about a failed sign-in: the one function that every failure comes through.

The record names nobody: the address and what was tried stand in it as keyed hashes, so that equal ones can be told to be equal.
It is bounded: of one counter the 1st, 2nd, 4th, 8th … failure is written, and in a flood the sum alone.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from wenyue.accounts.throttle import EVERYBODY, is_noted
from wenyue.audit import Entry, record
from wenyue.core.personal import Vault
from wenyue.platform.database.db import Tx

_ACTOR: Final = "system:signin"


@dataclass(frozen=True, slots=True)
class FailedSignIn:
    """One failure. `name` and `address` are plain: they are hashed before they go anywhere."""

    kind: str  # card | staff | code
    name: str
    address: str
    who: str = ""  # 'card:3', 'staff:4' when such a login exists
    is_refused: bool = False  # it had to wait: nothing was checked
    score: float = 0.0  # failures of this place at this login lately, this one among them
    everybody: float = 0.0  # … of the whole installation within about a minute


async def note_failure(tx: Tx, vault: Vault, failed: FailedSignIn, now: datetime) -> None:
    """Write the failure down, in the caller's transaction."""
    if failed.everybody > EVERYBODY.free:
        if is_noted(failed.everybody):
            detail: dict[str, object] = {"lately": int(failed.everybody)}
            await record(tx, [Entry(now, _ACTOR, "signin.many_failed", "signin", detail)])
        return
    if not is_noted(failed.score):
        return
    detail = {
        "kind": failed.kind,
        "tried": _hashed(vault, f"{failed.kind}|{failed.name}"),
        "address": _hashed(vault, f"address|{failed.address}"),
        "lately": int(failed.score + 0.001),
    }
    await record(tx, [Entry(now, _ACTOR, "signin.failed", failed.who or "signin", detail)])


def _hashed(vault: Vault, text: str) -> str:
    return vault.fingerprint(f"signin|{text}".encode(errors="replace")).hex()
