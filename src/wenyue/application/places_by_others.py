"""Read: the places that others booked with a person's own document, once staff have seen it. And why there is none."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from wenyue.accounts import claims, traveller
from wenyue.booking import by_others
from wenyue.container import Services
from wenyue.core.documents import bare_number
from wenyue.platform.database.db import Tx


class NotTaken(StrEnum):
    """Why there is nothing to take back. Values are stable; the words are web's."""

    NOTHING_THERE = "not_found"
    DONE = "done"  # it was taken back before
    TOO_OFTEN = "disown_often"
    UNSEEN = "document_unseen"  # nobody has seen the document yet: it was only typed
    NAMES_FULL = "names_full"


async def own_places(
    services: Services, tx: Tx, holder_id: int, now: datetime
) -> list[by_others.PlaceByOther] | NotTaken:
    """What others booked with the document of the account's own holder, once staff have seen it; nobody else's counts."""
    own = await own_keys(services, tx, holder_id)
    if own is None:
        return NotTaken.UNSEEN
    return await by_others.places_by_others(tx, [own.person], now, number_keys=own.numbers)


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """Of the account's own holder: the person's key, and that of the document's bare number, if others can have that number."""

    person: bytes
    numbers: tuple[bytes, ...]


async def own_keys(services: Services, tx: Tx, holder_id: int) -> OwnKeys | None:
    """The person whose account it is, once staff saw their document beside a card of it."""
    if not await claims.is_seen(tx, holder_id):
        return None
    known = await traveller(tx, services.vault, holder_id)
    if known is None or known.person_key is None:
        return None
    bare = bare_number(known.document_kind, known.document_number.reveal())
    return OwnKeys(known.person_key, () if bare is None else (services.vault.person_key(bare),))
