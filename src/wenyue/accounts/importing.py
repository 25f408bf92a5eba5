"""Accounts of holders from another system, many at once. What a list says of a person is a claim, like what is typed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from wenyue.accounts.claim_rules import Claim
from wenyue.accounts.model import Identity
from wenyue.accounts.names import name_key
from wenyue.accounts.passwords import NO_SECRET
from wenyue.accounts.sealing import TRAVELLER, VISITOR, OpenedIdentity, open_identity, seal_identity
from wenyue.audit import Entry, record
from wenyue.core.limits import KNOWN_NAMES_MAX
from wenyue.core.personal import Vault
from wenyue.events import append, kinds
from wenyue.locale import DEFAULT
from wenyue.platform.database.db import Tx, queries

__all__ = [
    "NO_SECRET",
    "claims_of_people",
    "correct_identities",
    "identities_of",
    "lock_people",
    "names_of_people",
    "open_accounts",
]
_SQL: Final = queries("wenyue.accounts", "importing.sql")


async def lock_people(tx: Tx, person_keys: Sequence[bytes]) -> None:
    """Until the transaction ends nobody else opens accounts with these documents."""
    await tx.execute(_SQL["lock_people"], {"person_keys": list(person_keys)})


async def claims_of_people(tx: Tx, person_keys: Sequence[bytes]) -> dict[bytes, list[Claim]]:
    """The accounts that claim each document, those first that staff saw it of, then the oldest."""
    found: dict[bytes, list[Claim]] = {}
    rows = await tx.execute(_SQL["claims_of_people"], {"person_keys": list(person_keys)})
    for person_key, traveller_id, is_seen in await rows.fetchall():
        found.setdefault(bytes(person_key), []).append(Claim(traveller_id, is_seen))
    return found


async def names_of_people(tx: Tx, person_keys: Sequence[bytes]) -> dict[bytes, set[bytes]]:
    """Keyed hashes (`names.name_key`) of the names of those whose document staff saw."""
    found: dict[bytes, set[bytes]] = {}
    rows = await tx.execute(_SQL["names_of_people"], {"person_keys": list(person_keys)})
    for person_key, key in await rows.fetchall():
        found.setdefault(bytes(person_key), set()).add(bytes(key))
    return found


async def identities_of(tx: Tx, vault: Vault, ids: Sequence[int]) -> dict[int, OpenedIdentity]:
    """What is on record of these accounts. Raises SealBroken."""
    rows = await tx.execute(_SQL["sealed_of"], {"ids": list(ids)})
    return {id_: open_identity(vault, sealed, purpose=TRAVELLER) for id_, sealed in await rows.fetchall()}


async def open_accounts(
    tx: Tx, vault: Vault, holders: Sequence[Identity], now: datetime, *, actor: str
) -> list[int]:
    """An account of their own for each, in their order; the people are locked. Audited and told, as those opened by hand."""
    if not holders:
        return []
    ids = [row[0] for row in await (await tx.execute(_SQL["new_ids"], {"n": len(holders)})).fetchall()]
    person_keys = [vault.person_key(one.document.key) for one in holders]
    rows: dict[str, object] = {"ids": ids, "person_keys": person_keys, "now": now, "locale": DEFAULT}
    sealed = [seal_identity(vault, one, purpose=TRAVELLER) for one in holders]
    await tx.execute(_SQL["open_accounts"], rows | {"sealed": sealed})
    as_visitors = [seal_identity(vault, one, purpose=VISITOR) for one in holders]
    await tx.execute(_SQL["put_selves"], rows | {"sealed": as_visitors})
    keys = [name_key(vault, key, one.name) for key, one in zip(person_keys, holders, strict=True)]
    said = {"person_keys": person_keys, "name_keys": keys, "most": KNOWN_NAMES_MAX, "now": now}
    await tx.execute(_SQL["add_names"], said)
    await record(tx, [Entry(now, actor, "traveller.created", f"traveller:{one}") for one in ids])
    await append(tx, [kinds.AccountOpened(one) for one in ids], now)
    return ids


async def correct_identities(
    tx: Tx, vault: Vault, changed: Mapping[int, Identity], now: datetime, *, actor: str
) -> None:
    """Name and phone on record become these; the document stays. Audited without them."""
    for id_, identity in sorted(changed.items()):
        sealed = seal_identity(vault, identity, purpose=TRAVELLER)
        await tx.execute(_SQL["correct"], {"id": id_, "sealed": sealed})
        sealed = seal_identity(vault, identity, purpose=VISITOR)
        await tx.execute(_SQL["correct_self"], {"id": id_, "sealed": sealed})
    await record(
        tx, [Entry(now, actor, "traveller.corrected", f"traveller:{id_}") for id_ in sorted(changed)]
    )
