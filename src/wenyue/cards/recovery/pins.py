"""A new PIN for a card whose holder forgot theirs, on the proof by document and phone that began this login."""

from datetime import datetime, timedelta
from typing import Final

from wenyue.accounts import hash_secret
from wenyue.audit import Entry, record
from wenyue.cards.codes import new_pin
from wenyue.cards.recovery.proofs import Recovery
from wenyue.core.personal import Secret, Vault
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.cards", "recovery.sql")
PIN_RESET_S: Final = 3600  # so long after the code; later the phone is asked again


def may_reset(proof: Recovery | None, now: datetime) -> bool:
    """Whether a proof is good for a new PIN: by the phone itself, of lately, and nobody objected to another."""
    return (
        proof is not None
        and proof.how == "code"
        and not proof.is_after_objection
        and now - proof.proven_at <= timedelta(seconds=PIN_RESET_S)
    )


async def reset_pin(
    tx: Tx, vault: Vault, *, card_id: int, holder_id: int, now: datetime, actor: str
) -> Secret[str] | None:
    """The holder's active card has a new PIN from now on, and the one before works no more; None: no such card.

    The caller has looked at the proof (`may_reset`), and tells the holder. Asked again, it makes another: the newest counts.
    """
    pin = new_pin()
    change = {"id": card_id, "holder_id": holder_id, "pin_hash": await hash_secret(pin, vault)}
    if (await (await tx.execute(_SQL["reset_pin"], change)).fetchone()) is None:
        return None
    await record(tx, [Entry(now, actor, "card.pin_reset", f"card:{card_id}")])
    return Secret(pin)
