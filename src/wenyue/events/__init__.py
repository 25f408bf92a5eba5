"""What happened, told to everybody whom it concerns: a log in the database, and subscribers with positions of their own.

Whoever changes something calls `append` in its own transaction; `kinds` has the types of what can happen. A worker calls
`tell_next` and `tell_again` for each subscriber; one that fails or is slow delays nobody else.
Owns the PostgreSQL schema `events`.
"""

from wenyue.events import kinds, operating
from wenyue.events.decoding import Happened
from wenyue.events.delivery import due, register, tell_again, tell_next
from wenyue.events.kinds import TYPES, BookingEvent, Event, kind_of
from wenyue.events.store import APPEND, Lag, append, drop_old, lags
from wenyue.events.subscriber import Handler, Subscriber

__all__ = [
    "APPEND",
    "TYPES",
    "BookingEvent",
    "Event",
    "Handler",
    "Happened",
    "Lag",
    "Subscriber",
    "append",
    "drop_old",
    "due",
    "kind_of",
    "kinds",
    "lags",
    "operating",
    "register",
    "tell_again",
    "tell_next",
]
