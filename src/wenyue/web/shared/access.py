"""Who may use which route: one line for each, whatever face it belongs to. What staff may do is a right (`core.duties`).

Pages of gate and console look their line up when they are made, staff's JSON routes when they are asked; the others check in
their own way, and a test asks every route as everybody. A route without a line is an error.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from wenyue.core.duties import Right


class Who(StrEnum):
    """Who may use a route that no right of staff opens."""

    EVERYBODY = "everybody"  # also to sign in: the secret is in the request
    TRAVELLER = "traveller"  # signed in, for what is their own
    STAFF = "staff"  # any member of staff, for themselves
    MACHINE = "machine"  # this machine's own, or whoever has the token of the figures


Access = Who | Right
_OPEN: Final = (
    *("GET /", "GET /venues", "GET /venues/{code}", "GET /static/{name}", "HEAD /static/{name}"),
    *("GET /pictures/scenes/{name}", "HEAD /pictures/scenes/{name}"),
    *("GET /pictures/{name}", "HEAD /pictures/{name}"),
    *("GET /{path:path}", "HEAD /{path:path}", "POST /preferences", "GET /bookings/voucher-worker.js"),
    *("GET /signin", "POST /signin", "POST /signout", "GET /activate", "POST /activate"),
    *("GET /card/lost", "POST /card/lost", "GET /card/lost/{id}", "POST /card/lost/{id}"),
    *("GET /card/objection", "POST /card/objection", "GET /trip", "POST /trip/add", "POST /trip/remove"),
    *(
        "GET /room/{event}",
        "POST /room/{event}/enter",
        "GET /docs",
        "GET /docs/problems",
        "GET /openapi.json",
    ),
    *("GET /healthz", "GET /readyz", "GET /v1/venues", "GET /v1/venues/{code}"),
    *(
        "GET /v1/products/{product_id}",
        "GET /v1/availability",
        "POST /v1/session",
        "POST /v1/cards/activation",
    ),
    *("POST /v1/cards/lost", "POST /v1/cards/lost/{request_id}/code", "POST /v1/cards/objection"),
    *(
        "GET /gate/signin",
        "POST /gate/signin",
        "POST /gate/signout",
        "GET /gate/ca.crt",
        "POST /v1/gate/session",
    ),
    *("GET /gate/enrol", "POST /gate/enrol", "GET /gate/clerk", "POST /gate/clerk"),
    *("GET /console/signin", "POST /console/signin", "POST /console/signout"),
    # the second step of whoever gave the right password: the half login is in the cookie
    *("GET /gate/signin/factor", "POST /gate/signin/factor"),
    *("GET /gate/signin/enrolment", "POST /gate/signin/enrolment"),
    *("GET /console/signin/factor", "POST /console/signin/factor"),
    *("GET /console/signin/enrolment", "POST /console/signin/enrolment"),
)
_TRAVELLERS: Final = (
    *(
        "GET /me",
        "GET /me/others",
        "POST /me/others",
        "POST /me/names",
        "GET /visitors/new",
        "POST /visitors/new",
    ),
    *("POST /visitors/{id}/remove", "POST /card/companions/remove", "GET /card/loss", "POST /card/loss"),
    *(
        "GET /card/replacement",
        "POST /card/replacement",
        "GET /card/pin",
        "POST /card/pin",
        "GET /trip/book",
        "POST /trip/book",
        "GET /trip/people",
    ),
    *(
        "POST /trip/people",
        "GET /trip/review",
        "GET /bookings",
        "GET /bookings/{id}",
        "GET /bookings/{id}/voucher",
    ),
    *("GET /bookings/{id}/cancel", "POST /bookings/{id}/cancel", "GET /bookings/{id}/confirm"),
    *("POST /bookings/{id}/confirm", "GET /bookings/{id}/reschedule", "POST /bookings/{id}/reschedule"),
    *("POST /v1/bookings", "GET /v1/bookings", "GET /v1/bookings/{booking_id}", "GET /v1/session"),
    *("POST /v1/bookings/{booking_id}/confirmation", "POST /v1/bookings/{booking_id}/cancellation"),
    *(
        "POST /v1/bookings/{booking_id}/reschedule",
        "DELETE /v1/session",
        "GET /v1/cards/{card_id}/availability",
    ),
    *("POST /v1/cards/{card_no}/loss", "POST /v1/cards/{card_no}/replacement", "GET /v1/places-by-others"),
    *(
        "POST /v1/places-by-others/{slot_id}/disowning",
        "POST /v1/names",
        "GET /v1/visitors",
        "POST /v1/visitors",
    ),
    *("DELETE /v1/visitors/{visitor_id}", "POST /v1/rooms/{event}/pass", "POST /v1/rooms/{event}/token"),
)
_STAFFS: Final = (
    *("DELETE /v1/gate/session", "GET /console/duties"),
    *("GET /console/me/password", "POST /console/me/password"),
    *("GET /console/me", "POST /console/me", "GET /console/me/factor", "POST /console/me/factor"),
)
_RIGHTS: Final[Mapping[str, Right]] = {
    "POST /v1/gate/scans": Right.GATE_SCAN,
    "POST /v1/gate/scans/{scan_id}/undo": Right.GATE_UNDO,
    "POST /v1/gate/lookups": Right.BOOKINGS_FIND,
    "POST /v1/gate/places": Right.PLACES_TAKE_BACK,
    "POST /v1/gate/holders": Right.HOLDERS_SETTLE,
    "POST /v1/gate/cards/replacement": Right.CARDS_REPLACE,
    "POST /v1/gate/cards/objection": Right.CARDS_STOP,
    "GET /gate": Right.GATE_SCAN,
    "GET /gate/scans": Right.GATE_SCAN,
    "POST /gate/scans": Right.GATE_SCAN,
    "GET /gate/undo": Right.GATE_UNDO,
    "POST /gate/undo": Right.GATE_UNDO,
    "GET /gate/setup": Right.BOOKINGS_FIND,  # gates and counters alike
    "POST /gate/setup": Right.BOOKINGS_FIND,
    "GET /gate/lookup": Right.BOOKINGS_FIND,
    "POST /gate/lookup": Right.BOOKINGS_FIND,
    "GET /gate/holders": Right.HOLDERS_SETTLE,
    "POST /gate/holders": Right.HOLDERS_SETTLE,
    "GET /gate/pin": Right.GATE_SCAN,
    "POST /gate/pin": Right.GATE_SCAN,
    "GET /console/devices": Right.DEVICES_MANAGE,
    "POST /console/devices": Right.DEVICES_MANAGE,
    "POST /console/devices/{id}/revoke": Right.DEVICES_MANAGE,
    "GET /console/record": Right.RECORD_READ,  # of the whole destination
    "GET /console/staff": Right.STAFF_MANAGE,
    "GET /console/staff/new": Right.STAFF_MANAGE,
    "POST /console/staff/new": Right.STAFF_MANAGE,  # each duty: where it is
    "GET /console/staff/{id}": Right.STAFF_MANAGE,
    "POST /console/staff/{id}": Right.STAFF_MANAGE,  # wherever they hold a duty
    "GET /console": Right.CONSOLE_VIEW,
    "GET /console/live": Right.CONSOLE_VIEW,
    "GET /console/live.json": Right.CONSOLE_VIEW,
    "GET /console/runbooks": Right.CONSOLE_VIEW,
    "GET /console/runbooks/{name}": Right.CONSOLE_VIEW,
    "GET /console/holidays": Right.HOLIDAYS_PREVIEW,
    "GET /console/sessions": Right.STAFF_MANAGE,
    "POST /console/sessions": Right.STAFF_MANAGE,
    "GET /console/changes": Right.CONSOLE_VIEW,
    "GET /console/changes/{id}": Right.CONSOLE_VIEW,
    "POST /console/changes/{id}": Right.CHANGES_REVIEW,  # and the right to what is asked: approve, review, take back
    "GET /console/changes/new": Right.SLOTS_CLOSE,  # each act asks for its own right, at the venue
    "GET /console/days": Right.SLOTS_CLOSE,
    "POST /console/changes/new": Right.SLOTS_CLOSE,
    "POST /console/holidays": Right.HOLIDAYS_PREVIEW,  # to propose them: `holidays.set`, for the whole destination
}
ACCESS: Final[Mapping[str, Access]] = MappingProxyType(
    {
        **dict.fromkeys(_OPEN, Who.EVERYBODY),
        **dict.fromkeys(_TRAVELLERS, Who.TRAVELLER),
        **dict.fromkeys(_STAFFS, Who.STAFF),
        **_RIGHTS,
        "GET /metrics": Who.MACHINE,
    }
)


def access_of(method: str, path: str) -> Access:
    """Who may use the route of this template. Raises LookupError: it has no line."""
    found = ACCESS.get(f"{method} {path}")
    if found is None:
        raise LookupError(f"{method} {path}: say in {__name__} who may use it")
    return found
