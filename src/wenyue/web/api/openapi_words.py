"""What the API's description says in prose: about the whole, its parts, and examples of bodies."""

from collections.abc import Mapping
from typing import Any, Final

from wenyue.locale import Message

ABOUT: Final = """\
Reservations for smart tourism cards: read the catalogue, activate a card, see live availability, book, change, cancel,
admit at the gate.

**Sign in**: `POST /v1/session` with card number and PIN gives a bearer token for the `Authorization` header.

**Errors** are problem details (RFC 9457, `application/problem+json`): `outcome` is stable and for programs, `title`, `detail`
and `next` are for people, in the language of `?lang=` or `Accept-Language` (`zh-CN`, `en`), else in Chinese. `errors` names
every invalid field. All codes are listed at `/docs/problems`.

**Send again**: every write is idempotent. A booking's id is minted by the client and repeated on a retry; changes say the same
again; a replacement has its `Idempotency-Key`. After a 503, wait `Retry-After` seconds and send the same request.

**Pages**: lists take `limit` (at most 100) and `cursor`; `next` of one page is the `cursor` of
the following one, null on the last.

**Values**: instants are RFC 3339, days are days at the venue, money is integer minor units (fen for yuan).
"""

TAGS: Final[tuple[Mapping[str, str], ...]] = (
    {"name": "catalogue", "description": "Venues, products and what is left."},
    {"name": "cards", "description": "Activation, loss and replacement of a card."},
    {"name": "session", "description": "Sign in with a card."},
    {"name": "bookings", "description": "Book, look up, confirm, cancel, reschedule."},
    {"name": "rooms", "description": "Waiting rooms: a fair queue in front of the release of scarce places."},
    {"name": "visitors", "description": "The people a traveller books for."},
    {"name": "gate", "description": "For turnstiles and handheld terminals: scan, take back."},
)

TAG_NAMES: Final[Mapping[str, Message]] = {
    "catalogue": Message.in_context("operations", "Catalogue"),
    "cards": Message.in_context("operations", "Cards"),
    "session": Message.in_context("operations", "Session"),
    "bookings": Message.in_context("operations", "Bookings"),
    "rooms": Message.in_context("operations", "Waiting rooms"),
    "visitors": Message.in_context("operations", "Visitors"),
    "gate": Message.in_context("operations", "Gate"),
}

SUMMARIES: Final[Mapping[str, Message]] = {
    "GET /v1/venues": Message.in_context("operation", "List venues"),
    "GET /v1/venues/{code}": Message.in_context("operation", "Get a venue"),
    "GET /v1/products/{product_id}": Message.in_context("operation", "Get a product"),
    "GET /v1/availability": Message.in_context("operation", "Check availability"),
    "POST /v1/cards/activation": Message.in_context("operation", "Activate a card"),
    "POST /v1/cards/{card_no}/loss": Message.in_context("operation", "Report a card lost"),
    "POST /v1/cards/{card_no}/replacement": Message.in_context("operation", "Replace a lost card"),
    "POST /v1/cards/lost": Message.in_context("operation", "Lost card: get a code"),
    "POST /v1/cards/lost/{request_id}/code": Message.in_context("operation", "Lost card: verify and sign in"),
    "POST /v1/cards/objection": Message.in_context("operation", "Stop a replacement"),
    "POST /v1/gate/cards/replacement": Message.in_context("operation", "Replace a card at the counter"),
    "POST /v1/gate/cards/objection": Message.in_context("operation", "Stop a replacement at the counter"),
    "GET /v1/cards/{card_id}/availability": Message.in_context("operation", "Check what my card covers"),
    "POST /v1/session": Message.in_context("operation", "Sign in"),
    "GET /v1/session": Message.in_context("operation", "Current account"),
    "DELETE /v1/session": Message.in_context("operation", "Sign out"),
    "POST /v1/bookings": Message.in_context("operation", "Make a booking"),
    "GET /v1/bookings": Message.in_context("operation", "List my bookings"),
    "GET /v1/bookings/{booking_id}": Message.in_context("operation", "Get a booking"),
    "POST /v1/bookings/{booking_id}/confirmation": Message.in_context("operation", "Confirm a booking"),
    "POST /v1/bookings/{booking_id}/cancellation": Message.in_context("operation", "Cancel a booking"),
    "POST /v1/bookings/{booking_id}/reschedule": Message.in_context("operation", "Reschedule"),
    "GET /v1/visitors": Message.in_context("operation", "List my visitors"),
    "POST /v1/visitors": Message.in_context("operation", "Add a visitor"),
    "DELETE /v1/visitors/{visitor_id}": Message.in_context("operation", "Remove a visitor"),
    "POST /v1/names": Message.in_context("operation", "Add a spelling of my name"),
    "GET /v1/places-by-others": Message.in_context("operation", "List places others booked for me"),
    "POST /v1/places-by-others/{slot_id}/disowning": Message.in_context(
        "operation", "Give back a place that isn't mine"
    ),
    "POST /v1/gate/places": Message.in_context("operation", "At the counter: places booked by others"),
    "POST /v1/gate/holders": Message.in_context("operation", "At the counter: settle whose document it is"),
    "POST /v1/rooms/{event}/pass": Message.in_context("operation", "Get a pass for the waiting room"),
    "POST /v1/rooms/{event}/token": Message.in_context("operation", "Enter when it's your turn"),
    "POST /v1/gate/session": Message.in_context("operation", "Sign in as staff"),
    "DELETE /v1/gate/session": Message.in_context("operation", "Sign out as staff"),
    "POST /v1/gate/scans": Message.in_context("operation", "Scan a visitor"),
    "POST /v1/gate/scans/{scan_id}/undo": Message.in_context("operation", "Undo an admission"),
    "POST /v1/gate/lookups": Message.in_context("operation", "Look up a visitor"),
}

_PERSON: Final[Mapping[str, Any]] = {"name": "张演示", "number": "11010519491231002X"}
EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "POST /v1/session": {"card_no": "6000202600000019", "pin": "20260001"},
    "POST /v1/cards/activation": {"card_no": "6000202600000019", "pin": "20260001", **_PERSON},
    "POST /v1/cards/lost": {
        "id": "0199a3c0-7b52-7c41-9a1e-3f6d5c2b1a02",
        **_PERSON,
        "phone": "13800138000",
    },
    "POST /v1/cards/lost/{request_id}/code": {"code": "123456"},
    "POST /v1/cards/objection": {"code": "ABCDE-FGHJK"},
    "POST /v1/gate/cards/replacement": {
        "id": "0199a3c0-7b52-7c41-9a1e-3f6d5c2b1a03",
        "card_no": "6000202600000019",
        **_PERSON,
    },
    "POST /v1/gate/cards/objection": {**_PERSON},
    "POST /v1/visitors": {**_PERSON, "phone": "13800138000"},
    "POST /v1/names": {"name": "ZHANG YANSHI"},
    "POST /v1/gate/places": {"venue": "lingyin", **_PERSON, "slot_id": 1},
    "POST /v1/gate/holders": {"venue": "lingyin", **_PERSON, "card_nos": ["6000202600000019"]},
    "POST /v1/bookings": {
        "id": "0199a3c0-7b52-7c41-9a1e-3f6d5c2b1a00",
        "lines": [{"slot_id": 1, "quantity": 1, "visitors": [0], "on_card": True}],
        "visitors": [_PERSON],
        "card_id": 1,
    },
    "POST /v1/bookings/{booking_id}/cancellation": {"reason": "行程有变"},
    "POST /v1/bookings/{booking_id}/reschedule": {"moves": [{"line_no": 0, "slot_id": 2}]},
    "POST /v1/rooms/{event}/pass": {"pass": ""},
    "POST /v1/rooms/{event}/token": {"pass": "wyp1_AAAAAQAAAAAAAAAqAAAAAAAAAACzNfPEaqZr6_0PXDVEvMfM"},
    "POST /v1/gate/session": {"login": "gate", "password": "…"},
    "POST /v1/gate/scans": {
        "scan_id": "0199a3c0-7b52-7c41-9a1e-3f6d5c2b1a01",
        "venue": "lingyin",
        "gate": "北门",
        "presented": "11010519491231002X",
    },
    "POST /v1/gate/scans/{scan_id}/undo": {"reason": "扫错了人"},
    "POST /v1/gate/lookups": {"venue": "lingyin", "kind": "name", "text": "张演示"},
}
