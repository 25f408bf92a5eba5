"""Places that others booked with one's own document, over JSON: see them, take them back; and the same at the counter."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from wenyue.application.add_spelling import add_spelling
from wenyue.application.disown_place import disown_place
from wenyue.application.on_duty import NotAtPost, Place
from wenyue.application.places_by_others import NotTaken, own_places
from wenyue.application.see_document import SeeDocument, see_document
from wenyue.booking import Answer, by_others
from wenyue.core.clock import local_date
from wenyue.core.documents import NameProblem, parse_name
from wenyue.core.limits import NAME_LENGTH_MAX
from wenyue.gate import LookupProblem
from wenyue.locale import text_in
from wenyue.web.api.asking import (
    HolderLoginOf,
    HolderOf,
    LocaleOf,
    LoginOf,
    RightOf,
    ServicesOf,
    holder_of,
    traveller_of,
)
from wenyue.web.api.gate_refused import Refused, not_at_post, problem_of, staff_of
from wenyue.web.api.people import PersonBody, identity_of
from wenyue.web.api.problems import RETRY_AFTER_S, change_problem, status_of
from wenyue.web.shared.problem import PROBLEM_TYPE, FieldError, RequestRefused
from wenyue.web.wording.documents import NAME_ERRORS
from wenyue.web.wording.lookup import LOOKUP_PROBLEMS

router: Final = APIRouter(prefix="/v1", tags=["visitors"])
_TIMEZONE: Final = "Asia/Shanghai"
_SlotId = Annotated[int, Path(ge=1, le=2**63 - 1)]


class PlaceBody(BaseModel):
    """A coming place in somebody else's booking. `is_used`: somebody went in on it."""

    slot_id: int
    venue: str
    product: str
    on_date: date
    starts_at: datetime
    ends_at: datetime
    is_used: bool


class PlacesBody(BaseModel):
    """Soonest first, fifty at most."""

    items: list[PlaceBody]


class SeenBody(PlacesBody):
    """`is_name_noted` false: the name does not count yet: six are noted, or two by this member of staff. Let another see it."""

    is_name_noted: bool


class SpellingBody(BaseModel):
    """One's own name as family or an agency writes it."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(min_length=1, max_length=4 * NAME_LENGTH_MAX)]


class CounterBody(PersonBody):
    """Who is at the counter, as the document says it."""

    venue: Annotated[str, Field(min_length=1, max_length=64)]
    slot_id: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None


@router.get("/places-by-others")
async def mine(services: ServicesOf, holder_id: HolderOf, locale: LocaleOf) -> PlacesBody:
    """What other accounts booked with the document of the account's own holder, once staff at a counter have seen it."""
    async with services.db.reading() as tx:
        found = await own_places(services, tx, holder_id, services.clock())
    if isinstance(found, NotTaken):
        raise RequestRefused(403, found.value)
    return _shown(found, locale)


@router.post("/places-by-others/{slot_id}/disowning", response_model=PlacesBody)
async def disown(
    slot_id: _SlotId, services: ServicesOf, login: HolderLoginOf, locale: LocaleOf
) -> PlacesBody | Response:
    """Take one's own place out of somebody else's booking; the others keep theirs. Again: the same. At most 10 a day."""
    found = await disown_place(services, traveller_of(login), slot_id)
    if found is NotTaken.TOO_OFTEN:
        raise RequestRefused(429, found.value)
    if found is NotTaken.UNSEEN:
        raise RequestRefused(403, found.value)
    if found is NotTaken.NOTHING_THERE:
        raise RequestRefused(404, found.value)
    if isinstance(found, Answer):
        return _refusal(found, locale)
    return await mine(services, holder_of(login), locale)


@router.post("/names", status_code=204)
async def spell(body: SpellingBody, services: ServicesOf, login: HolderLoginOf, locale: LocaleOf) -> Response:
    """Let others book for the account's own holder under this spelling too. Again: the same answer; six in all."""
    name = parse_name(body.name)
    if isinstance(name, NameProblem):
        words = NAME_ERRORS[name.code].say(locale)
        raise RequestRefused(422, "fields", errors=[FieldError("/name", name.code, words)])
    refused = await add_spelling(services, traveller_of(login), name)
    if refused is not None:
        raise RequestRefused(403 if refused is NotTaken.UNSEEN else 409, refused.value)
    return Response(status_code=204)


@router.post("/gate/places", tags=["gate"], response_model=SeenBody)
async def at_counter(
    body: CounterBody, services: ServicesOf, login: LoginOf, right: RightOf, locale: LocaleOf
) -> SeenBody | Response:
    """What others booked at the venue with the document in your hands; with `slot_id` that place is taken back first.

    For the desk; recorded and counted as a look-up. Again: the same. The document is seen and its name noted:
    from then on others book with it under that name only, and its holder takes places back online.
    """
    now = services.clock()
    try:
        if not staff_of(login).may_anywhere(right):
            raise RequestRefused(403, "operators_only")
        identity = identity_of(body, local_date(now, _TIMEZONE), locale)
        found = await see_document(
            services, login.key, SeeDocument(Place(body.venue), identity, body.slot_id)
        )
        if isinstance(found, NotAtPost):
            raise not_at_post(found)
    except Refused as refused:
        return problem_of(refused, locale)
    if isinstance(found, NotTaken):
        raise RequestRefused(404, found.value)
    if isinstance(found, LookupProblem):
        return problem_of(Refused(429, found.value, LOOKUP_PROBLEMS[found]), locale)
    if isinstance(found, Answer):
        return _refusal(found, locale)
    return SeenBody(items=_shown(found.others, locale).items, is_name_noted=found.is_name_noted)


def _refusal(refused: Answer, locale: str) -> Response:
    """Why the places are not out."""
    retry = {"retry-after": str(RETRY_AFTER_S)} if refused.outcome.is_transient else {}
    body = change_problem(refused, locale)  # without the number of the booking: that is its holder's to know
    return Response(body, status_of(refused.outcome), retry, PROBLEM_TYPE.decode())


def _shown(found: Sequence[by_others.PlaceByOther], locale: str) -> PlacesBody:
    return PlacesBody(
        items=[
            PlaceBody(
                slot_id=one.slot_id,
                venue=text_in(one.venue, locale),
                product=text_in(one.product, locale),
                on_date=one.on_date,
                starts_at=one.starts_at,
                ends_at=one.ends_at,
                is_used=one.is_used,
            )
            for one in found
        ]
    )
