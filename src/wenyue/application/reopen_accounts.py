"""Accounts that had lost their document at a counter, and whose card is shown beside it now: what was taken comes back."""

from collections.abc import Sequence
from typing import Final

from wenyue.accounts import losses, names, traveller
from wenyue.application.on_duty import OnDuty
from wenyue.application.telling import tell_holder
from wenyue.audit import Entry, record
from wenyue.cards import recovery
from wenyue.container import Services
from wenyue.core.ids import uuid7
from wenyue.locale import Message

BACK: Final = "claim-back"


async def reopen_accounts(
    services: Services, act: OnDuty, person_key: bytes, name: str, holder_ids: Sequence[int]
) -> None:
    """The cards that were frozen with it work again, its PIN signs in, its phone is told; its bookings had stayed.

    The name under which it was taken is struck if one member of staff alone said it, unless it is the one seen now (`name`) or
    that of the account.
    """
    tx, vault = act.tx, services.vault
    taken = await losses.give_back(tx, vault, holder_ids, staff_id=act.staff.id, now=act.now, actor=act.name)
    said = {names.name_key(vault, person_key, name)}
    for holder_id in holder_ids:
        known = await traveller(tx, vault, holder_id)
        if known is not None:
            said.add(names.name_key(vault, person_key, known.name.reveal()))
        await tell_holder(services, tx, holder_id, _BACK_WORDS, notice_id=uuid7(), kind=BACK, now=act.now)
    for one in taken:
        await recovery.thaw_all(
            tx, one.traveller_id, one.card_ids, frozen_at=one.at, now=act.now, actor=act.name
        )
        is_false = one.name_key not in said
        if is_false and await names.unsay_name(
            tx, person_key, one.name_key, staff_id=one.staff_id, now=act.now
        ):
            await record(tx, [Entry(act.now, act.name, "name.struck", f"traveller:{one.traveller_id}")])


_BACK_WORDS: Final = Message(
    "Staff checked your ID and your card: your account is restored and the card works again. Not you? Tell the staffed"
    " counter."
)
