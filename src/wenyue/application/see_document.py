"""Staff at a counter hold a person's document: what others booked with it comes out, and its name is noted as seen."""

from dataclasses import dataclass

from msgspec import Struct

from wenyue.accounts import Identity, names
from wenyue.application.on_duty import NotAtPost, OnDuty, Place, find_post, on_duty
from wenyue.application.places_by_others import NotTaken
from wenyue.application.take_places_back import take_places_back
from wenyue.audit import Entry, record
from wenyue.booking import Answer, by_others
from wenyue.container import Services
from wenyue.core.duties import Right
from wenyue.gate import LookupProblem, persons


class SeeDocument(Struct, frozen=True):
    """`slot_id`: the session whose place is to be taken back; None: of none."""

    place: Place
    identity: Identity
    slot_id: int | None = None

    def __repr__(self) -> str:
        return f"SeeDocument({self.place}, {self.slot_id})"


@dataclass(frozen=True, slots=True)
class SeenPlaces:
    """What others booked at the venue: the places asked for, which are taken back, and the others.

    `is_name_noted` False: the name does not speak for the person (`names.note_seen`).
    """

    asked: list[by_others.PlaceByOther]
    others: list[by_others.PlaceByOther]
    is_name_noted: bool


async def see_document(
    services: Services, login: str, request: SeeDocument
) -> SeenPlaces | Answer | LookupProblem | NotTaken | NotAtPost:
    """Its name is noted as seen, unless NOTHING_THERE of the session that was asked for. An answer: the first refusal.

    `login`: the `Login.key` of who holds it. Every answer but TOO_OFTEN counts as a look-up and is recorded. Raises LoginEnded.
    """
    async with on_duty(services, login) as act:
        venue_id = await find_post(act, Right.PLACES_TAKE_BACK, request.place)
        if isinstance(venue_id, NotAtPost):
            return venue_id
        found, actor = await _see(services, act, venue_id, request), act.name
    if not isinstance(found, SeenPlaces):
        return found
    return await take_places_back(services, found.asked, actor=actor, login=login) or found


async def _see(
    services: Services, act: OnDuty, venue_id: int, request: SeeDocument
) -> SeenPlaces | LookupProblem | NotTaken:
    tx, now, staff_id, slot_id = act.tx, act.now, act.staff.id, request.slot_id
    vault, document = services.vault, request.identity.document
    person_key = vault.person_key(document.key)
    number_key = vault.person_key(document.bare_number) if document.bare_number is not None else None
    found = await persons.places_of_person(
        tx,
        vault,
        venue_id=venue_id,
        staff_id=staff_id,
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
    is_noted = await names.note_seen(tx, vault, person_key, request.identity.name, now, staff_id=staff_id)
    if is_noted:
        await record(tx, [Entry(now, act.name, "name.seen", f"venue:{venue_id}")])
    return SeenPlaces(asked, [one for one in found if one not in asked], is_noted)
