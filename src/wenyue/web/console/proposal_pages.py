"""Proposing a change in the console: which venue, which act, its form, what it would touch, and proposing it."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from starlette.responses import Response

from wenyue import catalogue
from wenyue.application.changeables import CHANGEABLES
from wenyue.application.operating import NotDone, Operator
from wenyue.application.preview_change import preview_change
from wenyue.application.propose_change import ProposeChange, propose_change
from wenyue.catalogue import Closure, Product, Venue
from wenyue.changes import REASON_LENGTH_MAX, Effect, Looked, Refusal
from wenyue.core.clock import local_date
from wenyue.core.duties import Right, venues_for
from wenyue.core.ids import uuid7
from wenyue.locale import text_in
from wenyue.platform.database.db import Tx
from wenyue.web.console.change_pages import operator_of
from wenyue.web.console.change_words import ACTS, REFUSALS, say_counts, say_days
from wenyue.web.console.context import OperatorContext, get, post
from wenyue.web.console.proposal_forms import (
    FIELDS,
    NAMES,
    PLACES_MAX_FIELD,
    Entered,
    entered,
    is_act,
    proposal_id,
    read_places_max,
    read_request,
)
from wenyue.web.shared.forms import parse_day, whole_number
from wenyue.web.shared.i18n import say_full_date
from wenyue.web.shared.request_context import redirect

_AHEAD: Final = timedelta(days=800)
_VENUES_SHOWN_MAX: Final = 50
_ID_MAX: Final = 2**53


async def show_new(context: OperatorContext) -> Response:
    """First the venue, then the act, then its form."""
    operator = operator_of(context)
    if operator is None:
        return redirect(context.signin_path)
    query = context.request.query_params
    day = parse_day(query.get("from", ""))
    async with context.services.db.reading() as tx:
        venue = await venue_of(tx, operator, query.get("venue", ""))
        if venue is None:
            return await _choose_venue(context, tx, operator, query.get("q", "")[:64])
        if not is_act(query.get("act", "")):
            return context.page(
                "propose_act",
                section="changes",
                venue=name_of(context, venue),
                venue_id=venue.id,
                acts=_acts(context),
                day="" if day is None else day.isoformat(),
                day_said="" if day is None else say_full_date(day, context.locale),
            )
        prefilled = {} if day is None else {"from": day.isoformat()}
        form = Entered(query["act"], venue, prefilled)
        return await _form(context, tx, form, await catalogue.products(tx, venue.id))


async def do_new(context: OperatorContext) -> Response:
    """Say what it would touch, or propose it."""
    operator = operator_of(context)
    if operator is None:
        return redirect(context.signin_path)
    act = context.form.one("act")
    async with context.services.db.reading() as tx:
        venue = await venue_of(tx, operator, context.form.one("venue"))
        if venue is None or not is_act(act):
            return redirect("/console/changes/new")
        products = await catalogue.products(tx, venue.id)
        form = entered(context, act, venue)
        request = await read_request(context, tx, form, products)
        places_max = read_places_max(context, form)
    changeable, looked = CHANGEABLES[act], None
    change_id = proposal_id(context.form.one("id"))
    if request is not None and not form.wrong:
        if context.form.one("what") == "propose":
            asked = ProposeChange(change_id, changeable, request, form.values["reason"], places_max)
            done = await propose_change(context.services, operator, asked)
            if not isinstance(done, NotDone | Refusal):
                return redirect(f"/console/changes/{done.id}")
        else:
            done = await preview_change(context.services, operator, changeable, request)
            looked = done if isinstance(done, Looked) else None
        if isinstance(done, NotDone):
            form.refuse(context, done)
        elif isinstance(done, Refusal):
            form.say(context, PLACES_MAX_FIELD if done is Refusal.BOUNDS_LOW else "reason", REFUSALS[done])
    async with context.services.db.reading() as tx:
        return await _form(context, tx, form, products, looked=looked, change_id=change_id)


async def _choose_venue(context: OperatorContext, tx: Tx, operator: Operator, text: str) -> Response:
    theirs = venues_for(operator.duties, Right.SLOTS_CLOSE)
    if theirs is not None:
        known = await catalogue.venues_by_id(tx, sorted(theirs))
        found = [one for one in known.values() if any(text in name for name in one.name.values())]
    else:
        found = await catalogue.venues(tx, text=text, limit=_VENUES_SHOWN_MAX)
    shown = [(one.id, name_of(context, one), one.city or one.province) for one in found[:_VENUES_SHOWN_MAX]]
    return context.page("propose_venue", section="changes", venues=shown, text=text)


async def _form(
    context: OperatorContext,
    tx: Tx,
    form: Entered,
    products: list[Product],
    *,
    looked: Looked | None = None,
    change_id: UUID | None = None,
) -> Response:
    today = local_date(context.now, form.venue.timezone)
    closures = (await catalogue.closures(tx, [form.venue.id], today, today + _AHEAD)).get(form.venue.id, [])
    return context.page(
        "propose",
        status=422 if form.wrong else 200,
        section="changes",
        act=form.act,
        title=context.say(ACTS[form.act]),
        venue=name_of(context, form.venue),
        venue_id=form.venue.id,
        id=str(change_id or uuid7()),
        fields=FIELDS[form.act],
        values=dict.fromkeys(NAMES, "") | form.values,
        wrong=dict.fromkeys(NAMES, "") | form.wrong,
        errors=[{"field": name, "text": text} for name, text in form.wrong.items()],
        products=[(str(one.id), name_of(context, one)) for one in products],
        closures=[(str(one.id), _closure(context, one)) for one in closures],
        touches=say_counts(context, looked.counts) if looked else "",
        restricts=looked is not None and looked.effect is Effect.RESTRICTS,
        reason_max=REASON_LENGTH_MAX,
    )


async def venue_of(tx: Tx, operator: Operator, raw: str) -> Venue | None:
    """The venue of this id, if they propose changes there."""
    venue_id = whole_number(raw, 1, _ID_MAX)
    if venue_id is None or not operator.may(Right.SLOTS_CLOSE, venue_id):
        return None
    return (await catalogue.venues_by_id(tx, [venue_id])).get(venue_id)


def _acts(context: OperatorContext) -> list[tuple[str, str]]:
    return [(kind, context.say(name)) for kind, name in ACTS.items() if is_act(kind)]


def _closure(context: OperatorContext, one: Closure) -> str:
    reason = text_in(one.reason, context.locale)
    return f"{say_days(one.from_date, one.to_date, context.locale)} {reason}"


def name_of(context: OperatorContext, one: Venue | Product) -> str:
    """In the reader's language."""
    return text_in(one.name, context.locale)


routes: Final = [get("/console/changes/new", show_new), post("/console/changes/new", do_new)]
