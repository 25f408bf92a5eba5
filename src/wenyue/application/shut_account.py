"""An account that lost its document at a counter: nothing more comes of it, until it is given back (`reopen_accounts`)."""

from typing import Final

from wenyue.accounts import end_logins
from wenyue.application.on_duty import OnDuty
from wenyue.application.telling import tell_holder
from wenyue.cards import recovery
from wenyue.container import Services
from wenyue.core.ids import uuid7
from wenyue.locale import Message

LOST: Final = "claim-lost"


async def shut_account(services: Services, act: OnDuty, holder_id: int) -> list[int]:
    """Its requests are stopped, its cards frozen, its logins ended; the cards. Its phone is told while it is on record."""
    tx, now = act.tx, act.now
    frozen = await recovery.freeze_all(tx, holder_id, now, act.name)
    await recovery.object_to_all(tx, holder_id=holder_id, now=now, actor=act.name)
    await end_logins(tx, holder_id, now)
    await tell_holder(services, tx, holder_id, _LOST_WORDS, notice_id=uuid7(), kind=LOST, now=now)
    return frozen


_LOST_WORDS: Final = Message(
    "Somebody showed the staffed counter the ID that your card was activated with, but not your card. The card is frozen;"
    " your bookings stay. Is the ID yours? Bring it and the card to any staffed counter to have the card restored."
)
