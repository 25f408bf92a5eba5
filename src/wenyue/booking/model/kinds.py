"""What kinds there are of what a booking goes through: its states, where it came from, what is told about it."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from wenyue.events import BookingEvent, Event, kinds


class BookingState(IntEnum):
    """A booking's life. HELD and CONFIRMED draw from pools; a NO_SHOW keeps what it drew."""

    HELD = 1
    CONFIRMED = 2
    CANCELLED = 3
    EXPIRED = 4
    NO_SHOW = 5


class Channel(IntEnum):
    """Where a booking came from; a slot may keep a reserve (a pool of its own) for a channel."""

    ONLINE = 1
    PHONE = 2
    WINDOW = 3
    GROUP = 4
    OTA = 5
    ELDERLY = 6
    EMERGENCY = 7


class EventKind(IntEnum):
    """What travellers are told about a booking; messages are kept under its number."""

    CONFIRMED = 1
    HELD = 2
    CANCELLED = 3
    RESCHEDULED = 4
    EXPIRED = 5
    NO_SHOW = 6
    DISOWNED = 7
    REDUCED = 8

    @property
    def event(self) -> type[BookingEvent]:
        """The event of the log that it is."""
        return _EVENTS[self]

    @classmethod
    def of(cls, event: type[Event]) -> "EventKind":
        """What kind an event of the log is. Raises KeyError for one of which travellers are not told."""
        return _KINDS[event]


_EVENTS: Final[Mapping[EventKind, type[BookingEvent]]] = {
    EventKind.CONFIRMED: kinds.BookingConfirmed,
    EventKind.HELD: kinds.BookingHeld,
    EventKind.CANCELLED: kinds.BookingCancelled,
    EventKind.RESCHEDULED: kinds.BookingMoved,
    EventKind.EXPIRED: kinds.BookingExpired,
    EventKind.NO_SHOW: kinds.BookingNotCome,
    EventKind.DISOWNED: kinds.PlaceDisowned,
    EventKind.REDUCED: kinds.BookingReduced,
}
_KINDS: Final[Mapping[type[Event], EventKind]] = {one: kind for kind, one in _EVENTS.items()}
