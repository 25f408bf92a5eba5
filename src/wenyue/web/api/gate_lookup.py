"""Looking a booking up at the gate over JSON: by name, phone or old number. Staff of the venue only; every one is recorded."""

from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from wenyue.application.look_up_visitor import LookUpVisitor, look_up_visitor
from wenyue.application.on_duty import NotAtPost, Place
from wenyue.gate import FoundVisit, LookupKind, LookupProblem, Standing, booking_code
from wenyue.locale import text_in
from wenyue.web.api.asking import LocaleOf, LoginOf, RightOf, ServicesOf
from wenyue.web.api.gate_refused import Refused, not_at_post, problem_of, staff_with
from wenyue.web.wording.lookup import LOOKUP_PROBLEMS, STANDINGS

_TEXT_MAX: Final = 120
_STATUS: Final = {LookupProblem.NOTHING_ASKED: 422, LookupProblem.TOO_OFTEN: 429}


class LookupBody(BaseModel):
    """Who is looked for, and where: `venue` is its code. The whole name counts; its order and blanks do not."""

    model_config = ConfigDict(extra="forbid")
    venue: Annotated[str, Field(min_length=1, max_length=64)]
    kind: LookupKind
    text: Annotated[str, Field(min_length=1, max_length=_TEXT_MAX)]


class FoundPersonBody(BaseModel):
    """One person of a visit. Name and document are masked."""

    visitor_no: int
    name: str
    document: str
    is_used: bool


class FoundVisitBody(BaseModel):
    """A visit that was found: scan its `booking_id` as `presented` with these numbers. The contact is masked."""

    booking_id: UUID
    booking_code: str
    line_no: int
    quantity: int
    standing: Standing
    word: str
    product: str
    session: str
    on_date: date
    starts_at: datetime
    ends_at: datetime
    contact: str
    phone: str
    people: list[FoundPersonBody]


class FoundBody(BaseModel):
    """The visits of at most 20 bookings, nearest day first; `is_more`: ask for something that fewer share."""

    visits: list[FoundVisitBody]
    is_more: bool


router: Final = APIRouter(prefix="/v1/gate", tags=["gate"])


@router.post("/lookups", response_model=FoundBody)
async def post_lookup(
    body: LookupBody, services: ServicesOf, login: LoginOf, right: RightOf, locale: LocaleOf
) -> FoundBody | Response:
    """Visits of one venue near today by name, phone or old number. At most 10 a minute and 300 a day of one keeper.

    Each is written into the record with who asked and a keyed hash of what was asked.
    """
    try:
        staff_with(login, right)
        request = LookUpVisitor(Place(body.venue), body.kind, body.text)
        found = await look_up_visitor(services, login.key, request)
        if isinstance(found, NotAtPost):
            raise not_at_post(found)
    except Refused as refused:
        return problem_of(refused, locale)
    if isinstance(found, LookupProblem):
        return problem_of(Refused(_STATUS[found], found.value, LOOKUP_PROBLEMS[found], "/text"), locale)
    return FoundBody(visits=[_visit(one, locale) for one in found.visits], is_more=found.is_more)


def _visit(one: FoundVisit, locale: str) -> FoundVisitBody:
    return FoundVisitBody(
        booking_id=one.booking_id,
        booking_code=booking_code(one.booking_id),
        line_no=one.line_no,
        quantity=one.quantity,
        standing=one.standing,
        word=STANDINGS[one.standing].say(locale),
        product=text_in(one.product, locale),
        session=text_in(one.label, locale),
        on_date=one.on_date,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        contact=one.contact,
        phone=one.phone,
        people=[
            FoundPersonBody(visitor_no=p.visitor_no, name=p.name, document=p.document, is_used=p.is_used)
            for p in one.people
        ],
    )
