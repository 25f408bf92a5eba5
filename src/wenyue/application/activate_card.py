"""A person makes a card theirs: number, PIN, name, document."""

from datetime import date, datetime
from typing import Final

from msgspec import Struct

from wenyue.accounts import Caller, Throttled
from wenyue.application.sign_in_with_card import NewLogin
from wenyue.application.telling import lost_page, tell_holder
from wenyue.application.travelling import own_turn
from wenyue.cards import (
    ActivationRequest,
    CardProblem,
    Denied,
    activate,
    judge,
    with_tries,
)
from wenyue.container import Services
from wenyue.core.card_numbers import clean_card_no
from wenyue.core.ids import uuid7
from wenyue.locale import Message
from wenyue.platform.database.db import Tx

ADDED: Final = "card-added"


class ActivateCard(Struct, frozen=True):
    """`login`: the `Login.key` of whoever is signed in. `begins`: a login of the holder's is to begin with it; None: none is."""

    request: ActivationRequest
    caller: Caller
    login: str = ""
    begins: NewLogin | None = None


class CardActivated(Struct, frozen=True):
    """The card is this person's. `valid_from` None: it starts with the first visit. `is_replay`: it already was.

    `token`: of the login that began, the only copy; '' when none was asked for.
    """

    card_id: int
    holder_id: int
    valid_from: date | None
    valid_to: date | None
    is_replay: bool
    token: str = ""

    def __repr__(self) -> str:
        return f"CardActivated({self.card_id})"


async def activate_card(services: Services, wanted: ActivateCard) -> CardActivated | Denied:
    """The same person again gets the same answer. Wrong PINs make the next try wait (PIN_LOCKED).

    Raises LoginEnded, DatabaseDown.
    """
    now, request, token = services.clock(), wanted.request, ""
    try:
        async with services.guard.attempt(
            "card", clean_card_no(request.card_no), wanted.caller, now, acts_as=wanted.login
        ) as tried:
            made = await activate(tried.tx, services.vault, request, now)
            if wanted.login and not isinstance(made, Denied):
                await own_turn(tried.tx, made.holder_id)
            await judge(tried, request.card_no, made)
            if isinstance(made, Denied):
                return with_tries(made, tried)
            if made.is_further:
                await _tell_of_further_card(services, tried.tx, made.holder_id, now)
            if wanted.begins is not None:
                had, locale = wanted.begins.instead_of, wanted.begins.locale
                token = await tried.start_login(
                    now, traveller_id=made.holder_id, instead_of=had, locale=locale
                )
            return CardActivated(
                made.card_id, made.holder_id, made.valid_from, made.valid_to, made.is_replay, token
            )
    except Throttled as slowed:
        return Denied(CardProblem.PIN_LOCKED, at=slowed.at)


async def _tell_of_further_card(services: Services, tx: Tx, holder_id: int, now: datetime) -> None:
    """A card came to an account that was there: its phone on record is told, as its PIN signs in."""
    words = Message(
        "Another card was activated on your account. Not you? Freeze all your cards now at {where}, or tell the counter.",
        where=lost_page(services),
    )
    await tell_holder(services, tx, holder_id, words, notice_id=uuid7(), kind=ADDED, now=now)
