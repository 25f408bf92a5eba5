"""The page of what a use case says before the engine is asked."""

from collections.abc import Sequence

from starlette.responses import Response

from wenyue.application import Denial, Denied
from wenyue.web.traveller.context import TravellerContext
from wenyue.web.traveller.outcome import AskAgain
from wenyue.web.traveller.room_pages import must_wait
from wenyue.web.wording.outcomes import Said, Taken


def denied(
    context: TravellerContext, why: Denied, *, again: tuple[str, Sequence[tuple[str, str]]]
) -> Response:
    """Say why, and what to do. `again`: path and fields of the same request, which may be sent once more."""
    if why.room is not None:
        return must_wait(context, why.room)
    if why.reason is Denial.TOO_OFTEN:
        return _too_often(context, why, AskAgain(*again, after_s=0))
    if why.reason is Denial.BLOCKED:
        return _blocked(context)
    return context.message(
        context.gettext("Something is missing"),
        context.gettext(
            "The price you saw is missing from the request. Nothing was booked or charged. "
            "Go back to your trip and submit again."
        ),
        status=422,
        actions=(("/trip", context.gettext("Back to my trip"), True),),
    )


def _blocked(context: TravellerContext) -> Response:
    """Unusual use was noticed of this account: it gets no new places for a time, by a booking or by a move."""
    return context.message(
        context.gettext("This account can't book for now"),
        context.gettext(
            "We noticed unusual activity. Nothing was changed, and your bookings are safe. "
            "If this is a mistake, contact the operator."
        ),
        status=403,
    )


def _too_often(context: TravellerContext, why: Denied, again: AskAgain) -> Response:
    said = Said(
        why.reason.value,
        context.gettext("Too many tries"),
        context.gettext("This account submitted too many requests in a short time, so nothing was done."),
        context.gettext("Your choices are saved. Submit again in {n} seconds.", n=why.after_s),
        Taken.NOTHING.value.say(context.locale),
    )
    response = context.page(
        "outcome",
        tab="trip",
        status=429,
        said=said,
        tone="wait",
        about="",
        again=again,
        again_label=context.gettext("Submit again"),
        number="",
        actions=(("/", context.pgettext("link back", "Home"), False),),
    )
    response.headers["Retry-After"] = str(why.after_s)
    return response
