"""What a use case says before the engine is asked, as a problem."""

from wenyue.application import Denial, Denied
from wenyue.web.api.bodies import price_needed
from wenyue.web.api.room_refused import RoomRefused
from wenyue.web.shared.problem import RequestRefused


def denied(why: Denied, locale: str) -> RequestRefused:
    """The problem to answer with."""
    if why.room is not None:
        return RoomRefused(why.room)
    if why.reason is Denial.PRICE_NEEDED:
        return price_needed(why.line or 0, locale)
    status = 429 if why.reason is Denial.TOO_OFTEN else 403
    return RequestRefused(status, why.reason.value, after_s=why.after_s)
