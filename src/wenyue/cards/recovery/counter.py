"""补卡 at the counter: a member of staff has seen the document. Few in a day, and after an objection only some."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from wenyue.accounts import Identity, Staff
from wenyue.cards.recovery.codes import new_objection, objection_key, requester_key
from wenyue.cards.recovery.holders import has_card, lock_holder, named_holders
from wenyue.cards.recovery.proofs import BLOCKED_S, OBJECTION_S, Proven, bind, new_row, proven
from wenyue.core.duties import Right
from wenyue.core.personal import Vault
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.cards", "recovery.sql")
COUNTER_OF_STAFF_MAX: Final = 40  # in a day, by one member of staff
COUNTER_OF_HOLDER_MAX: Final = 3  # in a day, of one holder
COUNTER_OF_HOLDER_ADMIN_MAX: Final = (
    6  # so that operators who use up the others leave some to an administrator
)


class CounterRefusal(StrEnum):
    """Why nothing was begun. Values are stable; the words are web's."""

    HOLDER_UNKNOWN = "holder_unknown"  # also: another name than that on record, or an id of another request
    TOO_OFTEN = "counter_too_often"
    STOPPED = (
        "counter_stopped"  # the holder objected lately: an administrator who began none of what was stopped
    )


async def prove_by_staff(
    tx: Tx,
    vault: Vault,
    *,
    request_id: UUID,
    identity: Identity,
    card_no: str,
    now: datetime,
    staff: Staff,
) -> Proven | int | CounterRefusal:
    """A request at the counter; the same id again, by who began it: the holder whose it is.

    Name and document must be those on record; of several accounts with them it is the one with the lost card. To another
    member of staff the id says nothing.
    """
    named = await named_holders(tx, vault, identity)
    if not named:
        return CounterRefusal.HOLDER_UNKNOWN
    with_card = [one for one in named if len(named) == 1 or await has_card(tx, one.id, card_no)]
    known = (with_card or named)[0]
    await tx.execute(_SQL["lock_staff"], {"staff_id": staff.id})
    await lock_holder(tx, known.id)
    actor = f"staff:{staff.id}"
    of_staff = requester_key(vault, actor)
    earlier = await (await tx.execute(_SQL["holder_of_request"], {"id": request_id})).fetchone()
    if earlier is not None:
        is_this = earlier == (known.id, "staff", of_staff)
        return known.id if is_this else CounterRefusal.HOLDER_UNKNOWN
    refusal = await _refusal(
        tx, known.id, of_staff, now, is_admin=staff.may(Right.CARDS_REPLACE_DISPUTED, None)
    )
    if refusal is not None:
        return refusal
    objection = new_objection()
    row = new_row(vault, request_id, known, how="staff", requester=of_staff, now=now)
    row |= {
        "proven_at": now,
        "objection_key": objection_key(vault, objection),
        "objection_until": now + timedelta(seconds=OBJECTION_S),
    }
    if await (await tx.execute(_SQL["start"], row)).fetchone() is None:
        return CounterRefusal.HOLDER_UNKNOWN  # another holder's request took this id in this very moment
    made = await proven(tx, request_id, known, objection=objection, now=now, actor=actor)
    await bind(tx, request_id)
    return made


async def _refusal(
    tx: Tx, holder_id: int, of_staff: bytes, now: datetime, *, is_admin: bool
) -> CounterRefusal | None:
    asked = {
        "holder_id": holder_id,
        "requester_key": of_staff,
        "since": now - timedelta(days=1),
        "objected_since": now - timedelta(seconds=BLOCKED_S),
    }
    [(of_holder, by_staff, objected, own_objected)] = await (
        await tx.execute(_SQL["counter_lately"], asked)
    ).fetchall()
    if objected and (not is_admin or own_objected):
        return CounterRefusal.STOPPED
    most = COUNTER_OF_HOLDER_ADMIN_MAX if is_admin else COUNTER_OF_HOLDER_MAX
    if of_holder >= most or by_staff >= COUNTER_OF_STAFF_MAX:
        return CounterRefusal.TOO_OFTEN
    return None
