"""A keeper shows what a visitor presents at a gate: it is decided, and written down."""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from wenyue.accounts import LoginEnded, Staff, acting_as
from wenyue.catalogue import venue
from wenyue.gate import GATE_NAME_MAX, ScanAnswer, ScanRequest, clean_line, scan, scan_party
from wenyue.infra.db import Tx
from wenyue.kernel.duties import Right
from wenyue.services import Services


class AdmitVisitor(Struct, frozen=True):
    """`scan_id` was minted by the gate, and is the same when the same is sent again. `venue`: its id, or its code.

    `places`: (line, visitor) of those who stand there, where a booking is for several; none: whoever it is for.
    """

    scan_id: UUID
    venue: int | str
    gate: str
    presented: str
    places: Sequence[tuple[int | None, int | None]] = ()


class NotAtGate(StrEnum):
    """Why nothing was decided."""

    NO_VENUE = "no_venue"
    NOT_THEIRS = "not_theirs"  # the keeper does not let people in there
    NO_GATE = "no_gate"  # which gate it is was not said


async def admit_visitor(
    services: Services, login: str, request: AdmitVisitor
) -> list[ScanAnswer] | NotAtGate:
    """The answer for each place. The same scan again gets the same answers. `login`: the keeper's `Login.key`.

    Raises LoginEnded, and ScanIdReused: the id was something else's.
    """
    now = services.clock()
    async with acting_as(services.db.transaction(), login, now) as (tx, fresh):
        if fresh.staff is None:
            raise LoginEnded
        wanted = await _asked(tx, fresh.staff, request)
        if isinstance(wanted, NotAtGate):
            return wanted
        if len(request.places) > 1:
            places = [(line_no or 0, visitor_no or 0) for line_no, visitor_no in request.places]
            return await scan_party(tx, services.gate_desk, wanted, places, now)
        return [await scan(tx, services.gate_desk, wanted, now)]


async def _asked(tx: Tx, keeper: Staff, request: AdmitVisitor) -> ScanRequest | NotAtGate:
    gate = clean_line(request.gate, GATE_NAME_MAX)
    venue_id = request.venue
    if isinstance(venue_id, str):
        found = await venue(tx, venue_id)
        if found is None:
            return NotAtGate.NO_VENUE
        venue_id = found.id
    if not keeper.may(Right.GATE_SCAN, venue_id, gate or None):
        return NotAtGate.NOT_THEIRS
    if not gate:
        return NotAtGate.NO_GATE
    line_no, visitor_no = request.places[0] if len(request.places) == 1 else (None, None)
    return ScanRequest(
        scan_id=request.scan_id,
        venue_id=venue_id,
        gate=gate,
        staff_id=keeper.id,
        presented=request.presented,
        visitor_no=visitor_no,
        line_no=line_no,
        venue_ids=keeper.venues_for(Right.GATE_SCAN),
    )
