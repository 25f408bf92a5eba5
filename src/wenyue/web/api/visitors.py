"""常用游客 over JSON: the people a traveller books for, kept so that they need not be typed again. Shown masked."""

from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Path
from pydantic import BaseModel
from starlette.responses import Response

from wenyue.accounts import VisitorRecord, VisitorRefusal, visitors
from wenyue.application.keep_visitor import forget_visitor, keep_visitor
from wenyue.core.clock import local_date
from wenyue.core.documents import mask_document, mask_name
from wenyue.core.limits import VISITORS_PER_TRAVELLER_MAX
from wenyue.web.api.asking import HolderLoginOf, HolderOf, LocaleOf, ServicesOf, traveller_of
from wenyue.web.api.people import PersonBody, identity_of
from wenyue.web.shared.problem import FieldError, RequestRefused
from wenyue.web.wording.api import API_WORDS

router: Final = APIRouter(prefix="/v1/visitors", tags=["visitors"])
_TIMEZONE: Final = "Asia/Shanghai"


class KnownVisitor(BaseModel):
    """One common visitor, masked. `is_self`: the traveller, who cannot be taken off the list."""

    id: int
    name: str
    kind: str
    number: str
    birth: date | None
    is_self: bool


class KnownVisitors(BaseModel):
    """Oneself first; `left`: how many more can be kept."""

    items: list[KnownVisitor]
    left: int


@router.get("")
async def mine(services: ServicesOf, holder_id: HolderOf) -> KnownVisitors:
    """The caller's common visitors: at most twenty besides oneself, so there is one page."""
    async with services.db.reading() as tx:
        found = await visitors(tx, services.vault, holder_id)
    others = sum(not visitor.is_self for visitor in found)
    return KnownVisitors(
        items=[_shown(visitor) for visitor in found], left=max(0, VISITORS_PER_TRAVELLER_MAX - others)
    )


@router.post("", status_code=201)
async def add(body: PersonBody, services: ServicesOf, login: HolderLoginOf, locale: LocaleOf) -> KnownVisitor:
    """Add a person. The same document again changes the name and phone kept with it: sending it twice adds one.

    At most 25 tries of an account within a day.
    """
    identity = identity_of(body, local_date(services.clock(), _TIMEZONE), locale)
    added = (await keep_visitor(services, traveller_of(login), identity)).visitor
    if added is VisitorRefusal.TOO_OFTEN:
        raise RequestRefused(429, "visitors_often")
    if added is VisitorRefusal.NAME_DIFFERS:
        words = API_WORDS["name_differs"].say(locale)
        raise RequestRefused(422, "fields", errors=[FieldError("/name", "name_differs", words)])
    if isinstance(added, VisitorRefusal):
        raise RequestRefused(409, "visitors_full")
    return _shown(added)


@router.delete("/{visitor_id}", status_code=204)
async def remove(
    visitor_id: Annotated[int, Path(ge=1, le=2**63 - 1)], services: ServicesOf, login: HolderLoginOf
) -> Response:
    """Take a person off the list and forget their data; bookings keep their own. Again: 404, nothing changes."""
    if not await forget_visitor(services, traveller_of(login), visitor_id):
        raise RequestRefused(404, "not_found")
    return Response(status_code=204)


def _shown(visitor: VisitorRecord) -> KnownVisitor:
    return KnownVisitor(
        id=visitor.id,
        name=mask_name(visitor.name.reveal()),
        kind=visitor.document_kind,
        number=mask_document(visitor.document_number.reveal()),
        birth=visitor.birth,
        is_self=visitor.is_self,
    )
