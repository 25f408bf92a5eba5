"""The code from the phone proves who holds the card, and signs them in; of a lost card it freezes what they have."""

from dataclasses import dataclass
from uuid import UUID

from wenyue import cards
from wenyue.accounts import Caller, end_logins
from wenyue.application.recovery_texts import tell_of_proof
from wenyue.application.sign_in_with_card import NewLogin
from wenyue.cards import recovery
from wenyue.container import Services
from wenyue.notifications import note_proved


@dataclass(frozen=True, slots=True)
class Recovered:
    """Somebody who proved to be the holder by document and phone, and is signed in. `card_nos`: at which they are known now."""

    holder_id: int
    token: str
    card_nos: tuple[str, ...]
    is_lost: bool


async def sign_in_by_code(
    services: Services, caller: Caller, request_id: UUID, code: str, *, begins: NewLogin, is_lost: bool = True
) -> Recovered | None:
    """None: wrong. Of a lost card: cards are frozen, every login ends, the holder is told.

    Guesses at a card make strangers wait, and its holder on a new device with them: this is the holder's way in then.
    Raises Throttled.
    """
    now = services.clock()
    async with services.guard.attempt("code", str(request_id), caller, now) as tried:
        proven = await recovery.prove_code(
            tried.tx, services.vault, request_id=request_id, code=code, now=now, is_lost=is_lost
        )
        tried.is_right = proven is not None
        if proven is None:
            return None
        if proven.is_lost:
            await end_logins(tried.tx, proven.holder_id, now)
            await tell_of_proof(services, tried.tx, proven, now)
        await note_proved(tried.tx, services.vault, proven.holder_id, proven.phone, now)
        token = await tried.start_login(
            now, traveller_id=proven.holder_id, instead_of=begins.instead_of, locale=begins.locale
        )
        await recovery.bind(tried.tx, proven.id, tried.login_key)
        held = await cards.cards_of(tried.tx, services.vault, proven.holder_id)
    known = () if proven.is_lost else tuple(one.card_no for one in held)
    return Recovered(proven.holder_id, token, known, proven.is_lost)
