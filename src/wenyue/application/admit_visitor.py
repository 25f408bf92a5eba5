"""A keeper shows what a visitor presents at a gate: it is decided, and written down."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from wenyue.application.on_duty import NotAtPost, OnDuty, Place, find_post, on_duty
from wenyue.container import Services
from wenyue.core.duties import Right
from wenyue.gate import GATE_NAME_MAX, ScanAnswer, ScanRequest, clean_line, scan, scan_party


class AdmitVisitor(Struct, frozen=True):
    """`scan_id` was minted by the gate, and is the same when the same is sent again. `venue`: its id, or its code.

    `places`: (line, visitor) of those who stand there, where a booking is for several; none: whoever it is for.
    """

    scan_id: UUID
    venue: int | str
    gate: str
    presented: str
    places: Sequence[tuple[int | None, int | None]] = ()


async def admit_visitor(
    services: Services, login: str, request: AdmitVisitor
) -> list[ScanAnswer] | NotAtPost:
    """The answer for each place. The same scan again gets the same answers. `login`: the keeper's `Login.key`.

    Raises LoginEnded, and ScanIdReused: the id was something else's.
    """
    async with on_duty(services, login) as act:
        wanted = await _asked(act, request)
        if isinstance(wanted, NotAtPost):
            return wanted
        if len(request.places) > 1:
            places = [(line_no or 0, visitor_no or 0) for line_no, visitor_no in request.places]
            return await scan_party(act.tx, services.gate_desk, wanted, places, act.now)
        return [await scan(act.tx, services.gate_desk, wanted, act.now)]


async def _asked(act: OnDuty, request: AdmitVisitor) -> ScanRequest | NotAtPost:
    gate = clean_line(request.gate, GATE_NAME_MAX)
    venue_id = await find_post(act, Right.GATE_SCAN, Place(request.venue, gate or None))
    if isinstance(venue_id, NotAtPost):
        return venue_id
    if not gate:
        return NotAtPost.NO_GATE
    line_no, visitor_no = request.places[0] if len(request.places) == 1 else (None, None)
    return ScanRequest(
        scan_id=request.scan_id,
        venue_id=venue_id,
        gate=gate,
        staff_id=act.staff.id,
        presented=request.presented,
        visitor_no=visitor_no,
        line_no=line_no,
        venue_ids=act.staff.venues_for(Right.GATE_SCAN),
    )
