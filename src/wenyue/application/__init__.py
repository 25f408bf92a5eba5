"""What a person can do with Wenyue, written once: one use case a module.

A use case is a function of (services, actor, request) and returns an outcome. It asks the rules, and opens the transaction
when something changes. The API, the pages, the gate, imports, jobs and commands turn what they were sent into a request and
the outcome into an answer; they decide nothing.
"""

from wenyue.application.actors import Traveller
from wenyue.application.asking import Allowance, Denial, Denied
from wenyue.application.booking_request import Details
from wenyue.application.cancel_places import Part, cancel_places
from wenyue.application.change_booking import Move, cancel_booking, confirm_booking, move_lines
from wenyue.application.people import Person, person_of_document, person_of_record
from wenyue.application.place_booking import PlaceBooking, Placed, place_booking

__all__ = [
    "Allowance",
    "Denial",
    "Denied",
    "Details",
    "Move",
    "Part",
    "Person",
    "PlaceBooking",
    "Placed",
    "Traveller",
    "cancel_booking",
    "cancel_places",
    "confirm_booking",
    "move_lines",
    "person_of_document",
    "person_of_record",
    "place_booking",
]
