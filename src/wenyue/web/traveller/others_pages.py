"""别人为我约的: places that others booked with my document, taking them back, and how else my name is written."""

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from wenyue.application.add_spelling import add_spelling as add_spelling_of_name
from wenyue.application.disown_place import disown_place
from wenyue.application.places_by_others import NotTaken, own_places
from wenyue.booking import Answer, by_others
from wenyue.core.documents import NameProblem, parse_name
from wenyue.locale import text_in
from wenyue.platform.database.db import Tx
from wenyue.web.shared.forms import FieldError
from wenyue.web.shared.i18n import Locale, say_date, say_span
from wenyue.web.shared.request_context import redirect
from wenyue.web.traveller.context import TravellerContext, get, post
from wenyue.web.traveller.outcome import refusal
from wenyue.web.wording.api import API_WORDS
from wenyue.web.wording.documents import NAME_ERRORS

PATH: Final = "/me/others"
_BIGGEST_ID: Final = 2**63 - 1
_NAME_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class PlaceView:
    """One place; who booked it is not told."""

    slot_id: int
    venue: str
    product: str
    when: str
    is_used: bool


async def show(context: TravellerContext) -> Response:
    """The list, with a way to take each place back."""
    async with context.reading() as tx:
        return await _page(context, tx)


async def take_back(context: TravellerContext) -> Response:
    """Not mine: my place alone leaves the booking that somebody else made. Doing it twice is doing it once."""
    slot_id = context.form.number("slot", 1, _BIGGEST_ID)
    if slot_id is None:
        return context.not_found()
    found = await disown_place(context.services, context.traveller, slot_id)
    if found is NotTaken.NOTHING_THERE:
        return context.not_found()
    if found in (NotTaken.TOO_OFTEN, NotTaken.UNSEEN):
        actions = ((PATH, context.gettext("Back"), True),)
        title, status = context.gettext("Not done"), 429 if found is NotTaken.TOO_OFTEN else 403
        return context.message(title, context.say(API_WORDS[str(found)]), status=status, actions=actions)
    return _refused(context, found, slot_id) if isinstance(found, Answer) else redirect(PATH + "?done=1")


async def add_spelling(context: TravellerContext) -> Response:
    """Another spelling of my own name, under which family or an agency books."""
    raw = context.form.one("name")[:_NAME_MAX]
    name = parse_name(raw)
    problem = ""
    if isinstance(name, NameProblem):
        problem = context.say(NAME_ERRORS[name.code])
    elif refused := await add_spelling_of_name(context.services, context.traveller, name):
        problem = context.say(API_WORDS[refused.value])
    if problem:
        async with context.reading() as tx:
            return await _page(context, tx, name=raw, problem=problem)
    return redirect(PATH + "?spelled=1")


def _refused(context: TravellerContext, answer: Answer, slot_id: int) -> Response:
    actions = ((PATH, context.gettext("Back"), True),)
    return refusal(context, answer, again=(PATH, [("slot", str(slot_id))]), actions=actions)


async def _page(context: TravellerContext, tx: Tx, *, name: str = "", problem: str = "") -> Response:
    found = await own_places(context.services, tx, context.holder_id, context.now)
    query = context.request.query_params
    return context.page(
        "others",
        tab="me",
        status=422 if problem else 200,
        places=[] if isinstance(found, NotTaken) else [_view(one, context.locale) for one in found],
        is_unseen=found is NotTaken.UNSEEN,
        is_done="done" in query,
        is_spelled="spelled" in query,
        name=name,
        problem=problem,
        errors=(FieldError("name", problem),) if problem else (),
    )


def _view(one: by_others.PlaceByOther, locale: Locale) -> PlaceView:
    label = text_in(one.label, locale)
    when = f"{say_date(one.on_date, locale)} {say_span(one.starts_at, one.ends_at, one.timezone)} {label}"
    return PlaceView(
        slot_id=one.slot_id,
        venue=text_in(one.venue, locale),
        product=text_in(one.product, locale),
        when=when.strip(),
        is_used=one.is_used,
    )


routes = [
    get(PATH, show, needs_login=True),
    post(PATH, take_back),
    post("/me/names", add_spelling),
]
