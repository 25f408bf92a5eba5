"""The console's routes: sign in and out, the live page and its data, the runbooks."""

from typing import Final, cast

from starlette.responses import JSONResponse, Response

from wenyue.telemetry import Exchange
from wenyue.web.console.change_pages import routes as change_routes
from wenyue.web.console.context import OperatorContext, get, post
from wenyue.web.console.dashboard_cache import DashboardCache, Shown
from wenyue.web.console.day_pages import routes as day_routes
from wenyue.web.console.device_pages import routes as device_routes
from wenyue.web.console.duty_pages import routes as duty_routes
from wenyue.web.console.holiday_pages import routes as holiday_routes
from wenyue.web.console.live import SPANS
from wenyue.web.console.me_pages import routes as me_routes
from wenyue.web.console.password_pages import routes as password_routes
from wenyue.web.console.proposal_pages import routes as proposal_routes
from wenyue.web.console.record_pages import routes as record_routes
from wenyue.web.console.runbooks import runbook, runbook_names
from wenyue.web.console.staff_pages import routes as staff_routes
from wenyue.web.shared.request_context import redirect
from wenyue.web.shared.second_step import do_enrolment, do_factor, show_enrolment, show_factor
from wenyue.web.shared.staff import do_signin, do_signout, show_signin

POLL_S: Final = 5
_HOUR: Final = "1h"


async def to_live(_: OperatorContext) -> Response:
    """The console begins with the live page."""
    return redirect("/console/live")


async def show_live(context: OperatorContext) -> Response:
    """How the installation does now; without JavaScript it loads itself again."""
    shown = await _look(context)
    return context.page(
        "live",
        section="live",
        live=shown.live,
        pieces=shown.pieces,
        series=shown.series,
        spans=list(SPANS),
        poll_s=POLL_S,
        is_on_pass=context.is_on_pass,
    )


async def give_live(context: OperatorContext) -> Response:
    """The same as data: `series` for programs, `pieces` for the page's module."""
    shown = await _look(context)
    body = {
        "at": shown.live.at,
        "span": shown.live.span,
        "on_pass": context.is_on_pass,
        "series": shown.series,
        "pieces": shown.pieces,
    }
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


async def show_runbooks(context: OperatorContext) -> Response:
    """Every runbook."""
    found = [
        (name, page)
        for name in runbook_names()
        if (page := runbook(name, context.locale)) and name != "readme"
    ]
    return context.page("runbooks", section="runbooks", found=found)


async def show_runbook(context: OperatorContext) -> Response:
    """One runbook."""
    name: str = context.request.path_params["name"]
    page = runbook(name, context.locale)
    if page is None:
        return context.message(
            404,
            context.gettext("This runbook isn't available here"),
            context.gettext("Look in the documentation folder docs/runbooks."),
            back="/console/runbooks",
        )
    return context.page("runbook", section="runbooks", shown=page)


async def _look(context: OperatorContext) -> Shown:
    asked, state = context.request.query_params.get("span", ""), context.request.app.state
    if not hasattr(state, "glass"):
        state.glass = DashboardCache(cast(Exchange, state.exchange))
    glass = cast(DashboardCache, state.glass)
    return await glass.take_reading(
        asked if asked in SPANS else _HOUR, context.locale, context.services.rulebook.timezone
    )


routes: Final = [
    get("/console/signin", show_signin),
    post("/console/signin", do_signin),
    get("/console/signin/factor", show_factor),
    post("/console/signin/factor", do_factor),
    get("/console/signin/enrolment", show_enrolment),
    post("/console/signin/enrolment", do_enrolment),
    post("/console/signout", do_signout),
    get("/console", to_live),
    get("/console/live", show_live),
    get("/console/live.json", give_live, is_json=True),
    get("/console/runbooks", show_runbooks),
    get("/console/runbooks/{name}", show_runbook),
    *me_routes,
    *password_routes,
    *holiday_routes,
    *proposal_routes,  # before the changes: `new` is no number of one
    *change_routes,
    *duty_routes,
    *day_routes,
    *device_routes,
    *record_routes,
    *staff_routes,
]
