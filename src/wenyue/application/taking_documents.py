"""How much one member of staff takes from accounts with documents alone, and what only two of them do."""

from collections.abc import Sequence

from wenyue import changes
from wenyue.accounts import losses
from wenyue.application.on_duty import OnDuty
from wenyue.booking import by_others
from wenyue.cards import recovery
from wenyue.core.limits import TAKEN_ALONE_PER_DAY, TAKEN_PER_DAY


async def asks_second(act: OnDuty, lost: Sequence[int]) -> bool:
    """Whether somebody else confirms it: something hangs on one of the accounts, or this clerk took some today already.

    An account with bookings to come, or whose phone answered a code, is no idle claim. Nobody is asked where the installation is
    declared to have nobody else.
    """
    if not lost or await changes.store.is_one_operator(act.tx):
        return False
    if await losses.documents_taken(act.tx, act.staff.id, act.now) >= TAKEN_ALONE_PER_DAY:
        return True
    return await by_others.has_coming(act.tx, lost, act.now) or await recovery.has_proven_phone(act.tx, lost)


async def is_too_many(act: OnDuty) -> bool:
    """Whether this member of staff took accounts from as many documents today as anybody may."""
    return await losses.documents_taken(act.tx, act.staff.id, act.now) >= TAKEN_PER_DAY
