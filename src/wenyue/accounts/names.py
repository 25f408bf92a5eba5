"""What a person whose document was proved may say: under which names others book them, and that a place is not theirs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from wenyue.accounts.model import NameKnown
from wenyue.accounts.rules import SeenName, note_name
from wenyue.accounts.sealing import TRAVELLER, open_identity
from wenyue.core.documents import plain_name
from wenyue.core.limits import DISOWNINGS_PER_DAY, KNOWN_NAMES_MAX, NAMES_LISTED_MAX
from wenyue.core.personal import SealBroken, Vault
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.accounts", "names.sql")
_AT_ONCE: Final = 200


def name_key(vault: Vault, person_key: bytes, name: str) -> bytes:
    """The keyed hash of one person's name as it is compared; of two people with one name it differs."""
    return vault.fingerprint(b"name|" + person_key + plain_name(name).encode())


async def know_name(tx: Tx, vault: Vault, person_key: bytes, name: str, now: datetime) -> None:
    """Remember a name that was typed with a person's document, at most KNOWN_NAMES_MAX. It proves nothing."""
    row = {
        "person_key": person_key,
        "name_key": name_key(vault, person_key, name),
        "now": now,
        "most": KNOWN_NAMES_MAX,
    }
    await lock_person(tx, person_key)
    await tx.execute(_SQL["add_name"], row)


async def note_seen(
    tx: Tx, vault: Vault, person_key: bytes, name: str, now: datetime, *, staff_id: int | None
) -> bool:
    """A member of staff saw the name on the person's document, or (None) its proved holder says it: whether it speaks now.

    Only such names speak for the person, KNOWN_NAMES_MAX of them (`rules.note_name`). One that does not speak yet is kept:
    it does when a second member of staff sees it.
    """
    key = name_key(vault, person_key, name)
    await lock_person(tx, person_key)
    known = await names_seen(tx, [person_key])
    of_day = 0
    if staff_id is not None:
        asked = {"staff_id": staff_id, "since": now - timedelta(days=1)}
        [(of_day,)] = await (await tx.execute(_SQL["noted_lately"], asked)).fetchall()
    noted = note_name(known, key, staff_id, now, of_day=of_day)
    if noted.silenced is not None:
        await tx.execute(_SQL["silence_name"], {"person_key": person_key, "name_key": noted.silenced.key})
    if noted.row is not None:
        row = {"person_key": person_key, "name_key": key, "now": now, "seen_at": noted.row.seen_at}
        row |= {"seen_by": noted.row.seen_by, "second_by": noted.row.second_by}
        row |= {"noted_at": noted.row.noted_at, "holder_at": noted.row.holder_at}
        await tx.execute(_SQL["save_name"], row | {"struck_at": noted.row.struck_at})
    return noted.is_noted


async def names_seen(tx: Tx, person_keys: Sequence[bytes]) -> list[SeenName]:
    """The names that staff saw, or the person says, those that speak first; NAMES_LISTED_MAX at most."""
    asked = {"person_keys": list(person_keys), "limit": NAMES_LISTED_MAX}
    rows = await (await tx.execute(_SQL["names_seen"], asked)).fetchall()
    return [SeenName(bytes(key), *more) for key, *more in rows]


async def strike_names(tx: Tx, person_keys: Sequence[bytes], code: str, now: datetime) -> list[bytes]:
    """Strike the names whose keys begin with `code` (hexadecimal); their keys.

    Whoever saw one notes it no more; another member of staff, or the person, does.
    """
    for key in sorted(person_keys):
        await lock_person(tx, key)
    row = {"person_keys": list(person_keys), "code": code, "now": now}
    return [bytes(key) for (key,) in await (await tx.execute(_SQL["strike_names"], row)).fetchall()]


async def unsay_name(tx: Tx, person_key: bytes, key: bytes, *, staff_id: int, now: datetime) -> bool:
    """A settling under this name was wrong: it speaks no more, unless others said it too. Whether it was struck now."""
    await lock_person(tx, person_key)
    row = {"person_key": person_key, "name_key": key, "staff_id": staff_id, "now": now}
    return (await tx.execute(_SQL["unsay_name"], row)).rowcount > 0


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
        await know_name(tx, vault, bytes(person_key), name, now)
    return rows[-1][0] if len(rows) == _AT_ONCE else None


async def may_disown(tx: Tx, traveller_id: int, now: datetime) -> bool:
    """Count one more place that the holder takes out of others' bookings; False beyond DISOWNINGS_PER_DAY. Commit it."""
    row = {"id": traveller_id, "now": now, "since": now - timedelta(days=1)}
    counted = await (await tx.execute(_SQL["count_disowning"], row)).fetchone()
    return counted is not None and counted[0] <= DISOWNINGS_PER_DAY
