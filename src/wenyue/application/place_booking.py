"""A traveller books every line, or none."""

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from wenyue.accounts import LoginEnded
from wenyue.application.actors import Traveller
from wenyue.application.asking import Allowance, Denial, Denied, check_size, check_turn, count_request
from wenyue.application.booking_request import Details, booking_request, unpriced_line
from wenyue.booking import Answer, Outcome
from wenyue.container import Services
from wenyue.core.limits import BOOKING_DEADLINE_S


class RequestedLine(Protocol):
    """A line, as far as it is read before anything else: which slot, and how many places."""

    @property
    def slot_id(self) -> int:
        """Which slot."""
        ...

    @property
    def quantity(self) -> int:
        """How many places."""
        ...


class PlaceBooking(Struct, frozen=True):
    """A request to book. `id` was minted by whoever asks, and is the same when the same is asked again.

    `details` reads the rest, and is called only when the lines alone do not decide; it may raise what the face understands.
    `room_tokens`: the waiting rooms' tokens, by commas.
    """

    id: UUID
    lines: Sequence[RequestedLine]
    details: Callable[[], Details]
    room_tokens: str = ""


class Placed(Struct, frozen=True, gc=False):
    """What came of it, and what is left of the account's limit of requests."""

    outcome: Answer | Denied
    allowance: Allowance


async def place_booking(
    services: Services,
    traveller: Traveller,
    read: Callable[[], PlaceBooking],
    *,
    until: float = 0.0,
) -> Placed:
    """Book what `read` returns; it is called when the account may ask at all, and may raise what the face understands.

    Places that cost money are held, never confirmed at once, whether or not a hold was asked for. `until`: by when there
    is an answer, by `time.monotonic` (0: BOOKING_DEADLINE_S from now). Raises LoginEnded.
    """
    until = until or monotonic() + BOOKING_DEADLINE_S
    allowance, denied = count_request(services, traveller)
    if denied is None:
        return Placed(await _place(services, traveller, read(), until), allowance)
    return Placed(denied, allowance)


async def _place(
    services: Services, traveller: Traveller, wanted: PlaceBooking, until: float
) -> Answer | Denied:
    lines = wanted.lines
    places = lines[0].quantity if len(lines) == 1 else sum(line.quantity for line in lines)
    denied = check_size(services, traveller, lines=len(lines), places=places)
    denied = denied or check_turn(services, traveller, lines, wanted.room_tokens)
    if denied is not None:
        return denied
    answer = await services.engine.refuse_early(wanted.id, lines)
    if answer is not None:
        return answer
    details = wanted.details()
    unpriced = unpriced_line(details.lines)
    if unpriced is not None:
        return Denied(Denial.PRICE_NEEDED, line=unpriced)
    request = booking_request(services, traveller, wanted.id, details)
    answer = await services.engine.book(request, deadline_s=until - monotonic())
    if answer.outcome is Outcome.LOGIN_ENDED:
        raise LoginEnded
    if answer.outcome.tells_of_person:
        services.note_document(traveller.id)
    return answer
