"""A holder who forgot the PIN, and proved who they are by document and phone, gets a new one."""

from typing import Final

from wenyue.application.actors import Traveller
from wenyue.application.telling import lost_page, tell_holder
from wenyue.application.travelling import acting, own_turn
from wenyue.cards import recovery
from wenyue.container import Services
from wenyue.core.ids import uuid7
from wenyue.core.personal import Secret
from wenyue.locale import Message

PIN_RESET: Final = "card-pin-reset"


async def reset_pin(services: Services, traveller: Traveller, card_id: int) -> Secret[str] | None:
    """The new PIN, known only now; the one before works no more, and the phone on record is told. Raises LoginEnded.

    None: this login did not begin with a code to the phone within the hour, or the card is not theirs or not active.
    """
    async with acting(services, traveller, makes_secret=True) as own:
        tx, now = own.tx, own.now
        await own_turn(tx, traveller.id)
        proof = await recovery.recovery_of(tx, traveller.id, now, login_key=traveller.login)
        if not recovery.may_reset(proof, now):
            return None
        pin = await recovery.reset_pin(
            tx, services.vault, card_id=card_id, holder_id=traveller.id, now=now, actor=traveller.name
        )
        if pin is not None:
            words = Message(
                "One of your cards has a new PIN; the PIN before it no longer works. Not you? Freeze the card now at {where},"
                " or tell the counter.",
                where=lost_page(services),
            )
            kind = f"{PIN_RESET}:{now:%H%M}"  # a text a minute tells of them
            await tell_holder(services, tx, traveller.id, words, notice_id=uuid7(), kind=kind, now=now)
    return pin
