"""A keeper takes an admission back; beyond their own share a second person confirms it by their own password."""

from uuid import UUID

from msgspec import Struct

from wenyue.accounts import Staff
from wenyue.application.on_duty import OnDuty
from wenyue.application.second_person import confirmed
from wenyue.application.second_proofs import NotConfirmed, Second
from wenyue.container import Services
from wenyue.core.duties import Right
from wenyue.gate import REASON_LENGTH_MAX, UndoOutcome, clean_line, undo
from wenyue.platform.database.db import Tx


class UndoAdmission(Struct, frozen=True):
    """`venue_id`: only a scan of this venue; None: of wherever the keeper may."""

    scan_id: UUID
    reason: str
    venue_id: int | None = None


async def undo_admission(
    services: Services, login: str, request: UndoAdmission, second: Second | None = None
) -> UndoOutcome | NotConfirmed:
    """Within two hours, with a reason; asked again, nothing changes. `login`: the keeper's `Login.key`.

    A second person confirms it as in `confirmed`. Raises LoginEnded.
    """

    async def take(act: OnDuty, confirms: Staff | None) -> UndoOutcome:
        return await _undo(services, act.tx, act.staff, request, confirms)

    return await confirmed(services, login, second, take)


async def _undo(
    services: Services, tx: Tx, keeper: Staff, request: UndoAdmission, second: Staff | None
) -> UndoOutcome:
    def is_theirs(venue_id: int, gate: str) -> bool:
        is_there = request.venue_id in (None, venue_id)
        return is_there and keeper.may(Right.GATE_UNDO, venue_id, gate)

    return await undo(
        tx,
        request.scan_id,
        staff_id=keeper.id,
        is_theirs=is_theirs,
        reason=clean_line(request.reason, REASON_LENGTH_MAX),
        now=services.clock(),
        limits=services.undo_limits,
        second=second,
    )
