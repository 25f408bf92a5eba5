"""A keeper takes an admission back; beyond their own share a second person confirms it by their own password."""

from uuid import UUID

from msgspec import Struct

from wenyue.accounts import Caller, LoginEnded, Staff, StaffRefusal, Throttled, check_staff
from wenyue.application.on_duty import on_duty
from wenyue.gate import REASON_LENGTH_MAX, UndoOutcome, clean_line, undo
from wenyue.infra.db import Tx
from wenyue.kernel.duties import Right
from wenyue.services import Services


class UndoAdmission(Struct, frozen=True):
    """`venue_id`: only a scan of this venue; None: of wherever the keeper may."""

    scan_id: UUID
    reason: str
    venue_id: int | None = None


class Second(Struct, frozen=True):
    """Who says that they confirm it, without signing in; from where they say so."""

    caller: Caller
    login: str
    password: str

    def __repr__(self) -> str:
        return f"Second({self.login})"


async def undo_admission(
    services: Services, login: str, request: UndoAdmission, second: Second | None = None
) -> UndoOutcome | StaffRefusal:
    """Within two hours, with a reason; asked again, nothing changes. `login`: the keeper's `Login.key`.

    With a second person it runs in the transaction that checked their password: nobody gives them another, or lets them go,
    meanwhile. Wrong ones are slowed like every other try. Raises LoginEnded.
    """
    if second is None:
        async with on_duty(services, login) as act:
            return await _undo(services, act.tx, act.staff, request, None)
    now = services.clock()
    try:
        async with services.guard.attempt("staff", second.login, second.caller, now, acts_as=login) as tried:
            if tried.acting is None or tried.acting.staff is None:
                raise LoginEnded
            found = await check_staff(tried.tx, services.vault, second.login, second.password)
            tried.is_right = isinstance(found, Staff)
            if isinstance(found, StaffRefusal):
                return found
            return await _undo(services, tried.tx, tried.acting.staff, request, found)
    except Throttled:
        return StaffRefusal.LOCKED


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
