"""An account that lost its document at a counter: nothing more comes of it, until it is given back (`reopen_accounts`)."""

from typing import Final

from wenyue.accounts import end_logins
from wenyue.application.on_duty import OnDuty
from wenyue.application.telling import Words, tell_holder
from wenyue.cards import recovery
from wenyue.container import Services
from wenyue.core.ids import uuid7

LOST: Final = "claim-lost"


async def shut_account(services: Services, act: OnDuty, holder_id: int) -> list[int]:
    """Its requests are stopped, its cards frozen, its logins ended; the cards. Its phone is told while it is on record."""
    tx, now = act.tx, act.now
    frozen = await recovery.freeze_all(tx, holder_id, now, act.name)
    await recovery.object_to_all(tx, holder_id=holder_id, now=now, actor=act.name)
    await end_logins(tx, holder_id, now)
    await tell_holder(services, tx, holder_id, _LOST_WORDS, notice_id=uuid7(), kind=LOST, now=now)
    return frozen


_LOST_WORDS: Final = Words(
    "人工窗口核验了您激活旅游卡时填写的证件，持证人未出示您的卡，卡已冻结，预约保留。证件是您本人的？请带证件原件和卡到任一人工窗口，核验后恢复。",
    "The staffed counter saw the document that your card was activated with, without your card: the card is frozen, your"
    " bookings stay. Is it yours? Bring the document and the card to any staffed counter: it is given back there.",
)
