"""The page on which a gate keeper looks somebody up by name, phone or old booking number."""

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from wenyue.application.look_up_visitor import LookUpVisitor, look_up_visitor
from wenyue.application.on_duty import NotAtPost, Place
from wenyue.catalogue import venues_by_id
from wenyue.core.duties import Right
from wenyue.core.ids import uuid7
from wenyue.gate import (
    Found,
    FoundVisit,
    LookupKind,
    LookupProblem,
    Standing,
    booking_code,
)
from wenyue.locale import text_in, translations
from wenyue.web.gate.context import GateContext, Station
from wenyue.web.shared.i18n import Locale, say_date, say_span
from wenyue.web.shared.request_context import redirect
from wenyue.web.wording.lookup import LOOKUP_KINDS, LOOKUP_PROBLEMS, STANDINGS

_TEXT_MAX: Final = 120
_TONES: Final = {Standing.BOOKED: "good", Standing.HELD: "ask"}


@dataclass(frozen=True, slots=True)
class VisitView:
    """One visit that was found. `place` is empty where the gate asks which of the party comes."""

    booking_id: str
    code: str
    place: str
    product: str
    session: str
    day: str
    standing: str
    tone: str
    contact: str
    people: tuple[str, ...]
    can_scan: bool
    scan_id: str


async def show_lookup(context: GateContext) -> Response:
    """An empty form."""
    station = context.station
    return await _page(context, station, None) if station else redirect("/gate/setup")


async def do_lookup(context: GateContext) -> Response:
    """What was found. The terms are sent in the body, so that no address and no log names anybody."""
    station = context.station
    if station is None or not context.is_page_of(station):
        return context.refusal(409) or redirect("/gate/setup" if station is None else "/gate")
    text = context.form.one("text")[:_TEXT_MAX]
    kind = next((one for one in LookupKind if one.value == context.form.one("kind")), LookupKind.NAME)
    request = LookUpVisitor(Place(station.venue_id, station.gate), kind, text)
    found = await look_up_visitor(context.services, context.login_key, request)
    if isinstance(found, NotAtPost):  # the duty was taken away meanwhile
        return context.refusal(403) or redirect("/gate/setup")
    if context.wants_parts:
        return context.parts(
            {"found": context.part("lookup_found", is_part=True, **_found(found, context.locale))}
        )
    return await _page(context, station, found, kind=kind, text=text)


def lookup_form(
    context: GateContext, kind: LookupKind = LookupKind.NAME, text: str = ""
) -> dict[str, object]:
    """What the form shows, on its own page and at the gate."""
    kinds = [{"value": one.value, "name": words.say(context.locale)} for one, words in LOOKUP_KINDS.items()]
    may_settle = context.keeper.may_anywhere(Right.HOLDERS_SETTLE)
    return {"kinds": kinds, "kind": kind.value, "text": text, "problem": "", "may_settle": may_settle}


async def _page(
    context: GateContext,
    station: Station,
    found: Found | LookupProblem | None,
    *,
    kind: LookupKind = LookupKind.NAME,
    text: str = "",
) -> Response:
    async with context.services.db.reading() as tx:
        venue = (await venues_by_id(tx, [station.venue_id])).get(station.venue_id)
    if venue is None:
        return redirect("/gate/setup")
    is_problem = isinstance(found, LookupProblem)
    said = _found(found, context.locale)
    return context.page(
        "lookup",
        status=200 if not is_problem else 429 if found is LookupProblem.TOO_OFTEN else 422,
        is_page=True,
        venue=text_in(venue.name, context.locale),
        days=context.services.settings.gate.lookup_days,
        **lookup_form(context, kind, text) | said,
    )


def _found(found: Found | LookupProblem | None, locale: Locale) -> dict[str, object]:
    """What was found, or why nothing was looked up; None: nobody has asked yet."""
    problem = LOOKUP_PROBLEMS[found].say(locale) if isinstance(found, LookupProblem) else ""
    return {
        "errors": ({"field": "text", "text": problem},) if problem else (),
        "problem": problem,
        "is_asked": isinstance(found, Found),
        "is_more": isinstance(found, Found) and found.is_more,
        "visits": [_view(one, locale) for one in found.visits] if isinstance(found, Found) else [],
    }


def _view(one: FoundVisit, locale: Locale) -> VisitView:
    label = text_in(one.label, locale)
    said = translations(locale)
    people = tuple(
        said.gettext("{person} (already used)", person=person) if p.is_used else person
        for p, person in ((p, f"{p.name} {p.document}") for p in one.people)
    )
    if not people:
        people = (said.ngettext("{n} place", "{n} places", one.quantity),)
    is_single = len(one.people) == 1
    return VisitView(
        booking_id=str(one.booking_id),
        code=booking_code(one.booking_id),
        place=f"{one.line_no}.{one.people[0].visitor_no}" if is_single else "",
        product=text_in(one.product, locale),
        session=f"{label} {say_span(one.starts_at, one.ends_at, one.timezone)}".strip(),
        day=say_date(one.on_date, locale),
        standing=STANDINGS[one.standing].say(locale),
        tone=_TONES.get(one.standing, "bad"),
        contact=" ".join(part for part in (one.contact, one.phone) if part),
        people=people,
        can_scan=one.standing is not Standing.VOID,
        scan_id=str(uuid7()),
    )
