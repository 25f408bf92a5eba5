"""Booking, the hot path: pools, slots, holds, bookings. Owns the PostgreSQL schema `booking`.

`Engine` decides and commits in batches; `availability`, `booking_view` and `bookings_of` read.
"""

from wenyue.booking import by_others, findable, importing, later, opening, replanning, touched
from wenyue.booking.availability import SlotState, SlotView, availability
from wenyue.booking.engine import Engine
from wenyue.booking.facts import Rulebook, account_subject
from wenyue.booking.model import (
    Answer,
    BookingRequest,
    BookingState,
    ChangeKind,
    ChangeRequest,
    Channel,
    EventKind,
    Outcome,
    Visitor,
    WantedLine,
)
from wenyue.booking.oncard import on_card
from wenyue.booking.party import Party, PartyVisitor, open_party, seal_party
from wenyue.booking.pressure import Pressure, pressure
from wenyue.booking.reading import BookingView, LineView, booking_view, booking_views, bookings_of
from wenyue.booking.redeeming import (
    Admission,
    redeem,
    redeemable,
    sealed_parties,
    undo_redemption,
)

__all__ = [
    "Admission",
    "Answer",
    "BookingRequest",
    "BookingState",
    "BookingView",
    "ChangeKind",
    "ChangeRequest",
    "Channel",
    "Engine",
    "EventKind",
    "LineView",
    "Outcome",
    "Party",
    "PartyVisitor",
    "Pressure",
    "Rulebook",
    "SlotState",
    "SlotView",
    "Visitor",
    "WantedLine",
    "account_subject",
    "availability",
    "booking_view",
    "booking_views",
    "bookings_of",
    "by_others",
    "findable",
    "importing",
    "later",
    "on_card",
    "open_party",
    "opening",
    "pressure",
    "redeem",
    "redeemable",
    "replanning",
    "seal_party",
    "sealed_parties",
    "touched",
    "undo_redemption",
]
