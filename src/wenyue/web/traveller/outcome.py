"""The page of an answer that is not a success: why, what it cost, what to do, and the same request to be asked again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from wenyue.booking import Answer, Outcome
from wenyue.web.traveller.context import TravellerContext
from wenyue.web.wording.outcomes import say

_ASK_AGAIN_AFTER_S: Final = (2, 3, 5, 8)
_TRIES_MAX: Final = 20
_TRANSIENT_STATUS: Final = 503
_REFUSED_STATUS: Final = 409


@dataclass(frozen=True, slots=True)
class AskAgain:
    """The same request once more. `after_s`: when the page sends it by itself (0: only when pressed)."""

    action: str
    fields: Sequence[tuple[str, str]]
    after_s: int


def refusal(
    context: TravellerContext,
    answer: Answer,
    *,
    again: tuple[str, Sequence[tuple[str, str]]],
    is_change: bool = False,
    about: str = "",
    actions: Sequence[tuple[str, str, bool]] = (),
) -> Response:
    """Say `answer`. A transient one carries the same request (`again`: path and fields), sent again by itself."""
    outcome = answer.outcome
    repeat: AskAgain | None = None
    if outcome.is_transient:
        tries = context.form.number("_tries", 0, _TRIES_MAX) or 0
        after_s = _ASK_AGAIN_AFTER_S[tries] if tries < len(_ASK_AGAIN_AFTER_S) else 0
        repeat = AskAgain(again[0], [*again[1], ("_tries", str(min(tries + 1, _TRIES_MAX)))], after_s)
    number = answer.booking_id.hex[-12:].upper() if outcome is Outcome.UNKNOWN else ""
    default = (
        ((f"/bookings/{answer.booking_id}", context.gettext("Show the booking"), True),) if is_change else ()
    )
    return context.page(
        "outcome",
        tab="bookings" if is_change else "trip",
        status=_TRANSIENT_STATUS if outcome.is_transient else _REFUSED_STATUS,
        said=say(
            outcome,
            context.locale,
            at=answer.at,
            reached=answer.reached,
            lines=answer.lines,
            is_change=is_change,
        ),
        tone="wait" if outcome.is_transient else "bad",
        about=about,
        again=repeat,
        again_label="",
        number=number,
        actions=(*actions, *default, ("/", context.pgettext("link back", "Home"), False)),
    )
