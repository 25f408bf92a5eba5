"""Whether a card's number and PIN belong together, while something else on the form is wrong: all is told at once."""

from wenyue.accounts import Throttled
from wenyue.application.sign_in_with_card import CardKnock
from wenyue.cards import CardProblem, Denied, judge, sign_in, with_tries
from wenyue.container import Services
from wenyue.core.card_numbers import clean_card_no


async def check_card(services: Services, knock: CardKnock, login: str) -> Denied | None:
    """Why this card cannot be activated, whoever asks; None: it may be. No login begins, nothing changes but the count of tries.

    A try like an activation, as whoever is signed in (`login`), and it tells no more than one. Raises LoginEnded, DatabaseDown.
    """
    now = services.clock()
    try:
        async with services.guard.attempt(
            "card", clean_card_no(knock.card_no), knock.caller, now, acts_as=login
        ) as tried:
            found = await sign_in(tried.tx, services.vault, knock.card_no, knock.pin)
            await judge(tried, knock.card_no, found)
            is_waiting = isinstance(found, Denied) and found.problem is CardProblem.NOT_ACTIVATED
            return None if is_waiting or not isinstance(found, Denied) else with_tries(found, tried)
    except Throttled as slowed:
        return Denied(CardProblem.PIN_LOCKED, at=slowed.at)
