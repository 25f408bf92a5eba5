"""The holder stops every replacement of theirs: with the code that came to the phone, or before staff."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from wenyue.audit import Entry, record
from wenyue.cards.recovery.codes import cleaned, objection_key
from wenyue.cards.recovery.holders import lock_holder
from wenyue.cards.recovery.proofs import OBJECTION_S
from wenyue.core.personal import Vault
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.cards", "recovery.sql")


@dataclass(frozen=True, slots=True)
class Stopped:
    """What an objection found to stop. `is_login_over`: a login or a new number had come of it."""

    requests: int
    frozen: int
    is_login_over: bool


async def object_with_code(tx: Tx, vault: Vault, *, code: str, now: datetime) -> int | None:
    """The holder stops every replacement of theirs; from now on an administrator replaces. The holder's id.

    None when the code is none, or too old. Again: what was begun since is stopped too. The caller ends the holder's logins.
    """
    asked = {"objection_key": objection_key(vault, cleaned(code)), "now": now}
    row = await (await tx.execute(_SQL["by_objection"], asked)).fetchone()
    if row is None:
        return None
    await object_to_all(tx, holder_id=row[0], now=now, actor=f"traveller:{row[0]}")
    return row[0]


async def object_to_all(tx: Tx, *, holder_id: int, now: datetime, actor: str) -> Stopped | None:
    """Stop every request of a holder that is open or was proven in the last OBJECTION_S, and freeze what came of them.

    None when there is none to stop and none was stopped lately.
    """
    await lock_holder(tx, holder_id)
    row = {
        "holder_id": holder_id,
        "now": now,
        "actor": actor,
        "since": now - timedelta(seconds=OBJECTION_S),
    }
    stopped = await (await tx.execute(_SQL["object"], row)).fetchall()
    if not stopped:
        asked = {"holder_id": holder_id, "since": row["since"]}
        [(was_stopped,)] = await (await tx.execute(_SQL["was_stopped"], asked)).fetchall()
        return Stopped(0, 0, is_login_over=False) if was_stopped else None
    frozen = 0
    if any(is_proven for _, is_proven in stopped):
        # A proof froze every card: what is active now was replaced, thawed or added since.
        frozen = len(await (await tx.execute(_SQL["freeze_cards"], {"holder_id": holder_id})).fetchall())
    detail: dict[str, object] = {"frozen": frozen, "requests": len(stopped)}
    await record(tx, [Entry(now, actor, "recovery.objected", f"traveller:{holder_id}", detail)])
    return Stopped(
        len(stopped), frozen, is_login_over=frozen > 0 or any(had_login for had_login, _ in stopped)
    )
