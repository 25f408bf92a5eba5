"""At the counter: whose document this is, and what settling that would do to which account."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from msgspec import Struct

from wenyue.accounts import Identity, claims, losses, names
from wenyue.application.on_duty import OnDuty, Place
from wenyue.application.taking_documents import asks_second
from wenyue.cards import recovery
from wenyue.container import Services
from wenyue.core.duties import Right
from wenyue.gate import LookupProblem, persons


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
    """Why nothing was changed. Values are stable; the words are web's."""

    NOT_THEIRS = "holder_unknown"  # a card that was shown is with another document
    SEEN_BEFORE = (
        "holder_seen"  # staff saw the document beside a card before: only an administrator takes that back
    )
    SECOND_NEEDED = "holder_second"  # somebody else has to confirm what is taken from accounts
    SECOND_UNFIT = "holder_second_unfit"  # who confirms acts themselves, or does not settle documents here
    TOO_MANY = "holder_often"  # of so many documents this member of staff took accounts today


@dataclass(frozen=True, slots=True)
class Outlook:
    """What settling it now would do, by account: `own` are the person's, of which `fresh` become seen; `lost` lose their claim.

    `back`: of the `fresh` ones those that had lost it, and get back what was taken. `kept`: seen before, and neither shown now
    nor lost. `asks_second`: only with a second person, who is not part of the `key`.
    """

    own: list[int]
    fresh: list[int]
    lost: list[int]
    kept: list[int]
    back: list[int] = field(default_factory=list[int])
    asks_second: bool = False

    @property
    def key(self) -> str:
        """What a page says that it showed, so that nothing else is done than what somebody read."""
        groups = (self.own, self.fresh, self.lost, self.kept, self.back)
        return "|".join(",".join(map(str, ids)) for ids in groups) + "!"


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
    gone = await losses.lost_of(act.tx, person_key)
    held_by = [await recovery.holder_of_number(act.tx, one) for one in request.card_nos]
    own = sorted({one for one in held_by if one is not None})
    if None in held_by or not set(own) <= {one.traveller_id for one in (*found, *gone)}:
        services.note_unknown_holder(act.staff.id)
        return NotSettled.NOT_THEIRS
    judged = claims.judge_claims(own, found, gone)
    if judged.overturns and not act.staff.may(Right.HOLDERS_SETTLE_SEEN, None):
        return NotSettled.SEEN_BEFORE
    needs_second = await asks_second(act, judged.lost)
    return Outlook(own, judged.fresh, judged.lost, judged.kept, judged.back, needs_second)
