"""The life of a card over JSON: activation, loss (挂失), replacement (补卡).

Activation and loss are idempotent by nature: sent again they say the same. A replacement is made once for each
`Idempotency-Key`.
"""

from datetime import date, datetime
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Header, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from wenyue.application.activate_card import ActivateCard, activate_card
from wenyue.application.replace_card import replace_card
from wenyue.application.replacing import NotYet, SameMoment
from wenyue.application.report_loss import report_loss
from wenyue.cards import ActivationRequest, CardProblem, CardState, Denied, Replaced
from wenyue.core.clock import local_date
from wenyue.core.ids import parse_uuid
from wenyue.web.api.asking import GuestOf, HolderLoginOf, LocaleOf, ServicesOf, TokenOf, traveller_of
from wenyue.web.api.people import PersonBody, identity_of
from wenyue.web.api.session import denied
from wenyue.web.shared.caller import caller_of
from wenyue.web.shared.problem import RequestRefused

router: Final = APIRouter(prefix="/v1/cards", tags=["cards"])
_TIMEZONE: Final = "Asia/Shanghai"
_NOT_YOURS: Final = frozenset(
    {CardProblem.NUMBER_MISTYPED, CardProblem.NUMBER_UNKNOWN, CardProblem.NUMBER_DEAD}
)


class ActivationBody(PersonBody):
    """Number and PIN as printed on the card, and the person whose card it becomes."""

    card_no: Annotated[str, Field(min_length=1, max_length=64, examples=["6000202600000019"])]
    pin: Annotated[str, Field(min_length=1, max_length=64, examples=["20260001"])]
    is_separate: Annotated[bool, Field(description="after `card_holder_claimed`: that card is not mine")] = (
        False
    )


class ActivationAnswer(BaseModel):
    """The card is this person's. `valid_from` null: it starts with the first visit. `is_replay`: it already was."""

    card_id: int
    holder_id: int
    valid_from: date | None
    valid_to: date | None
    is_replay: bool


class LossAnswer(BaseModel):
    """The card books nothing and opens no gate until it is replaced or found. Bookings stay."""

    card_no: str
    state: str


class WaitAnswer(BaseModel):
    """The holder was told; the same request gives the new number from `ready_at` on, unless they object."""

    ready_at: datetime


class ReplacementAnswer(BaseModel):
    """The card under its new number; the old one is dead for ever. The fee (分) is paid on site."""

    card_id: int
    card_no: str
    pin: str
    fee_minor: int
    is_replay: bool


@router.post("/activation", response_model=ActivationAnswer, status_code=201)
async def activation(
    *,
    asked: Request,
    body: ActivationBody,
    services: ServicesOf,
    guest: GuestOf,
    locale: LocaleOf,
    response: Response,
) -> ActivationAnswer | Response:
    """Make a card yours: number, PIN, real name, document. The same person again: 200 and the same answer.

    With the bearer token of an account that has this document and name the card joins it; its phone is told. Else it gets an
    account of its own: a typed document proves nothing. Once staff saw whose it is nobody else activates with it
    (`card_holder_known`). Wrong PINs make the next try wait.
    Then POST /v1/session signs in with number and PIN.
    """
    now = services.clock()
    identity = identity_of(body, local_date(now, _TIMEZONE), locale)
    request = ActivationRequest(
        body.card_no,
        body.pin,
        identity,
        locale,
        signed_in_as=guest.traveller_id if guest else None,
        is_separate=body.is_separate,
    )
    login = guest.key if guest else ""
    made = await activate_card(services, ActivateCard(request, caller_of(asked), login))
    if isinstance(made, Denied):
        return denied(made, locale, now=now)
    response.status_code = 200 if made.is_replay else 201
    return ActivationAnswer(
        card_id=made.card_id,
        holder_id=made.holder_id,
        valid_from=made.valid_from,
        valid_to=made.valid_to,
        is_replay=made.is_replay,
    )


@router.post("/{card_no}/loss", response_model=LossAnswer)
async def loss(
    card_no: str, services: ServicesOf, login: HolderLoginOf, token: TokenOf, locale: LocaleOf
) -> LossAnswer | Response:
    """Freeze one of your cards at once, and end every other login of yours. Again: the same answer."""
    state = await report_loss(services, traveller_of(login), card_no, token=token)
    if isinstance(state, Denied):
        return _denied(state, locale)
    return LossAnswer(card_no=card_no, state=CardState(state).name.lower())


@router.post(
    "/{card_no}/replacement",
    response_model=ReplacementAnswer,
    status_code=201,
    responses={202: {"model": WaitAnswer, "description": "The holder was told and may still object."}},
)
async def replacement(
    *,
    card_no: str,
    services: ServicesOf,
    login: HolderLoginOf,
    locale: LocaleOf,
    response: Response,
    idempotency_key: Annotated[
        str, Header(description="A UUID, minted once and sent again unchanged on a retry.")
    ] = "",
) -> ReplacementAnswer | Response:
    """A new number and PIN for a card that was reported lost; entitlements and bookings stay with it.

    Wants the proof of POST /v1/cards/lost, at most a day old, by the login that it began: it is good once for each card that was
    frozen then. The holder's phone is told first: until that message has left, 202. It is told of each number, too.
    The same key again: 200, the same number and a fresh PIN (the first answer may have been lost), within ten minutes and before
    that PIN was used, else 409.
    """
    request_id = parse_uuid(idempotency_key.strip().strip('"'))
    if request_id is None:
        raise RequestRefused(422, "key_needed")
    try:
        made = await replace_card(services, traveller_of(login), request_id, card_no)
    except SameMoment:
        raise RequestRefused(503, "busy") from None
    return replaced(made, locale, response)


def replaced(
    made: Replaced | Denied | NotYet | None, locale: str, response: Response
) -> ReplacementAnswer | Response:
    """What became of a replacement. Raises RequestRefused (403) where nobody proved to be the holder."""
    if made is None:
        raise RequestRefused(403, "proof_needed")
    if isinstance(made, NotYet):
        body = msgspec.json.encode({"ready_at": made.at})
        return Response(body, 202, {"retry-after": "5"}, "application/json")
    if isinstance(made, Denied):
        return _denied(made, locale)
    response.status_code = 200 if made.is_replay else 201
    return ReplacementAnswer(
        card_id=made.card_id,
        card_no=made.card_no,
        pin=made.pin.reveal(),
        fee_minor=made.fee_minor,
        is_replay=made.is_replay,
    )


def _denied(refusal: Denied, locale: str) -> Response:
    """A card named in the path: 404 when there is none of the caller's with this number, else 409."""
    return denied(refusal, locale, status=404 if refusal.problem in _NOT_YOURS else 409)
