"""What can have happened. A type is an event's name, its version and its fields; every one names whom it is about.

Personal data never stands in an event: ids, days, numbers and codes only. A subscriber that needs more reads it, under the rules
for reading it. A change of a type's fields that an older reader would not understand is a new `version`.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, ClassVar, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

KindOfDay = Literal["workday", "weekend", "holiday"]
Code = Annotated[str, Meta(max_length=200)]  # as operators and presets name a type of card, a waiting room


class Event(Struct, frozen=True, tag_field="kind"):
    """Something that happened to `subject`."""

    version: ClassVar[int] = 1

    @property
    def subject(self) -> str:
        """Whom it is about: events of one subject are handled in their order."""
        raise NotImplementedError


class BookingEvent(Event, frozen=True):
    """Something that happened to a booking."""

    booking_id: UUID

    @property
    def subject(self) -> str:
        """The booking."""
        return f"booking:{self.booking_id}"


class BookingConfirmed(BookingEvent, frozen=True, tag="booking.confirmed"):
    """It is confirmed: at once, or after a hold."""


class BookingHeld(BookingEvent, frozen=True, tag="booking.held"):
    """Its places are held for a while."""


class BookingCancelled(BookingEvent, frozen=True, tag="booking.cancelled"):
    """It was given back."""


class BookingReduced(BookingEvent, frozen=True, tag="booking.reduced"):
    """Some of its lines, or some people's places, were given back; the rest stands."""


class BookingMoved(BookingEvent, frozen=True, tag="booking.moved"):
    """It has other sessions than before."""


class BookingExpired(BookingEvent, frozen=True, tag="booking.expired"):
    """Its hold ran out."""


class BookingNotCome(BookingEvent, frozen=True, tag="booking.not_come"):
    """Nobody came."""


class PlaceDisowned(BookingEvent, frozen=True, tag="booking.place_disowned"):
    """A person took out the place that others had booked for them."""


class _PlaceEvent(BookingEvent, frozen=True):
    line_no: int
    visitor_no: int
    venue_id: int
    scan_id: UUID


class BookingRedeemed(_PlaceEvent, frozen=True, tag="booking.redeemed"):
    """A gate let somebody in on one of its places."""


class AdmissionTakenBack(_PlaceEvent, frozen=True, tag="booking.taken_back"):
    """… and took that back."""


class CardEvent(Event, frozen=True):
    """Something that happened to a card."""

    card_id: int

    @property
    def subject(self) -> str:
        """The card."""
        return f"card:{self.card_id}"


class CardIssued(CardEvent, frozen=True, tag="card.issued"):
    """It was printed or shipped."""

    type_code: Code


class CardActivated(CardEvent, frozen=True, tag="card.activated"):
    """It has a holder."""


class CardBegan(CardEvent, frozen=True, tag="card.began"):
    """Its validity began with the first visit."""


class CardFrozen(CardEvent, frozen=True, tag="card.frozen"):
    """Its loss was reported (挂失)."""


class CardThawed(CardEvent, frozen=True, tag="card.thawed"):
    """It was found again (解挂)."""


class CardReplaced(CardEvent, frozen=True, tag="card.replaced"):
    """It has another number (补卡)."""


class CompanionAdded(CardEvent, frozen=True, tag="card.companion_added"):
    """Somebody was named on it."""


class CompanionRemoved(CardEvent, frozen=True, tag="card.companion_removed"):
    """… and is not any more."""


class CardTypeExtended(Event, frozen=True, tag="card_type.extended"):
    """Cards that were valid during a suspension are valid for longer."""

    type_code: Code
    from_day: date
    to_day: date
    days: int

    @property
    def subject(self) -> str:
        """The type."""
        return f"card_type:{self.type_code}"


class VenueEvent(Event, frozen=True):
    """Something that happened to what a venue sells."""

    venue_id: int

    @property
    def subject(self) -> str:
        """The venue."""
        return f"venue:{self.venue_id}"


class _SlotsEvent(VenueEvent, frozen=True):
    product_id: int | None  # None: all of the venue's
    from_day: date
    to_day: date


class SlotsClosed(_SlotsEvent, frozen=True, tag="slots.closed"):
    """Sessions of these days are closed."""


class SlotsReopened(_SlotsEvent, frozen=True, tag="slots.reopened"):
    """A closure of these days was lifted."""


class ProductRepriced(VenueEvent, frozen=True, tag="product.repriced"):
    """Places cost something else on some of these days."""

    product_id: int
    from_day: date
    to_day: date


class SlotCapacitySet(VenueEvent, frozen=True, tag="slot.capacity_set"):
    """A session has room for so many."""

    slot_id: int
    capacity: int


class DayCapacitySet(VenueEvent, frozen=True, tag="day.capacity_set"):
    """A venue's day has room for so many."""

    on_date: date
    capacity: int


class CalendarEntered(Event, frozen=True, tag="calendar.entered"):
    """Dates are of another kind by an official notice. `was`: of each date from the first on, the kind that it had."""

    from_day: date
    to_day: date
    was: tuple[KindOfDay, ...]

    @property
    def subject(self) -> str:
        """The one calendar."""
        return "calendar:holidays"


class RoomEvent(Event, frozen=True):
    """Something that happened to a waiting room."""

    room_code: Code

    @property
    def subject(self) -> str:
        """The room."""
        return f"room:{self.room_code}"


class RoomOpened(RoomEvent, frozen=True, tag="room.opened"):
    """People can wait in it."""


class RoomReleased(RoomEvent, frozen=True, tag="room.released"):
    """Its order was drawn."""


class RoomClosed(RoomEvent, frozen=True, tag="room.closed"):
    """It is over."""


class AccountEvent(Event, frozen=True):
    """Something that happened to a traveller's account."""

    account_id: int

    @property
    def subject(self) -> str:
        """The account."""
        return f"account:{self.account_id}"


class AccountOpened(AccountEvent, frozen=True, tag="account.opened"):
    """Somebody has one now."""


class DocumentSeen(AccountEvent, frozen=True, tag="account.document_seen"):
    """Staff saw the document of whose it is."""


class ClaimLost(AccountEvent, frozen=True, tag="account.claim_lost"):
    """Its document was only typed, and is somebody else's."""


class StaffEvent(Event, frozen=True):
    """Something that happened to a member of staff."""

    staff_id: int

    @property
    def subject(self) -> str:
        """The member of staff."""
        return f"staff:{self.staff_id}"


class StaffSaved(StaffEvent, frozen=True, tag="staff.saved"):
    """They joined, came back, or have a new password: what they were signed in with ended."""


class StaffRetired(StaffEvent, frozen=True, tag="staff.retired"):
    """They left."""


class DutiesSet(StaffEvent, frozen=True, tag="staff.duties_set"):
    """They may do other things than before."""


class ImportEvent(Event, frozen=True):
    """Something that came from another system."""

    source: Code

    @property
    def subject(self) -> str:
        """The other system's data."""
        return f"import:{self.source}"


class BookingsImported(ImportEvent, frozen=True, tag="import.bookings"):
    """So many reservations of it were written, in one transaction."""

    bookings: int


class CardsImported(ImportEvent, frozen=True, tag="import.cards"):
    """So many cards of it were written, and so many changed, in one transaction."""

    new: int
    changed: int


class ProductsImported(ImportEvent, frozen=True, tag="import.products"):
    """So many products of a list were made, and so many changed."""

    new: int
    changed: int


class SessionsImported(ImportEvent, frozen=True, tag="import.sessions"):
    """A list had so many sessions opened."""

    sessions: int


class VenuesImported(ImportEvent, frozen=True, tag="import.venues"):
    """So many venues of a list were made, and so many changed."""

    new: int
    changed: int


def kind_of(event: type[Event] | Event) -> str:
    """The event's name, as it is stored. Raises TypeError for a type that was given none."""
    tag = event.__struct_config__.tag
    if not isinstance(tag, str):
        raise TypeError(f"{event} has no name")
    return tag


def _types(parent: type[Event]) -> list[type[Event]]:
    found = [parent] if isinstance(parent.__struct_config__.tag, str) and "." in kind_of(parent) else []
    return found + [one for child in parent.__subclasses__() for one in _types(child)]


TYPES: Final[Mapping[str, type[Event]]] = {kind_of(one): one for one in _types(Event)}
