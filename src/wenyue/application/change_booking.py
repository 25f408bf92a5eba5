"""A traveller confirms, cancels or moves a booking. Asked again, each gives the same answer."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from wenyue.application.actors import Traveller
from wenyue.application.asking import Denied, check_size, check_turn, count_request
from wenyue.application.changing import ask_engine, change_request
from wenyue.application.minors import births_of
from wenyue.booking import Answer, ChangeKind
from wenyue.container import Services


class Move(Struct, frozen=True, gc=False):
    """One line to another slot of the same product. `price_minor`: what was shown for a place there; None: the line's own."""

    line_no: int
    slot_id: int
    price_minor: int | None = None


async def confirm_booking(services: Services, traveller: Traveller, booking_id: UUID) -> Answer:
    """Confirm a hold before it runs out. Raises LoginEnded."""
    return await ask_engine(services, change_request(ChangeKind.CONFIRM, traveller, booking_id))


async def cancel_booking(
    services: Services, traveller: Traveller, booking_id: UUID, *, reason: str = ""
) -> Answer:
    """Give places and entitlements back by the venue's terms. `reason`, in the person's words, is sealed. Raises LoginEnded."""
    sealed = services.vault.seal(reason.encode(), purpose=b"reason") if reason else b""
    return await ask_engine(services, change_request(ChangeKind.CANCEL, traveller, booking_id, reason=sealed))


async def move_lines(
    services: Services,
    traveller: Traveller,
    booking_id: UUID,
    moves: Sequence[Move],
    *,
    visitors: Sequence[int] = (),
    room_tokens: str = "",
) -> Answer | Denied:
    """Make every move, or none: an old place is given up only when the new one is had. Raises LoginEnded.

    `visitors`: only these people's places move, the others stay; neither they nor the others may be minors alone.
    New places are asked for as in a booking: of an account that may, within its limit, and when its turn came (`room_tokens`).
    """
    _, denied = count_request(services, traveller)
    denied = denied or check_size(services, traveller, lines=len(moves), places=len(moves))
    denied = denied or check_turn(services, traveller, moves, room_tokens)
    if denied is not None:
        return denied
    births = await births_of(services, traveller, booking_id, visitors)
    request = change_request(
        ChangeKind.MOVE,
        traveller,
        booking_id,
        moves=tuple((move.line_no, move.slot_id) for move in moves),
        prices=tuple((move.line_no, move.price_minor) for move in moves if move.price_minor is not None),
    )
    answer = await ask_engine(services, replace(request, visitors=tuple(visitors), births=births))
    if answer.outcome.tells_of_person:
        services.note_document(traveller.id)
    return answer
