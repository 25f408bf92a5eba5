"""The booking slice's nouns: requests, outcomes, the facts a decision is made from. Pure."""

from wenyue.booking.model.facts import (
    BANNED_ANY_POLICY,
    ExistingBooking,
    LineFacts,
    OpenLine,
    PoolFacts,
    SlotFacts,
)
from wenyue.booking.model.kinds import BookingState, Channel, EventKind
from wenyue.booking.model.outcomes import Outcome
from wenyue.booking.model.requests import (
    Answer,
    BookingRequest,
    ChangeKind,
    ChangeRequest,
    Visitor,
    WantedLine,
)

__all__ = [
    "BANNED_ANY_POLICY",
    "Answer",
    "BookingRequest",
    "BookingState",
    "ChangeKind",
    "ChangeRequest",
    "Channel",
    "EventKind",
    "ExistingBooking",
    "LineFacts",
    "OpenLine",
    "Outcome",
    "PoolFacts",
    "SlotFacts",
    "Visitor",
    "WantedLine",
]
