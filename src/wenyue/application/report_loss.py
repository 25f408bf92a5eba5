"""挂失: a holder freezes one of their cards."""

from wenyue import cards
from wenyue.accounts import end_logins
from wenyue.application.actors import Traveller
from wenyue.application.travelling import acting, own_turn
from wenyue.cards import CardState, Denied
from wenyue.container import Services


async def report_loss(
    services: Services, traveller: Traveller, card_no: str, *, token: str
) -> CardState | Denied:
    """Freeze it, and end every login of theirs but this one (`token`). Again: the same. Raises LoginEnded.

    Whoever found the card may have its PIN, and be signed in.
    """
    async with acting(services, traveller) as own:
        await own_turn(own.tx, traveller.id)
        state = await cards.report_loss(
            own.tx, card_no=card_no, holder_id=traveller.id, now=own.now, actor=traveller.name
        )
        if not isinstance(state, Denied):
            await end_logins(own.tx, traveller.id, own.now, except_token=token)
    return state
