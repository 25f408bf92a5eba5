"""A traveller books every line, or none."""

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final, Protocol
from uuid import UUID

import msgspec

from wenyue.accounts import LoginEnded
from wenyue.application.actors import Traveller
from wenyue.application.asking import Allowance, Denial, Denied, check_size, check_turn, count_request
from wenyue.application.people import Person
from wenyue.booking import (
    Answer,
    BookingRequest,
    Channel,
    Outcome,
    Party,
    WantedLine,
    seal_party,
)
from wenyue.kernel.limits import BOOKING_DEADLINE_S, HOLD_TTL_S
from wenyue.services import Services

_encode: Final = msgspec.json.Encoder().encode


class AskedLine(Protocol):
    """A line, as far as it is read before anything else: which slot, and how many places."""

    @property
    def slot_id(self) -> int:
        """Which slot."""
        ...

    @property
    def quantity(self) -> int:
        """How many places."""
        ...


class Details(msgspec.Struct, frozen=True):
    """The whole of what is booked. `lines` name their people by index; `card_id` pays for the lines that a card pays for."""

    lines: tuple[WantedLine, ...]
    people: tuple[Person, ...] = ()
    card_id: int | None = None
    contact_name: str = ""
    contact_phone: str = ""  # E.164
    is_hold: bool = False
    hold_ttl_s: int = HOLD_TTL_S


class PlaceBooking(msgspec.Struct, frozen=True):
    """A request to book. `id` was minted by whoever asks, and is the same when the same is asked again.

    `details` reads the rest, and is called only when the lines alone do not decide; it may raise what the face understands.
    `turns`: the waiting rooms' tokens, by commas.
    """

    id: UUID
    lines: Sequence[AskedLine]
    details: Callable[[], Details]
    turns: str = ""


class Placed(msgspec.Struct, frozen=True, gc=False):
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
    denied = denied or check_turn(services, traveller, lines, wanted.turns)
    if denied is not None:
        return denied
    answer = await services.engine.refuse_early(wanted.id, lines)
    if answer is not None:
        return answer
    details = wanted.details()
    unpriced = _unpriced(details.lines)
    if unpriced is not None:
        return Denied(Denial.PRICE_NEEDED, line=unpriced)
    request = _request(services, traveller, wanted.id, details)
    answer = await services.engine.book(request, deadline_s=until - monotonic())
    if answer.outcome is Outcome.LOGIN_ENDED:
        raise LoginEnded
    if answer.outcome.tells_of_person:
        services.note_document(traveller.id)
    return answer


def _unpriced(lines: Sequence[WantedLine]) -> int | None:
    """The first line that money pays for without a price: nobody is charged a price that they were not shown."""
    for number, line in enumerate(lines):
        if line.price_minor is None and not line.is_on_card:
            return number
    return None


def _request(services: Services, traveller: Traveller, booking_id: UUID, details: Details) -> BookingRequest:
    people, vault = details.people, services.vault
    # One person for whom a card pays is its holder, or was named on it: their name was compared then.
    is_compared = (
        len(people) > 1
        or services.engine.rulebook.has_open_cards
        or not all(line.is_on_card for line in details.lines)
    )
    party = Party(tuple([person.sealed for person in people]), details.contact_name, details.contact_phone)
    return BookingRequest(
        id=booking_id,
        body_hash=services.vault.fingerprint(_encode((traveller.id, details))),
        channel=Channel.ONLINE,
        holder_id=traveller.id,
        card_id=details.card_id,
        lines=details.lines,
        visitors=tuple([person.named(vault) if is_compared else person.visitor for person in people]),
        party=seal_party(vault, party),
        is_hold=details.is_hold or any(line.price_minor for line in details.lines if not line.is_on_card),
        hold_ttl_s=details.hold_ttl_s,
        actor=traveller.name,
        login=traveller.login,
    )
