"""Whose phone it is, and what it was sent lately: by which texts to it are counted."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final

from wenyue.core.personal import Secret, Vault
from wenyue.notifications.texts import Counts, NoticeCounts, Queued, Waiting
from wenyue.platform.database.db import Tx, queries

CODE: Final = "recovery-code"  # the kind of a notice with a code of one request
SHARED_CODE: Final = (
    "recovery-code-shared"  # with the code that a holder's requests share; every other is a warning
)
CODES: Final = frozenset({CODE, SHARED_CODE})
_SQL: Final = queries("wenyue.notifications", "phones.sql")
_Owners = set[tuple[bytes, int]]  # a phone, and an account whose it is


def phone_key_of(vault: Vault, phone: str, *, is_other: bool = False) -> bytes:
    """By which texts to a phone are counted: as the one on record for an account, or as anybody's."""
    return vault.fingerprint(f"text {'other' if is_other else 'own'}|{phone}".encode())


async def note_phone(tx: Tx, phone_key: bytes, holder_id: int) -> None:
    """The account has the phone on record."""
    await tx.execute(_SQL["note_phone"], {"phone_key": phone_key, "holder_id": holder_id})


async def note_proved(tx: Tx, vault: Vault, holder_id: int, phone: Secret[str], now: datetime) -> None:
    """A code that went to the phone was typed for this account: from now on it has the phone's own share of texts."""
    if phone.reveal():
        row = {"phone_key": phone_key_of(vault, phone.reveal()), "holder_id": holder_id, "now": now}
        await tx.execute(_SQL["note_proved"], row)


async def count_texts(tx: Tx, queued: Sequence[Queued], now: datetime) -> Counts:
    """What these phones and accounts were sent about bookings lately, and whose the phones are.

    Until the transaction ends nobody else sends them anything.
    """
    holders = sorted({one.holder_id for one in queued if one.holder_id is not None})
    own = {one.own_key for one in queued}
    await _lock(tx, own, holders)
    asked = {"phones": sorted(own | {one.other_key for one in queued}), "holders": holders, "now": now}
    rows = await (await tx.execute(_SQL["texts_lately"], asked)).fetchall()
    sent = [(bytes(key), holder_id, count) for key, holder_id, count in rows if key is not None]
    owners = await _owners(tx, own, {*holders, *(holder for _, holder, _ in sent if holder is not None)})
    counts = Counts(Counter(), Counter(), owners=owners)
    for key, holder_id, count in sent:
        counts.phones[key] += count
        if key in own and holder_id is not None and (key, holder_id) not in owners:
            counts.shared[key] += count
    for key, holder_id, count in rows:
        if key is None:
            counts.accounts[holder_id] = count
    return counts


async def count_notices(tx: Tx, waiting: Sequence[Waiting], now: datetime) -> NoticeCounts:
    """The codes and warnings that these phones were sent lately, and whose they are. As `count_texts`."""
    phones = {one.phone_key for one in waiting}
    await _lock(tx, phones, ())
    asked = {"phones": sorted(phones), "now": now}
    rows = await (await tx.execute(_SQL["notices_lately"], asked)).fetchall()
    owners = await _owners(tx, phones, {one.holder_id for one in waiting} | {row[1] for row in rows})
    counts = NoticeCounts(owners)
    for key, holder_id, kind, of_day, of_hour in rows:
        sent = Waiting(0, bytes(key), holder_id, kind, is_code=kind in CODES)
        counts.add(sent, count=of_day, in_hour=of_hour)
    return counts


async def _lock(tx: Tx, phones: Iterable[bytes], holders: Iterable[int]) -> None:
    keys = [int.from_bytes(key[:7]) for key in phones] + [-1 - holder for holder in holders]
    await tx.execute(_SQL["lock_counts"], {"keys": keys})


async def _owners(tx: Tx, phones: Collection[bytes], holders: Collection[int]) -> _Owners:
    asked = {"phones": sorted(phones), "holders": sorted(holders)}
    rows = await (await tx.execute(_SQL["own_accounts"], asked)).fetchall()
    return {(bytes(key), holder_id) for key, holder_id in rows}
