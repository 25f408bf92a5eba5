"""My bookings: the list, one booking with its voucher, confirming, cancelling, moving to another session."""

from functools import cache
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from wenyue.application import (
    confirm_booking,
)
from wenyue.booking import (
    Outcome,
    bookings_of,
)
from wenyue.core.ids import parse_uuid
from wenyue.locale.formats import say_instant
from wenyue.web.shared.i18n import say_date
from wenyue.web.shared.request_context import redirect
from wenyue.web.traveller import cancel_pages, reschedule_pages
from wenyue.web.traveller.booking_access import booking_id_of, change_booking, facts_of, find
from wenyue.web.traveller.booking_views import (
    booking_page,
    tickets_of,
)
from wenyue.web.traveller.context import TravellerContext, get, post, with_query
from wenyue.web.traveller.views import TicketView
from wenyue.web.wording.api import FIELD_WORDS
from wenyue.web.wording.outcomes import say

_PAGE_SIZE: Final = 20
_BIGGEST_ID: Final = 2**63 - 1
_DEAREST: Final = 10**12
# No cache and no history shows it again without asking; only the worker's copy, which says that it is one.
_VOUCHER_CACHE: Final = "private, no-store"
_WORKER_HEADERS: Final = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'",
    "X-Content-Type-Options": "nosniff",
}


async def list_bookings(context: TravellerContext) -> Response:
    """Upcoming or past visits under their days, bookings newest first, page by page."""
    query = context.request.query_params
    is_past = query.get("tab") == "past"
    before = parse_uuid(query.get("before", ""))
    async with context.sure_tx() as tx:
        found = await bookings_of(
            tx, context.services.vault, context.holder_id, before=before, limit=_PAGE_SIZE + 1
        )
    page, rest = found[:_PAGE_SIZE], found[_PAGE_SIZE:]
    found_tickets = [
        pair for one in page if one.lines for pair in tickets_of(one, context.now, context.locale)
    ]
    wanted = [pair for pair in found_tickets if pair[1].is_past == is_past]
    wanted.sort(key=lambda pair: pair[0].starts_at, reverse=is_past)
    days: dict[str, list[TicketView]] = {}
    for visit, ticket in wanted:
        days.setdefault(say_date(visit.first.on_date, context.locale), []).append(ticket)
    tab = {"tab": "past" if is_past else ""}
    return context.page(
        "bookings",
        tab="bookings",
        is_past=is_past,
        days=list(days.items()),
        more=with_query("/bookings", tab | {"before": page[-1].id}) if rest else "",
    )


async def show_booking(context: TravellerContext) -> Response:
    """One booking. `?done=` says which action led here, so the page can say that it worked."""
    async with context.sure_tx() as tx:
        view = await find(context, tx)
        if view is None or not view.lines:
            return context.not_found()
        facts = await facts_of(context, tx, view)
    done = context.request.query_params.get("done", "")
    outcomes = {"booked": Outcome.CONFIRMED, "moved": Outcome.RESCHEDULED, "cancelled": Outcome.CANCELLED}
    is_part_cancelled = done == "part-cancelled"
    outcome = Outcome.HELD if view.hold_until and done == "booked" else outcomes.get(done)
    phone, reached = view.party.contact_phone, context.services.settings.texts.prefixes
    return context.page(
        "booking",
        tab="bookings",
        no_texts=context.say(FIELD_WORDS["no_texts"]) if phone and not phone.startswith(reached) else "",
        view=booking_page(facts, context.locale),
        said=say(outcome, context.locale) if outcome is not None else None,
        part_cancelled=context.gettext("Cancelled. Everything else stays booked.")
        if is_part_cancelled
        else "",
    )


async def show_voucher(context: TravellerContext) -> Response:
    """The voucher alone, as it is now; the service worker keeps a copy that opens without a network."""
    async with context.sure_tx() as tx:
        view = await find(context, tx)
        if view is None or not view.lines:
            return context.not_found()
        facts = await facts_of(context, tx, view)
    if facts.qr is None:
        return redirect(f"/bookings/{view.id}")
    timezone = view.lines[0].timezone
    response = context.page(
        "voucher",
        tab="bookings",
        view=booking_page(facts, context.locale),
        as_of=context.gettext("as of {at}", at=say_instant(context.now, context.locale, timezone)),
    )
    response.headers["Cache-Control"] = _VOUCHER_CACHE
    return response


async def show_worker(_request: Request) -> Response:
    """The service worker of the vouchers; it stands at /bookings/ because it may look after nothing else."""
    return Response(_worker(), media_type="text/javascript; charset=utf-8", headers=_WORKER_HEADERS)


@cache
def _worker() -> bytes:
    return files("wenyue.web.traveller").joinpath("voucher_worker.js").read_bytes()


async def confirm(context: TravellerContext) -> Response:
    """Confirm a hold; what is due is paid on site."""
    return await change_booking(context, confirm_booking, "booked")


async def back_to_booking(context: TravellerContext) -> Response:
    """Where a reload of an answer to a form leads."""
    booking_id = booking_id_of(context)
    return redirect(f"/bookings/{booking_id}") if booking_id else context.not_found()


routes = [
    get("/bookings", list_bookings, needs_login=True),
    Route("/bookings/voucher-worker.js", show_worker, methods=["GET", "HEAD"]),
    get("/bookings/{id}", show_booking, needs_login=True),
    get("/bookings/{id}/voucher", show_voucher, needs_login=True),
    *cancel_pages.routes,
    post("/bookings/{id}/confirm", confirm),
    get("/bookings/{id}/confirm", back_to_booking, needs_login=True),
    *reschedule_pages.routes,
]
