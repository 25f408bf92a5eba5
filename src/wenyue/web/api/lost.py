"""A lost card over JSON: prove to be the holder by document and phone, sign in by it, stop a replacement; and at the counter."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from wenyue.accounts import Login, Throttled
from wenyue.application.ask_for_code import ask_for_code
from wenyue.application.on_duty import NotAtPost
from wenyue.application.replace_card_at_counter import ReplaceAtCounter, replace_card_at_counter
from wenyue.application.replacing import SameMoment
from wenyue.application.sign_in_by_code import sign_in_by_code
from wenyue.application.sign_in_with_card import NewLogin
from wenyue.application.stop_replacement import stop_replacement
from wenyue.application.stop_replacement_at_counter import stop_replacement_at_counter
from wenyue.cards import CardProblem, CounterRefusal, Denied, recovery
from wenyue.core.card_numbers import clean_card_no
from wenyue.core.clock import local_date
from wenyue.core.limits import LOGIN_TTL_S
from wenyue.web.api.asking import (
    LocaleOf,
    LoginOf,
    SaidLocaleOf,
    ServicesOf,
    TokenOf,
    forget_token,
)
from wenyue.web.api.cards import ReplacementAnswer, WaitAnswer, replaced
from wenyue.web.api.people import PersonBody, identity_of
from wenyue.web.api.session import denied
from wenyue.web.shared.caller import caller_of, known_device
from wenyue.web.shared.problem import FieldError, RequestRefused
from wenyue.web.wording.api import API_WORDS

router: Final = APIRouter(prefix="/v1", tags=["cards"])
_TIMEZONE: Final = "Asia/Shanghai"
_COUNTER_STATUS: Final = {
    CounterRefusal.HOLDER_UNKNOWN: 404,
    CounterRefusal.TOO_OFTEN: 429,
    CounterRefusal.STOPPED: 403,
}


class LostBody(PersonBody):
    """The holder as at activation. `id` is minted by the client and sent again unchanged on a retry."""

    id: UUID


class AskBody(LostBody):
    """`is_lost` false: the card is there, its PIN is forgotten or slowed down by other people's guesses. Its code signs in."""

    is_lost: bool = True


class LostAnswer(BaseModel):
    """Whether or not there is such a holder: a code goes to the phone on record only."""

    id: UUID
    expires_in_s: int


class CodeBody(BaseModel):
    """A code from a message; blanks and hyphens do not matter."""

    model_config = ConfigDict(extra="forbid")
    code: Annotated[str, Field(min_length=1, max_length=40)]


class ProofBody(CodeBody):
    """`is_lost` as when the code was asked for: it counts when very many asked for this holder, and no request was kept."""

    is_lost: bool = True


class RecoveredAnswer(BaseModel):
    """Signed in; of a lost card every card of the holder is frozen and every earlier login ended. GET /v1/session lists them.

    `device_token`: as when signing in; empty when a card was lost.
    """

    holder_id: int
    token: str
    expires_in_s: int
    device_token: str = ""


class StoppedAnswer(BaseModel):
    """Nothing more comes of the replacement; what it made is frozen. Staff help from here."""

    is_stopped: bool


class CounterBody(LostBody):
    """The person at the counter, whose document a member of staff holds, and the number of the lost card."""

    card_no: Annotated[str, Field(min_length=1, max_length=64)]


@router.post("/cards/lost", status_code=202, response_model=LostAnswer)
async def lost(
    body: AskBody, request: Request, services: ServicesOf, locale: LocaleOf
) -> LostAnswer | Response:
    """Send a code to the phone on record when document, name and phone are a card holder's. The answer is always the same.

    Each is good for ten minutes and five tries. Beyond five in a day for one holder and one phone, three of them from one
    address, the requests of half an hour share one longer code, sent once and good for ten to forty minutes. With `is_lost` false
    the code only signs in: nothing is frozen.
    """
    if not body.phone:
        words = API_WORDS["phone_needed"].say(locale)
        raise RequestRefused(422, "fields", errors=[FieldError("/phone", "missing", words)])
    identity = identity_of(body, local_date(services.clock(), _TIMEZONE), locale)
    try:
        await ask_for_code(
            services, caller_of(request), body.id, identity, locale=locale, is_lost=body.is_lost
        )
    except Throttled as slowed:
        return _slowed(slowed, services, locale)
    return LostAnswer(id=body.id, expires_in_s=recovery.CODE_TTL_S)


@router.post(
    "/cards/lost/{request_id}/code",
    status_code=201,
    response_model=RecoveredAnswer,
)
async def code(
    *,
    request_id: UUID,
    body: ProofBody,
    request: Request,
    services: ServicesOf,
    locale: LocaleOf,
    said: SaidLocaleOf,
    had: TokenOf,
) -> RecoveredAnswer | Response:
    """The code from the phone signs in; of a lost card it freezes the holder's cards, ends every login and tells the phone.

    A token that is sent along ends with it.
    """
    try:
        proven = await sign_in_by_code(
            services,
            caller_of(request),
            request_id,
            body.code,
            begins=NewLogin(had, said),
            is_lost=body.is_lost,
        )
    except Throttled as slowed:
        return _slowed(slowed, services, locale)
    if proven is None:
        raise RequestRefused(403, "code_wrong")
    forget_token(request)
    return RecoveredAnswer(
        holder_id=proven.holder_id,
        token=proven.token,
        expires_in_s=int(LOGIN_TTL_S),
        device_token=known_device(request, "card", *(clean_card_no(one) for one in proven.card_nos)),
    )


@router.post("/cards/objection", response_model=StoppedAnswer)
async def objection(
    body: CodeBody, request: Request, services: ServicesOf, locale: LocaleOf
) -> StoppedAnswer | Response:
    """The code of the message that told of a replacement, within seven days: stops all of them, freezes what came of them."""
    try:
        is_stopped = await stop_replacement(services, caller_of(request), body.code)
    except Throttled as slowed:
        return _slowed(slowed, services, locale)
    if not is_stopped:
        raise RequestRefused(403, "code_wrong")
    return StoppedAnswer(is_stopped=True)


@router.post(
    "/gate/cards/replacement",
    tags=["gate"],
    status_code=201,
    response_model=ReplacementAnswer,
    responses={202: {"model": WaitAnswer, "description": "The holder was told and may still object."}},
)
async def at_counter(
    *,
    body: CounterBody,
    services: ServicesOf,
    login: LoginOf,
    locale: LocaleOf,
    response: Response,
) -> ReplacementAnswer | Response:
    """For the desk, who hold the person's document. The phone on record is told first, and has the configured time to object.

    Name and document are those on record (else 404). At most three in a day of one holder and forty by one operator (429); for
    thirty days after an objection only an administrator who began none of what was stopped, and after twelve hours (403).
    The first time 202 says from when on; the same `id` then gives the number to who began it, and again, within ten minutes and
    before the PIN was used, the same number with a fresh PIN, of which the holder is told (else 409).
    """
    identity = identity_of(body, local_date(services.clock(), _TIMEZONE), locale)
    _check_staff(login)
    try:
        made = await replace_card_at_counter(
            services, login.key, ReplaceAtCounter(body.id, body.card_no, identity)
        )
    except SameMoment:
        raise RequestRefused(503, "busy") from None
    if isinstance(made, NotAtPost):
        raise _not_allowed()
    if isinstance(made, CounterRefusal):
        raise RequestRefused(_COUNTER_STATUS[made], made.value)
    return replaced(made, locale, response)


@router.post(
    "/gate/cards/objection",
    tags=["gate"],
    response_model=StoppedAnswer,
)
async def stop_at_counter(
    body: PersonBody, services: ServicesOf, login: LoginOf, locale: LocaleOf
) -> StoppedAnswer:
    """For the desk: the holder stands here and says that a replacement was not theirs. All of the last week are stopped."""
    identity = identity_of(body, local_date(services.clock(), _TIMEZONE), locale)
    _check_staff(login)
    is_stopped = await stop_replacement_at_counter(services, login.key, identity)
    if isinstance(is_stopped, NotAtPost):
        raise _not_allowed()
    if not is_stopped:
        raise RequestRefused(404, "holder_unknown")
    return StoppedAnswer(is_stopped=True)


def _check_staff(login: Login) -> None:
    """Raises RequestRefused (403) for a traveller."""
    if login.staff is None:
        raise _not_allowed()


def _not_allowed() -> RequestRefused:
    return RequestRefused(403, "operators_only")


def _slowed(slowed: Throttled, services: ServicesOf, locale: str) -> Response:
    return denied(Denied(CardProblem.PIN_LOCKED, at=slowed.at), locale, now=services.clock())
