"""The gate's routes: sign in and out, choose the gate, scan, take a scan back."""

from typing import Final

from starlette.responses import Response

from wenyue.application.admit_visitor import AdmitVisitor, admit_visitor
from wenyue.application.on_duty import NotAtPost, Place
from wenyue.application.take_post import take_post
from wenyue.catalogue import Venue, venues, venues_by_id
from wenyue.core.duties import Right
from wenyue.core.ids import parse_uuid, uuid7
from wenyue.core.limits import VISITORS_MAX
from wenyue.gate import (
    GATE_NAME_MAX,
    REASON_LENGTH_MAX,
    ScanIdReused,
    clean_line,
    recent,
)
from wenyue.locale import text_in
from wenyue.platform.certificates import Certificates
from wenyue.platform.database.db import Tx
from wenyue.web.gate.clerks import routes as clerk_routes
from wenyue.web.gate.confirming import what_to_sign
from wenyue.web.gate.context import GateContext, Station, get, post
from wenyue.web.gate.holders import do_holders, show_holders
from wenyue.web.gate.lookup import do_lookup, lookup_form, show_lookup
from wenyue.web.gate.passkeys import asks_what_to_sign
from wenyue.web.gate.undoing import second_form, take_back, undo_said
from wenyue.web.gate.views import ResultView, RowView, party_view, result_view, row_view
from wenyue.web.shared import SECURITY_HEADERS, has_static
from wenyue.web.shared.request_context import redirect
from wenyue.web.shared.second_step import do_enrolment, do_factor, show_enrolment, show_factor
from wenyue.web.shared.staff import do_signin, do_signout, show_signin
from wenyue.web.wording.gate_queue import queue_words
from wenyue.web.wording.gate_undo import UNDO_REASONS

_WITH_CAMERA: Final = SECURITY_HEADERS["Permissions-Policy"].replace("camera=()", "camera=(self)")
_RECENT_SHOWN: Final = 12
_VENUES_SHOWN: Final = 30


async def show_setup(context: GateContext) -> Response:
    """Choose venue and gate, once per device."""
    return await _setup(context)


async def do_setup(context: GateContext) -> Response:
    """Remember where this device stands."""
    venue_id = context.form.number("venue_id", 1, 2**63 - 1)
    gate = clean_line(context.form.one("gate"), GATE_NAME_MAX)
    if venue_id is None or not context.keeper.may(context.right, venue_id):
        return await _setup(context, context.gettext("Choose the venue."))
    taken = await take_post(context.services, context.login_key, Place(venue_id, gate or None))
    if not gate or taken is NotAtPost.NO_VENUE:
        return await _setup(context, context.gettext("Enter the gate's name."))
    if isinstance(taken, NotAtPost):
        return await _setup(context, context.gettext("You don't work at this gate."))
    lets_in = context.keeper.may(Right.GATE_SCAN, venue_id, gate)
    return context.stand(redirect("/gate" if lets_in else "/gate/lookup"), Station(venue_id, gate))


async def show_gate(context: GateContext) -> Response:
    """Ready to scan."""
    station = context.station
    return await _gate(context, station, None) if station else redirect("/gate/setup")


async def back_to_gate(_: GateContext) -> Response:
    """The address of an answer, opened again: after a change of language, or from the history."""
    return redirect("/gate")


async def do_scan(context: GateContext) -> Response:
    """Answer one presentation: a page, or its parts for the page's own script. The same scan id again changes nothing."""
    station, scan_id = context.station, parse_uuid(context.form.one("scan_id"))
    if station is None or not context.is_page_of(station):
        return context.refusal(409) or redirect("/gate/setup" if station is None else "/gate")
    presented = context.form.one("presented")
    if scan_id is None or not presented:
        return context.refusal(422) or redirect("/gate")
    places = _places(context.form.many("place", VISITORS_MAX))
    request = AdmitVisitor(scan_id, station.venue_id, station.gate, presented, places)
    try:
        answers = await admit_visitor(context.services, context.login_key, request)
    except ScanIdReused:
        return context.refusal(422) or redirect("/gate")
    if isinstance(answers, NotAtPost):  # the duty was taken away meanwhile
        return context.refusal(403) or redirect("/gate/setup")
    is_party = len(places) > 1
    result = (
        party_view(answers, context.locale) if is_party else result_view(answers[0], context.locale, uuid7())
    )
    if context.wants_parts:
        rows = [row_view(answer, context.locale, context.now) for answer in answers]
        return context.parts(
            {
                "scan_id": str(scan_id),
                "tone": result.tone,
                "panel": context.part("answer", result=result),
                "rows": [context.part("rows", rows=[row]) for row in rows],
            }
        )
    return await _gate(context, station, result)


async def do_undo(context: GateContext) -> Response:
    """Take a scan back with a reason; beyond the keeper's own share with somebody who confirms it."""
    station, scan_id = context.station, parse_uuid(context.form.one("scan_id"))
    if station is None or scan_id is None or not context.is_page_of(station):
        return context.refusal(409) or redirect("/gate/setup" if station is None else "/gate")
    reason = clean_line(context.form.one("reason"), REASON_LENGTH_MAX)
    if asks_what_to_sign(context):
        return await what_to_sign(context, station, undo_said(station, scan_id, reason))
    done = await take_back(context, station, scan_id, reason)
    asked = second_form(context, scan_id, reason, done) if done.asks_second else None
    note = ("good" if done.is_done else "bad", done.text)
    if context.wants_parts:
        async with context.services.db.reading() as tx:
            rows = await _last(context, station, tx)
        said = (
            context.part("second_form", is_part=True, **asked) if asked else context.part("note", note=note)
        )
        return context.parts({"note": said, "rows": context.part("rows", rows=rows)})
    if asked:
        return context.page("second", status=422 if done.is_wrong else 200, **asked)
    return await _gate(context, station, None, note=note, status=200 if done.is_done else 422)


async def show_authority(context: GateContext) -> Response:
    """The certificate authority of our own, for a device that is to trust it; its fingerprint stands where `make up` runs."""
    path = Certificates(context.services.settings.home / "tls").authority
    if not context.services.settings.web.is_https or not path.exists():
        return redirect("/gate")
    headers = {
        "Content-Disposition": 'attachment; filename="wenyue-ca.crt"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(path.read_bytes(), headers=headers, media_type="application/x-x509-ca-cert")


async def _gate(
    context: GateContext,
    station: Station,
    result: ResultView | None,
    *,
    note: tuple[str, str] | None = None,
    status: int = 200,
) -> Response:
    async with context.services.db.reading() as tx:
        venue = (await venues_by_id(tx, [station.venue_id])).get(station.venue_id)
        rows = await _last(context, station, tx)
    if venue is None:
        return redirect("/gate/setup")
    response = context.page(
        "gate",
        status=status,
        station=station,
        venue=_venue_name(context, venue),
        result=result,
        note=note,
        rows=rows,
        undo_reasons=[reason.say(context.locale) for reason in UNDO_REASONS],
        scan_id=uuid7(),
        **lookup_form(context),
        words=queue_words(context.locale),
        has_reader=has_static("jsqr.js"),
    )
    response.headers["Permissions-Policy"] = _WITH_CAMERA
    return response


async def _last(context: GateContext, station: Station, tx: Tx) -> list[RowView]:
    last = await recent(
        tx, context.services.vault, venue_id=station.venue_id, gate=station.gate, limit=_RECENT_SHOWN
    )
    return [row_view(answer, context.locale, context.now) for answer in last]


async def _setup(context: GateContext, problem: str = "") -> Response:
    text = context.request.query_params.get("q", "")
    own = context.keeper.venues_for(context.right)
    async with context.services.db.reading() as tx:
        if own is not None:
            found = sorted((await venues_by_id(tx, sorted(own))).values(), key=lambda one: one.code)
        else:
            found = await venues(tx, text=text, limit=_VENUES_SHOWN)
    station = context.station
    return context.page(
        "setup",
        status=422 if problem else 200,
        errors=({"field": "gate", "text": problem},) if problem else (),
        q=text[:64],
        venues=[{"id": one.id, "name": _venue_name(context, one), "city": one.city} for one in found],
        chosen=station.venue_id if station else (found[0].id if len(found) == 1 else None),
        gate=station.gate if station else "",
        is_searchable=own is None,
    )


def _venue_name(context: GateContext, venue: Venue) -> str:
    return text_in(venue.name, context.locale)


def _places(raw: list[str]) -> list[tuple[int, int]]:
    """`line.visitor` fields of the form; what is none is left out."""
    found: list[tuple[int, int]] = []
    for value in raw:
        line, _, visitor = value.partition(".")
        if line.isdecimal() and visitor.isdecimal() and max(len(line), len(visitor)) <= 4:
            found.append((int(line), int(visitor)))
    return found


routes: Final = [
    *clerk_routes,
    get("/gate/signin", show_signin),
    post("/gate/signin", do_signin),
    get("/gate/signin/factor", show_factor),
    post("/gate/signin/factor", do_factor),
    get("/gate/signin/enrolment", show_enrolment),
    post("/gate/signin/enrolment", do_enrolment),
    post("/gate/signout", do_signout),
    get("/gate/ca.crt", show_authority),
    get("/gate/setup", show_setup),
    post("/gate/setup", do_setup),
    get("/gate/lookup", show_lookup),
    post("/gate/lookup", do_lookup),
    get("/gate/holders", show_holders),
    post("/gate/holders", do_holders),
    get("/gate", show_gate),
    get("/gate/scans", back_to_gate),
    get("/gate/undo", back_to_gate),
    post("/gate/scans", do_scan),
    post("/gate/undo", do_undo),
]
