"""Booking, the hot path: pools, slots, holds, bookings. Owns the PostgreSQL schema `booking`.

`Engine` decides and commits in batches; `availability`, `booking_view` and `bookings_of` read.
"""

from wenyue.booking import tasks
from wenyue.booking.decisions.facts import Rulebook, account_subject
from wenyue.booking.engine.engine import Engine
from wenyue.booking.engine.pressure import pressure
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
from wenyue.booking.persistence import by_others, findable
from wenyue.booking.persistence.party import Party, PartyVisitor, open_party, seal_party
from wenyue.booking.persistence.queries import BookingView, LineView, booking_view, booking_views, bookings_of
from wenyue.booking.persistence.redemption import (
    Admission,
    redeem,
    redeemable,
    sealed_parties,
    undo_redemption,
)
from wenyue.booking.slots import importing, outlook, replanning, slot_planning, touched
from wenyue.booking.slots.availability import SlotState, SlotView, availability
from wenyue.booking.slots.card_eligibility import on_card

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
    "on_card",
    "open_party",
    "outlook",
    "pressure",
    "redeem",
    "redeemable",
    "replanning",
    "seal_party",
    "sealed_parties",
    "slot_planning",
    "tasks",
    "touched",
    "undo_redemption",
]
