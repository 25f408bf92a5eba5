"""Somebody signs in with a card: its number and its PIN."""

from msgspec import Struct

from wenyue.accounts import Caller, Throttled
from wenyue.cards import CardProblem, Denied, judge, sign_in, with_tries
from wenyue.container import Services
from wenyue.core.card_numbers import clean_card_no


class NewLogin(Struct, frozen=True):
    """Of a login that begins. `instead_of`: the token that the caller had, whoever's it is, which ends in the same transaction.

    `locale`: the language that they asked in, in which they are told from now on; '': they did not say.
    """

    instead_of: str = ""
    locale: str = ""

    def __repr__(self) -> str:
        return f"NewLogin({self.locale})"


class CardKnock(Struct, frozen=True):
    """From where which card is tried, with which PIN."""

    caller: Caller
    card_no: str
    pin: str

    def __repr__(self) -> str:
        return "CardKnock(***)"


class CardSignIn(Struct, frozen=True):
    """Whose login it is, and its token, of which this is the only copy."""

    holder_id: int
    token: str

    def __repr__(self) -> str:
        return f"CardSignIn({self.holder_id})"


async def sign_in_with_card(services: Services, knock: CardKnock, begins: NewLogin) -> CardSignIn | Denied:
    """Wrong PINs make the next try wait (PIN_LOCKED). Raises DatabaseDown."""
    now = services.clock()
    try:
        async with services.guard.attempt("card", clean_card_no(knock.card_no), knock.caller, now) as tried:
            holder_id = await sign_in(tried.tx, services.vault, knock.card_no, knock.pin)
            await judge(tried, knock.card_no, holder_id)
            if isinstance(holder_id, Denied):
                return with_tries(holder_id, tried)
            token = await tried.start_login(
                now, traveller_id=holder_id, instead_of=begins.instead_of, locale=begins.locale
            )
            return CardSignIn(holder_id, token)
    except Throttled as slowed:
        return Denied(CardProblem.PIN_LOCKED, at=slowed.at)
