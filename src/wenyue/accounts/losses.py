"""What a settling took from accounts with a document, kept so that it can be given back, and how much one clerk took."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from wenyue.accounts.claims import Claim
from wenyue.accounts.store import put_self
from wenyue.audit import Entry, record
from wenyue.core.limits import CLAIMS_PER_DOCUMENT_MAX
from wenyue.core.personal import Vault
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.accounts", "claims.sql")


@dataclass(frozen=True, slots=True)
class Taking:
    """Who took it, who confirmed it if somebody had to, and under which name of which person."""

    staff_id: int
    second_id: int | None
    person_key: bytes
    name_key: bytes


@dataclass(frozen=True, slots=True)
class Loss:
    """What was taken from an account at `at`, and is given back now."""

    traveller_id: int
    at: datetime
    staff_id: int
    name_key: bytes
    card_ids: list[int]


async def lost_of(tx: Tx, person_key: bytes) -> list[Claim]:
    """The accounts that lost this document, the last first; `is_seen`: staff had seen it beside a card of theirs."""
    asked = {"person_key": person_key, "limit": CLAIMS_PER_DOCUMENT_MAX}
    rows = await (await tx.execute(_SQL["lost_of"], asked)).fetchall()
    return [Claim(*row) for row in rows]


async def documents_taken(tx: Tx, staff_id: int, now: datetime) -> int:
    """Of how many documents this member of staff took accounts away in the last day."""
    asked = {"staff_id": staff_id, "since": now - timedelta(days=1)}
    [(taken,)] = await (await tx.execute(_SQL["documents_taken"], asked)).fetchall()
    return taken


async def note_losses(tx: Tx, taking: Taking, frozen: Mapping[int, Sequence[int]], now: datetime) -> None:
    """Keep what was taken: of each account the cards that were frozen with it."""
    for holder_id, card_ids in frozen.items():
        row: dict[str, object] = {
            "id": holder_id,
            "now": now,
            "staff_id": taking.staff_id,
            "second_id": taking.second_id,
            "person_key": taking.person_key,
            "name_key": taking.name_key,
            "card_ids": list(card_ids),
        }
        await tx.execute(_SQL["add_loss"], row)


async def give_back(
    tx: Tx, vault: Vault, ids: Collection[int], *, staff_id: int, now: datetime, actor: str
) -> list[Loss]:
    """These accounts have their document again, as seen, and themselves as first visitor; the rest is the caller's to give back.

    Nothing of accounts that lost it before this was written down.
    """
    row = {"ids": list(ids), "now": now, "staff_id": staff_id}
    await tx.execute(_SQL["give_back"], row)
    rows = await (await tx.execute(_SQL["close_losses"], row)).fetchall()
    for one in ids:
        await put_self(tx, vault, one, now)
    await record(tx, [Entry(now, actor, "holder.claim_back", f"traveller:{one}") for one in ids])
    return [Loss(one, at, by, bytes(key), cards) for one, at, by, key, cards in rows]
