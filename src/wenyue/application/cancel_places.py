"""A traveller cancels a part of a booking: some visits, or some people. Asked again, it gives the same answer."""

from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from wenyue.application.actors import Traveller
from wenyue.application.changing import ask_engine, change_request
from wenyue.application.minors import births_of
from wenyue.booking import Answer, ChangeKind
from wenyue.container import Services


class Part(Struct, frozen=True, gc=False):
    """What of a booking: these lines (none named: every line), and of them these visitors' places (none named: all)."""

    lines: tuple[int, ...] = ()
    visitors: tuple[int, ...] = ()


async def cancel_places(
    services: Services, traveller: Traveller, booking_id: UUID, part: Part, *, reason: str = ""
) -> Answer:
    """Give back some lines of a booking, or some people's places in them; the rest stands. Raises LoginEnded.

    As in a booking, no minors are left without the adults whom the venue's preset asks for (MINOR_ALONE, with the line).
    """
    births = await births_of(services, traveller, booking_id, part.visitors)
    sealed = services.vault.seal(reason.encode(), purpose=b"reason") if reason else b""
    request = change_request(ChangeKind.CANCEL, traveller, booking_id, reason=sealed)
    return await ask_engine(
        services, replace(request, lines=part.lines, visitors=part.visitors, births=births)
    )
