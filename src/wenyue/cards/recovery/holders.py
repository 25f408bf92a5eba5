"""Whose lost card it is: the accounts that a document, a name and a number speak of, and their cards."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from wenyue.accounts import Identity, Traveller, traveller
from wenyue.audit import Entry, record
from wenyue.core.card_numbers import clean_card_no
from wenyue.core.limits import CLAIMS_PER_DOCUMENT_MAX
from wenyue.core.personal import Vault
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.cards", "recovery.sql")


async def named_holders(tx: Tx, vault: Vault, identity: Identity) -> list[Traveller]:
    """The accounts with this document and name that hold a card that is active or was reported lost.

    Those that staff saw the document of, if there are any; else all that claim it, the oldest first.
    """
    asked = {"person_key": vault.person_key(identity.document.key), "limit": CLAIMS_PER_DOCUMENT_MAX}
    rows = await (await tx.execute(_SQL["holders_of_document"], asked)).fetchall()
    is_settled = any(is_seen for _, is_seen in rows)
    found = [
        await traveller(tx, vault, holder_id) for holder_id, is_seen in rows if is_seen or not is_settled
    ]
    return [one for one in found if one is not None and one.is_named(identity.name)]


async def has_card(tx: Tx, holder_id: int, card_no: str) -> bool:
    """Whether a card with this number, or one that it was replaced by, is the account's."""
    asked = {"holder_id": holder_id, "card_no": clean_card_no(card_no)}
    [(has_it,)] = await (await tx.execute(_SQL["has_card"], asked)).fetchall()
    return bool(has_it)


async def holder_of_number(tx: Tx, card_no: str) -> int | None:
    """Whose card has this number; None when there is none, or nobody has activated it."""
    row = await (await tx.execute(_SQL["holder_of_number"], {"card_no": clean_card_no(card_no)})).fetchone()
    return None if row is None else row[0]


async def freeze_all(tx: Tx, holder_id: int, now: datetime, actor: str) -> list[int]:
    """Freeze every active card of a holder, nobody else acting for them meanwhile; which they are."""
    await lock_holder(tx, holder_id)
    frozen = await (await tx.execute(_SQL["freeze_cards"], {"holder_id": holder_id})).fetchall()
    if frozen:
        await record(tx, [Entry(now, actor, "card.frozen", f"card:{card_id}") for (card_id,) in frozen])
    return [card_id for (card_id,) in frozen]


async def thaw_all(
    tx: Tx, holder_id: int, card_ids: Sequence[int], *, frozen_at: datetime, now: datetime, actor: str
) -> None:
    """Take back what `object_to_all` and `freeze_all` did to a holder at `frozen_at`: these cards work again.

    No request of before comes of it: its code is gone. But new ones are not refused for its sake.
    """
    await lock_holder(tx, holder_id)
    row = {"holder_id": holder_id, "card_ids": list(card_ids), "at": frozen_at}
    thawed = await (await tx.execute(_SQL["thaw_cards"], row)).fetchall()
    await tx.execute(_SQL["forget_stop"], row)
    if thawed:
        await record(tx, [Entry(now, actor, "card.thawed", f"card:{card_id}") for (card_id,) in thawed])


async def has_proven_phone(tx: Tx, holder_ids: Sequence[int]) -> bool:
    """Whether a code that went to the phone on record of one of them came back."""
    [(has_one,)] = await (await tx.execute(_SQL["has_proven_phone"], {"ids": list(holder_ids)})).fetchall()
    return bool(has_one)


async def lock_holder(tx: Tx, holder_id: int) -> None:
    """Until the transaction ends: an objection and a replacement of one holder do not pass each other by."""
    await tx.execute(_SQL["lock_holder"], {"holder_id": holder_id})
