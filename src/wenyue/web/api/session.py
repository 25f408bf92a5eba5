"""Signing in with a card: number and PIN for a bearer token, and what the token's holder has."""

from datetime import date, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from wenyue.application.sign_in_with_card import CardKnock, NewLogin, sign_in_with_card
from wenyue.cards import CardProblem, CardView, Denied, cards_of
from wenyue.core.card_numbers import clean_card_no
from wenyue.core.limits import LOGIN_TTL_S
from wenyue.locale import text_in
from wenyue.web.api.asking import (
    HolderOf,
    LocaleOf,
    SaidLocaleOf,
    ServicesOf,
    TokenOf,
    forget_token,
    sign_out,
)
from wenyue.web.shared.caller import caller_of, known_device
from wenyue.web.shared.problem import PROBLEM_TYPE, plain_problem
from wenyue.web.wording.cards import CARD_PROBLEMS, say_denied

router: Final = APIRouter(prefix="/v1/session", tags=["session"])


class SessionBody(BaseModel):
    """The card's number and PIN, as printed; spaces do not matter."""

    model_config = ConfigDict(extra="forbid")
    card_no: Annotated[str, Field(min_length=1, max_length=64)]
    pin: Annotated[str, Field(min_length=1, max_length=64)]


class EntitlementAnswer(BaseModel):
    """One pool of entries. `left` null: unlimited."""

    no: int
    name: str
    granted: int | None
    used: int
    left: int | None


class CardAnswer(BaseModel):
    """One card of the holder; `card_id` is what a booking names."""

    card_id: int
    card_no: str
    type: str
    name: str
    state: str
    valid_from: date | None
    valid_to: date | None
    entitlements: list[EntitlementAnswer]


class HolderAnswer(BaseModel):
    """Who asks, and their cards."""

    holder_id: int
    cards: list[CardAnswer]


class SessionAnswer(HolderAnswer):
    """The bearer token, for the `Authorization` header; keep it secret."""

    token: str
    expires_in_s: int
    device_token: str


@router.post("", response_model=SessionAnswer, status_code=201)
async def create(
    *,
    request: Request,
    body: SessionBody,
    services: ServicesOf,
    locale: LocaleOf,
    said: SaidLocaleOf,
    had: TokenOf,
) -> SessionAnswer | Response:
    """A bearer token for card number and PIN; a token that is sent along ends. Wrong PINs make the next try wait.

    Keep `device_token` and send it as the header `Device-Token` when signing in again: then nobody else's guesses keep this
    device out. It signs nobody in. Texts come in the language of `Accept-Language` (or `?lang=`) from now on, if it is named.
    """
    now, card_no = services.clock(), body.card_no.replace("\x00", "")
    knock = CardKnock(caller_of(request), card_no, body.pin.replace("\x00", ""))
    done = await sign_in_with_card(services, knock, NewLogin(had, said))
    if isinstance(done, Denied):
        return denied(done, locale, now=now)
    forget_token(request)
    async with services.db.reading() as tx:
        cards = await cards_of(tx, services.vault, done.holder_id)
    shown = [card_answer(card, locale) for card in cards]
    return SessionAnswer(
        holder_id=done.holder_id,
        cards=shown,
        token=done.token,
        expires_in_s=int(LOGIN_TTL_S),
        device_token=known_device(request, "card", clean_card_no(card_no)),
    )


@router.get("")
async def read_session(services: ServicesOf, holder_id: HolderOf, locale: LocaleOf) -> HolderAnswer:
    """The caller and their cards with what is left on them."""
    async with services.db.reading() as tx:
        cards = await cards_of(tx, services.vault, holder_id)
    return HolderAnswer(holder_id=holder_id, cards=[card_answer(card, locale) for card in cards])


@router.delete("", status_code=204)
async def delete(request: Request, services: ServicesOf, _: HolderOf) -> Response:
    """End the token. From now on it changes nothing, whichever process it reaches."""
    await sign_out(request, services)
    return Response(status_code=204)


def denied(refusal: Denied, locale: str, *, status: int = 403, now: datetime | None = None) -> Response:
    """A card's refusal as a problem: 429 while the PIN is locked, else `status`."""
    is_locked = refusal.problem is CardProblem.PIN_LOCKED
    status = 429 if is_locked else status
    words, detail = CARD_PROBLEMS[refusal.problem].say(locale), say_denied(refusal, locale)
    body = plain_problem(
        status, refusal.problem.value, words, detail if detail != words else "", at=refusal.at
    )
    headers = {"content-language": locale}
    if refusal.at is not None and now is not None:
        headers["retry-after"] = str(max(1, int((refusal.at - now).total_seconds())))
    return Response(body, status, headers, PROBLEM_TYPE.decode())


def card_answer(card: CardView, locale: str) -> CardAnswer:
    """A card as its holder sees it."""
    return CardAnswer(
        card_id=card.id,
        card_no=card.card_no,
        type=card.type_code,
        name=text_in(card.name, locale),
        state=card.state.name.lower(),
        valid_from=card.valid_from,
        valid_to=card.valid_to,
        entitlements=[
            EntitlementAnswer(
                no=pot.no,
                name=text_in(pot.name, locale),
                granted=pot.granted,
                used=pot.used,
                left=pot.left,
            )
            for pot in card.entitlements
        ],
    )
