"""At the counter: whose document this is, and what settling that would do to which account."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from msgspec import Struct

from wenyue.accounts import Identity, claims, names
from wenyue.application.on_duty import OnDuty, Place
from wenyue.cards import recovery
from wenyue.gate import LookupProblem, persons
from wenyue.kernel.duties import Right
from wenyue.services import Services


class SettleHolder(Struct, frozen=True):
    """The person shows these cards as theirs; none: they have none. `agreed`: the `Outlook.key` that staff were shown.

    `agreed` None: whatever is found is settled.
    """

    place: Place
    identity: Identity
    card_nos: Sequence[str]
    agreed: str | None = None

    def __repr__(self) -> str:
        return f"SettleHolder({self.place})"


class NotSettled(StrEnum):
    """Why nothing was changed. Values are stable; the words are the faces'."""

    NOT_THEIRS = "holder_unknown"  # a card that was shown is with another document
    SEEN_BEFORE = (
        "holder_seen"  # staff saw the document beside a card before: only an administrator takes that back
    )


@dataclass(frozen=True, slots=True)
class Outlook:
    """What settling it now would do, by account: `own` are the person's, of which `fresh` become seen; `lost` lose their claim.

    `kept`: seen before, and neither shown now nor lost.
    """

    own: list[int]
    fresh: list[int]
    lost: list[int]
    kept: list[int]

    @property
    def key(self) -> str:
        """What a page says that it showed, so that nothing else is done than what somebody read."""
        return "|".join(",".join(map(str, ids)) for ids in (self.own, self.fresh, self.lost, self.kept)) + "!"


async def look_at_holder(
    services: Services, act: OnDuty, venue_id: int, request: SettleHolder
) -> Outlook | NotSettled | LookupProblem:
    """What settling would do; nothing yet. Counted and recorded as a look-up: commit every answer but TOO_OFTEN."""
    person_key = services.vault.person_key(request.identity.document.key)
    problem = await persons.count_holder(
        act.tx,
        services.vault,
        venue_id=venue_id,
        staff_id=act.staff.id,
        person_key=person_key,
        found=len(await claims.claims_of(act.tx, person_key)),
        now=act.now,
    )
    if problem is not None:
        return problem
    await names.lock_person(act.tx, person_key)  # after the keeper's lock, as elsewhere
    found = await claims.claims_of(act.tx, person_key)
    held_by = [await recovery.holder_of_number(act.tx, one) for one in request.card_nos]
    own = sorted({one for one in held_by if one is not None})
    if None in held_by or not set(own) <= {one.traveller_id for one in found}:
        services.note_unknown_holder(act.staff.id)
        return NotSettled.NOT_THEIRS
    others = [one for one in found if one.traveller_id not in own]
    may_take_seen = act.staff.may(Right.HOLDERS_SETTLE_SEEN, venue_id)
    if not own and any(one.is_seen for one in others) and not may_take_seen:
        return NotSettled.SEEN_BEFORE
    return Outlook(
        own,
        fresh=[one.traveller_id for one in found if one.traveller_id in own and not one.is_seen],
        lost=[one.traveller_id for one in others if not own or not one.is_seen],
        kept=[one.traveller_id for one in others if own and one.is_seen],
    )
