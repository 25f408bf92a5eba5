"""A person whose document staff have seen looks at the places that others booked with it, takes them back, adds a spelling."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from wenyue.accounts import Identity, LoginEnded, claims, names, traveller
from wenyue.audit import Entry, record
from wenyue.booking import Answer, ChangeKind, ChangeRequest, Outcome, by_others
from wenyue.gate import LookupProblem, persons
from wenyue.infra.db import Tx
from wenyue.kernel.documents import bare_number
from wenyue.services import Services


class NotTaken(StrEnum):
    """Why there is nothing to take back. Values are stable; the words are the faces'."""

    NOTHING_THERE = "not_found"
    DONE = "done"  # it was taken back before
    TOO_OFTEN = "disown_often"
    UNSEEN = "document_unseen"  # nobody has seen the document yet: it was only typed
    NAMES_FULL = "names_full"


async def own_places(
    services: Services, tx: Tx, holder_id: int, now: datetime
) -> list[by_others.PlaceByOther] | NotTaken:
    """What others booked with the document of the account's own holder, once staff have seen it; nobody else's counts."""
    own = await _own_keys(services, tx, holder_id)
    if own is None:
        return NotTaken.UNSEEN
    return await by_others.places_by_others(tx, [own.person], now, number_keys=own.numbers)


async def claim(
    services: Services, tx: Tx, holder_id: int, slot_id: int, now: datetime
) -> list[by_others.PlaceByOther] | NotTaken:
    """The holder's places of one session that others booked, to `take_back` after this transaction; it counts a try."""
    own = await _own_keys(services, tx, holder_id)
    if own is None:
        return NotTaken.UNSEEN
    here = await by_others.places_by_others(tx, [own.person], now, number_keys=own.numbers, slot_id=slot_id)
    if not here:
        number_key = own.numbers[0] if own.numbers else None
        is_done = await by_others.was_disowned(tx, own.person, slot_id, number_key=number_key)
        return NotTaken.DONE if is_done else NotTaken.NOTHING_THERE
    return here if await names.may_disown(tx, holder_id, now) else NotTaken.TOO_OFTEN


async def take_back(
    services: Services, places: Sequence[by_others.PlaceByOther], *, actor: str, login: str
) -> Answer | None:
    """Take these places out of the bookings they are in; the first refusal, or None: all are out.

    Whoever booked is told by the worker, and counted as having tried a document. Raises LoginEnded.
    """
    for one in places:
        asked = ChangeRequest(
            ChangeKind.DISOWN,
            one.booking_id,
            actor,
            person_key=one.person_key,
            slot_id=one.slot_id,
            login=login,
        )
        answer = await services.engine.change(asked)
        if answer.outcome is Outcome.LOGIN_ENDED:
            raise LoginEnded
        if answer.outcome is not Outcome.CANCELLED:
            return answer
        if one.holder_id is not None and not answer.is_replay:
            services.note_document(one.holder_id)
    return None


@dataclass(frozen=True, slots=True)
class Counter:
    """Who stands behind it, and at which venue; that they work there the caller has checked."""

    staff_id: int
    venue_id: int


@dataclass(frozen=True, slots=True)
class SeenPlaces:
    """What others booked at the venue: the places asked for, to `take_back` after this transaction, and the others.

    `is_name_noted` False: the name does not speak for the person (`names.note_seen`).
    """

    asked: list[by_others.PlaceByOther]
    others: list[by_others.PlaceByOther]
    is_name_noted: bool


async def at_counter(
    services: Services, tx: Tx, counter: Counter, identity: Identity, *, slot_id: int | None, now: datetime
) -> SeenPlaces | LookupProblem | NotTaken:
    """Staff hold the document: its name is noted as seen, unless NOTHING_THERE of the session that was asked for (None: of none).

    Every answer but TOO_OFTEN counts as a look-up and is recorded. Commit it.
    """
    vault, bare = services.vault, identity.document.bare_number
    person_key = vault.person_key(identity.document.key)
    number_key = vault.person_key(bare) if bare is not None else None
    found = await persons.places_of_person(
        tx,
        vault,
        venue_id=counter.venue_id,
        staff_id=counter.staff_id,
        person_key=person_key,
        number_key=number_key,
        now=now,
        slot_id=slot_id,
    )
    if isinstance(found, LookupProblem):
        return found
    asked = [one for one in found if one.slot_id == slot_id]
    if (
        slot_id is not None
        and not asked
        and not await by_others.was_disowned(tx, person_key, slot_id, number_key=number_key)
    ):
        return NotTaken.NOTHING_THERE
    is_noted = await names.note_seen(tx, vault, person_key, identity.name, now, staff_id=counter.staff_id)
    if is_noted:
        entry = Entry(now, f"staff:{counter.staff_id}", "name.seen", f"venue:{counter.venue_id}")
        await record(tx, [entry])
    return SeenPlaces(asked, [one for one in found if one not in asked], is_noted)


async def add_spelling(
    services: Services, tx: Tx, holder_id: int, name: str, now: datetime
) -> NotTaken | None:
    """Let others book the account's own holder under this spelling, too; None: done. Recorded."""
    own = await _own_keys(services, tx, holder_id)
    if own is None:
        return NotTaken.UNSEEN
    if not await names.note_seen(tx, services.vault, own.person, name, now, staff_id=None):
        return NotTaken.NAMES_FULL
    actor = f"traveller:{holder_id}"
    await record(tx, [Entry(now, actor, "name.spelling_added", actor)])
    return None


@dataclass(frozen=True, slots=True)
class _OwnKeys:
    """Of the account's own holder: the person's key, and that of the document's bare number, if others can have that number."""

    person: bytes
    numbers: tuple[bytes, ...]


async def _own_keys(services: Services, tx: Tx, holder_id: int) -> _OwnKeys | None:
    """The person whose account it is, once staff saw their document beside a card of it."""
    if not await claims.is_seen(tx, holder_id):
        return None
    known = await traveller(tx, services.vault, holder_id)
    if known is None or known.person_key is None:
        return None
    bare = bare_number(known.document_kind, known.document_number.reveal())
    return _OwnKeys(known.person_key, () if bare is None else (services.vault.person_key(bare),))
