"""Staff hold the document of somebody whose card is lost: the card gets a new number there."""

from uuid import UUID

from msgspec import Struct

from wenyue import cards
from wenyue.accounts import Identity, end_logins
from wenyue.application.on_duty import NotAtPost, OnDuty, on_duty
from wenyue.application.recovery_texts import tell_of_proof
from wenyue.application.replacing import NotYet, Wanted, give_number, once
from wenyue.application.unknown_holder import note_unknown_holder
from wenyue.cards import CounterRefusal, Denied, Replaced, recovery
from wenyue.container import Services
from wenyue.core.duties import Right


class ReplaceAtCounter(Struct, frozen=True):
    """`id` was minted by whoever asks, and is the same when the same is asked again."""

    id: UUID
    card_no: str
    identity: Identity

    def __repr__(self) -> str:
        return f"ReplaceAtCounter({self.id})"


async def replace_card_at_counter(
    services: Services, login: str, request: ReplaceAtCounter
) -> Replaced | Denied | NotYet | CounterRefusal | NotAtPost | None:
    """The holder is told first and has the configured time to object; then the number. Refusals are written down, too.

    `login`: the `Login.key` of the member of staff. Raises LoginEnded, SameMoment.
    """
    with once():
        async with on_duty(services, login, makes_secret=True) as act:
            if not act.staff.may_anywhere(Right.CARDS_REPLACE):
                return NotAtPost.NOT_THEIRS
            holder_id = await _prove(services, act, request)
            if isinstance(holder_id, CounterRefusal):
                return holder_id
            return await give_number(
                services, act.tx, Wanted(request.id, request.card_no, holder_id, act.name)
            )


async def _prove(services: Services, act: OnDuty, request: ReplaceAtCounter) -> int | CounterRefusal:
    """The holder, or why nothing was begun.

    The holder's logins end now when the member of staff replaces cards for the whole destination, else with the new number.
    """
    proven = await cards.prove_by_staff(
        act.tx,
        services.vault,
        request_id=request.id,
        identity=request.identity,
        card_no=request.card_no,
        now=act.now,
        staff=act.staff,
    )
    if proven is CounterRefusal.HOLDER_UNKNOWN:
        await note_unknown_holder(services, act)
    if not isinstance(proven, recovery.Proven):
        return proven
    if act.staff.may(Right.CARDS_REPLACE):
        await end_logins(act.tx, proven.holder_id, act.now)
    await tell_of_proof(services, act.tx, proven, act.now)
    return proven.holder_id
