"""The booking that a path names, what its pages are made from, and a change asked of it with its answer."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from starlette.responses import Response

from wenyue.application import Denied, Traveller
from wenyue.booking import Answer, BookingView, Outcome, booking_view
from wenyue.catalogue import venues_by_id
from wenyue.container import Services
from wenyue.core.ids import parse_uuid
from wenyue.core.limits import LINES_MAX
from wenyue.platform.database.db import Tx
from wenyue.web.shared.request_context import redirect
from wenyue.web.traveller.booking_views import BookingFacts
from wenyue.web.traveller.context import TravellerContext, with_pairs
from wenyue.web.traveller.denials import denied
from wenyue.web.traveller.outcome import refusal
from wenyue.web.traveller.voucher import voucher_code


def booking_id_of(context: TravellerContext) -> UUID | None:
    """The booking id in the path."""
    return parse_uuid(str(context.request.path_params["id"]))


async def find(context: TravellerContext, tx: Tx) -> BookingView | None:
    """The traveller's own booking that the path names."""
    booking_id = booking_id_of(context)
    if booking_id is None:
        return None
    return await booking_view(tx, context.services.vault, booking_id, holder_id=context.holder_id)


async def facts_of(context: TravellerContext, tx: Tx, view: BookingView) -> BookingFacts:
    """What the booking's pages are made from."""
    known = await venues_by_id(tx, sorted({line.venue_id for line in view.lines})[:LINES_MAX])
    qr = voucher_code(context.services, view, context.now)
    return BookingFacts(view, known, context.services.presets, context.now, qr)


Change = Callable[[Services, Traveller, UUID], Awaitable[Answer | Denied]]


async def change_booking(
    context: TravellerContext, change: Change, done: str, again_with: Sequence[tuple[str, str]] = ()
) -> Response:
    """Ask for the change and say its answer. `again_with`: what a repeated request carries besides line, slot, price."""
    booking_id = booking_id_of(context)
    if booking_id is None:
        return context.not_found()
    answer = await change(context.services, context.traveller, booking_id)
    fields = [(name, context.form.one(name)) for name in ("line", "slot", "price") if context.form.one(name)]
    fields.extend(again_with)
    again = context.request.url.path
    if isinstance(answer, Denied):
        return denied(context, answer, again=(again, fields))
    if answer.outcome.is_success:
        return redirect(f"/bookings/{booking_id}?done={done}")
    if answer.outcome is Outcome.NOT_FOUND:
        return context.not_found()
    actions: tuple[tuple[str, str, bool], ...] = ()
    if answer.outcome is Outcome.PRICE_CHANGED:  # the sessions with their prices of now
        where = [(name, context.form.one(name)) for name in ("line", "day") if context.form.one(name)]
        actions = ((with_pairs(again, [*where, *again_with]), context.gettext("Show the new price"), True),)
    return refusal(context, answer, again=(again, fields), is_change=True, actions=actions)
