"""A holder who proved who they are by document and phone gets a new number for a lost card."""

from uuid import UUID

from wenyue.application.actors import Traveller
from wenyue.application.replacing import NotYet, Wanted, give_number, once
from wenyue.application.travelling import acting
from wenyue.cards import Denied, Replaced
from wenyue.container import Services


async def replace_card(
    services: Services, traveller: Traveller, request_id: UUID, card_no: str
) -> Replaced | Denied | NotYet | None:
    """On the proof that began this login; None: it is none, or not good for this card. Raises LoginEnded, SameMoment."""
    with once():
        async with acting(services, traveller, makes_secret=True) as own:
            wanted = Wanted(request_id, card_no, traveller.id, traveller.name, traveller.login)
            return await give_number(services, own.tx, wanted)
