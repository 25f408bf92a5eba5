"""解挂: a card that was reported lost was found again."""

from typing import Final

from wenyue import cards
from wenyue.application.actors import Traveller
from wenyue.application.telling import lost_page, tell_holder
from wenyue.application.travelling import Own, acting, own_turn
from wenyue.cards import CardState, Denied, recovery
from wenyue.container import Services
from wenyue.core.ids import uuid7
from wenyue.locale import Message

THAWED: Final = "card-thawed"


async def lift_loss(services: Services, traveller: Traveller, card_no: str) -> CardState | Denied:
    """Unfreeze it on the proof that began this login (PROOF_NEEDED without); the phone on record is told. Raises LoginEnded."""
    async with acting(services, traveller) as own:
        tx, now = own.tx, own.now
        await own_turn(tx, traveller.id)
        found = await recovery.recovery_of(tx, traveller.id, now, login_key=traveller.login)
        if found is not None and found.is_after_objection:
            found = None
        held = await cards.cards_of(tx, services.vault, traveller.id)
        was_frozen = any(one.card_no == card_no and one.state is CardState.FROZEN for one in held)
        state = await cards.lift_loss(
            tx, card_no=card_no, holder_id=traveller.id, proof=found, now=now, actor=traveller.name
        )
        if was_frozen and not isinstance(state, Denied):
            await _tell(services, own)
    return state


async def _tell(services: Services, own: Own) -> None:
    words = Message(
        "One of your cards was unfrozen and works again. Not you? Freeze it again now at {where}, or tell the counter.",
        where=lost_page(services),
    )
    holder_id = own.traveller.id
    await tell_holder(services, own.tx, holder_id, words, notice_id=uuid7(), kind=THAWED, now=own.now)
