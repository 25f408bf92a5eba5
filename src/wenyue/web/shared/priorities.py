"""In which class of work a route is let in when not everybody can be, and what a request has to prove for that.

A path alone proves nothing: whoever shows no login that fits is a STRANGER, answered like everybody, in a class of its own.
A route without a line here has the class of its area: at the gate GATE, in the console REPORT, elsewhere BROWSE when it
reads and HOLD when it changes something.
"""

from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType
from typing import Final

from wenyue.core.admission import Priority
from wenyue.web.shared.access import ACCESS


class Proof(Enum):
    """What lets a request into the class of its route."""

    NOTHING = auto()  # the class is for strangers
    TRAVELLER = auto()  # a traveller's login
    STAFF = auto()  # a login of a member of staff


Claim = tuple[Priority, Proof]

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# Where secrets are tried, by a card's holder, by staff, by who lost a card. The proxy has a limit by address for the same
# paths: see deploy/haproxy/haproxy.cfg.
_SIGN_IN: Final = ("POST /signin", "POST /activate", "POST /v1/session", "POST /v1/cards/activation")
_STAFF_SIGN_IN: Final = (
    *("POST /gate/signin", "POST /gate/signin/factor", "POST /gate/signin/enrolment", "POST /gate/clerk"),
    *("POST /console/signin", "POST /console/signin/factor", "POST /console/signin/enrolment"),
    *("POST /gate/enrol", "POST /v1/gate/session"),
)
_LOSS: Final = (
    *("POST /card/lost", "POST /card/lost/{id}", "POST /card/objection"),
    *("POST /v1/cards/lost", "POST /v1/cards/lost/{request_id}/code", "POST /v1/cards/objection"),
)
# They end what was begun: confirmation, cancellation, move.
_CONFIRM: Final = (
    *("POST /v1/bookings/{booking_id}/confirmation", "POST /v1/bookings/{booking_id}/cancellation"),
    *("POST /v1/bookings/{booking_id}/reschedule", "POST /bookings/{id}/cancel"),
    *("POST /bookings/{id}/confirm", "POST /bookings/{id}/reschedule"),
)
_DECLARED: Final[Mapping[str, Claim]] = {
    **dict.fromkeys(_SIGN_IN, (Priority.SIGN_IN, Proof.NOTHING)),
    **dict.fromkeys(_STAFF_SIGN_IN, (Priority.STAFF_SIGN_IN, Proof.NOTHING)),
    **dict.fromkeys(_LOSS, (Priority.LOSS, Proof.NOTHING)),
    **dict.fromkeys(_CONFIRM, (Priority.CONFIRM, Proof.TRAVELLER)),
}
_AREAS: Final = (
    ("/v1/gate", (Priority.GATE, Proof.STAFF)),
    ("/gate", (Priority.GATE, Proof.STAFF)),
    ("/console", (Priority.REPORT, Proof.STAFF)),
)


def usual_claim(method: str, path: str) -> Claim:
    """The class of a route that declares none, and of a path that no route has."""
    for prefix, claim in _AREAS:
        if path.startswith(prefix):
            return claim
    return (Priority.BROWSE if method in SAFE else Priority.HOLD), Proof.TRAVELLER


CLAIMS: Final[Mapping[str, Claim]] = MappingProxyType(
    {route: _DECLARED.get(route) or usual_claim(*route.split(" ", 1)) for route in ACCESS}
)
if unknown := _DECLARED.keys() - ACCESS.keys():
    raise LookupError(
        f"{', '.join(sorted(unknown))}: {__name__} declares classes of routes that nobody may use"
    )
