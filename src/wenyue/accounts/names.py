"""What a person whose document was proved may say: under which names others book them, and that a place is not theirs."""

from datetime import datetime, timedelta
from typing import Final

from wenyue.accounts.model import NameKnown
from wenyue.accounts.sealing import TRAVELLER, open_identity
from wenyue.infra.db import Tx, queries
from wenyue.kernel.documents import plain_name
from wenyue.kernel.limits import DISOWNINGS_PER_DAY, KNOWN_NAMES_MAX
from wenyue.kernel.personal import SealBroken, Vault

_SQL: Final = queries("wenyue.accounts", "names.sql")
_AT_ONCE: Final = 200


def name_key(vault: Vault, person_key: bytes, name: str) -> bytes:
    """The keyed hash of one person's name as it is compared; of two people with one name it differs."""
    return vault.fingerprint(b"name|" + person_key + plain_name(name).encode())


async def know_name(
    tx: Tx, vault: Vault, person_key: bytes, name: str, now: datetime, *, is_seen: bool
) -> bool:
    """Remember a name of a person, or another spelling of it; False beyond KNOWN_NAMES_MAX, of which each kind has its own.

    `is_seen`: staff saw the document, or its proved holder says so. Only such names speak for the person; one that was typed
    with a document number proves nothing, whoever's card it was typed with.
    """
    row = {
        "person_key": person_key,
        "name_key": name_key(vault, person_key, name),
        "now": now,
        "most": KNOWN_NAMES_MAX,
        "seen_at": now if is_seen else None,
    }
    await lock_person(tx, person_key)
    await tx.execute(_SQL["add_name"], row)
    found = await (await tx.execute(_SQL["is_known"], row)).fetchone()
    return found is not None


async def lock_person(tx: Tx, person_key: bytes) -> None:
    """Until the transaction ends nobody else adds a name of this person, or an account with this document."""
    await tx.execute(_SQL["lock_names"], {"person_key": person_key})


async def name_known(
    tx: Tx, vault: Vault, person_key: bytes, name: str, traveller_id: int | None
) -> NameKnown:
    """What is known of a name that `traveller_id` gives for a person; whose document staff saw says their own name themselves."""
    asked = {"person_key": person_key, "name_key": name_key(vault, person_key, name)}
    row = await (await tx.execute(_SQL["names_of"], asked)).fetchone()
    if row is None or not row[0] or (traveller_id is not None and traveller_id in row[2]):
        return NameKnown.NOTHING
    return NameKnown.SAME if row[1] else NameKnown.ANOTHER


async def is_another(tx: Tx, vault: Vault, person_key: bytes, name: str) -> bool:
    """Whether staff saw the person's document, and this is none of the names that they are known under since."""
    return await name_known(tx, vault, person_key, name, None) is NameKnown.ANOTHER


async def note_names(tx: Tx, vault: Vault, after: int, now: datetime) -> int | None:
    """Note the names of accounts that an older version opened, from the id `after` on; the next id, None at the end."""
    rows = await (await tx.execute(_SQL["unnoted"], {"after": after, "limit": _AT_ONCE})).fetchall()
    for _, person_key, sealed in rows:
        try:
            name = open_identity(vault, sealed, purpose=TRAVELLER).name.reveal()
        except SealBroken:
            continue
        await know_name(tx, vault, bytes(person_key), name, now, is_seen=False)
    return rows[-1][0] if len(rows) == _AT_ONCE else None


async def may_disown(tx: Tx, traveller_id: int, now: datetime) -> bool:
    """Count one more place that the holder takes out of others' bookings; False beyond DISOWNINGS_PER_DAY. Commit it."""
    row = {"id": traveller_id, "now": now, "since": now - timedelta(days=1)}
    counted = await (await tx.execute(_SQL["count_disowning"], row)).fetchone()
    return counted is not None and counted[0] <= DISOWNINGS_PER_DAY
