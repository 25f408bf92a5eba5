"""At the counter over JSON: staff see a document, and with it whose account is whose."""

from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from wenyue.application.holder_outlook import NotSettled, Outlook, SettleHolder
from wenyue.application.on_duty import NotAtPost, Place
from wenyue.application.second_proofs import NotConfirmed
from wenyue.application.settle_holder import settle_holder
from wenyue.core.clock import local_date
from wenyue.core.limits import CARDS_SHOWN_MAX
from wenyue.gate import LookupProblem
from wenyue.web.api.asking import LocaleOf, LoginOf, RightOf, ServicesOf
from wenyue.web.api.gate_refused import Refused, not_at_post, problem_of, staff_of
from wenyue.web.api.gate_session import ConfirmBody, second_of, second_refused
from wenyue.web.api.people import PersonBody, identity_of
from wenyue.web.shared.problem import FieldError, RequestRefused
from wenyue.web.wording.api import API_WORDS
from wenyue.web.wording.lookup import LOOKUP_PROBLEMS

router: Final = APIRouter(prefix="/v1", tags=["gate"])
_TIMEZONE: Final = "Asia/Shanghai"
_STATUS: Final = {
    NotSettled.NOT_THEIRS: 404,
    NotSettled.SEEN_BEFORE: 409,
    NotSettled.SECOND_NEEDED: 403,
    NotSettled.SECOND_UNFIT: 403,
    NotSettled.TOO_MANY: 429,
}
_CardNo = Annotated[str, Field(min_length=1, max_length=64)]


class HolderBody(PersonBody):
    """Who is at the counter, as the document says it, and the cards they show; `has_no_card` when they have none.

    `second`: who confirms it, after a `holder_second`.
    """

    venue: Annotated[str, Field(min_length=1, max_length=64)]
    card_nos: Annotated[tuple[_CardNo, ...], Field(max_length=CARDS_SHOWN_MAX)] = ()
    has_no_card: bool = False
    second: ConfirmBody | None = None


class HolderSeen(BaseModel):
    """How many accounts are the person's, how many lost their claim to the document now, and as for `/v1/gate/places`.

    `claims_back`: of the person's those that had lost it at a counter before.
    """

    accounts: int
    claims_lost: int
    claims_back: int
    is_name_noted: bool


@router.post("/gate/holders", response_model=HolderSeen)
async def at_counter(
    *,
    body: HolderBody,
    request: Request,
    services: ServicesOf,
    login: LoginOf,
    right: RightOf,
    locale: LocaleOf,
) -> HolderSeen | Response:
    """The document is in your hands: the accounts of the shown cards are this person's; all others that typed it lose it.

    Their cards are frozen, logins end, phones are told. For the desk; recorded, counted as a look-up. Of a
    person without a card whose document was seen beside one before only an administrator takes that account away (409).
    Nothing is taken for good: an account whose card is shown with the document has it again, with what was frozen. What
    bookings to come, or a phone that answered, hang on is taken with a `second` member of staff alone, and so are a
    clerk's further ones of a day.
    """
    now = services.clock()
    try:
        if not staff_of(login).may_anywhere(right):
            raise RequestRefused(403, "operators_only")
        identity = identity_of(body, local_date(now, _TIMEZONE), locale)
        if bool(body.card_nos) == body.has_no_card:
            words = API_WORDS["cards_or_none"].say(locale)
            raise RequestRefused(422, "fields", errors=[FieldError("/card_nos", "cards_or_none", words)])
        wanted = SettleHolder(Place(body.venue), identity, body.card_nos)
        found = await settle_holder(services, login.key, wanted, second_of(body.second, request))
        if isinstance(found, NotConfirmed):
            raise second_refused(found)
        if isinstance(found, NotAtPost):
            raise not_at_post(found)
    except Refused as refused:
        return problem_of(refused, locale)
    if isinstance(found, LookupProblem):
        return problem_of(Refused(429, found.value, LOOKUP_PROBLEMS[found]), locale)
    if isinstance(found, Outlook):
        raise TypeError("whatever is found was to be settled")
    if isinstance(found, NotSettled):
        raise RequestRefused(_STATUS[found], found.value)
    return HolderSeen(
        accounts=len(found.own),
        claims_lost=len(found.lost),
        claims_back=len(found.back),
        is_name_noted=found.is_name_noted,
    )
