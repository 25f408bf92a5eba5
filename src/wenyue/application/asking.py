"""Whether an account may ask for places now, before anybody looks whether there are any. No database is asked."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from msgspec import Struct

from wenyue.application.actors import Traveller
from wenyue.container import Services
from wenyue.core.admission import booking_tokens
from wenyue.waiting_room import Refusal, Wanted


class Denial(StrEnum):
    """Why the engine was not asked."""

    BLOCKED = "account_blocked"  # unusual use of the account was noticed
    TOO_OFTEN = "too_often"  # one person asks for more than PersonLimit allows
    WAITING_ROOM = "waiting_room"  # a session is behind a waiting room
    PRICE_NEEDED = "price_needed"  # a line that money pays for does not say which price was shown


class Denied(Struct, frozen=True, gc=False):
    """Nothing was decided or changed.

    `line`: the one without a price; `room`: where to wait, or that it is not known yet; `after_s`: when to ask again.
    """

    reason: Denial
    line: int | None = None
    room: Refusal | None = None
    after_s: int = 0


class Allowance(Struct, frozen=True, gc=False):
    """What is left of an account's limit of requests, and after how many seconds all of it is there again."""

    left: int
    full_in_s: int


def count_request(services: Services, traveller: Traveller) -> tuple[Allowance, Denied | None]:
    """Count one request for places, and say why this account may not ask now, if it may not."""
    left, full_in_s, is_within = services.admission.persons.take(traveller.id)
    denied = None
    if not is_within:
        denied = _too_often(services)
    elif not services.may_book(traveller.id):
        denied = _BLOCKED
    return Allowance(left, full_in_s), denied


def check_size(services: Services, traveller: Traveller, *, lines: int, places: int) -> Denied | None:
    """Count what many lines and places cost beyond the one request that was counted."""
    if places == 1 and lines == 1:
        return None
    persons = services.admission.persons
    cost = booking_tokens(persons.limit, lines=lines, places=places)
    return _too_often(services) if cost > 1 and not persons.take(traveller.id, cost - 1)[2] else None


def check_turn(
    services: Services, traveller: Traveller, lines: Iterable[Wanted], room_tokens: str
) -> Denied | None:
    """Whether the turn has come for every session behind a waiting room. `room_tokens`: the tokens presented, by commas."""
    refusal = services.room.refuse(traveller.id, lines, room_tokens)
    return Denied(Denial.WAITING_ROOM, room=refusal) if refusal is not None else None


def _too_often(services: Services) -> Denied:
    limit = services.admission.persons.limit
    return Denied(Denial.TOO_OFTEN, after_s=int(1 / limit.refill_per_s) + 1)


_BLOCKED: Final = Denied(Denial.BLOCKED)
