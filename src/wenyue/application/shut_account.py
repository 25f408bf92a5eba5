"""An account that claimed another person's document: nothing more comes of it."""

from typing import Final

from wenyue.accounts import end_logins
from wenyue.application.on_duty import OnDuty
from wenyue.application.telling import Words, tell_holder
from wenyue.cards import recovery
from wenyue.kernel.ids import uuid7
from wenyue.services import Services

LOST: Final = "claim-lost"


async def shut_account(services: Services, act: OnDuty, holder_id: int) -> None:
    """Its requests are stopped, its cards frozen, its logins ended. Its phone is told while it is on record."""
    tx, now = act.tx, act.now
    await recovery.object_to_all(tx, holder_id=holder_id, now=now, actor=act.name)
    await recovery.freeze_all(tx, holder_id, now, act.name)
    await end_logins(tx, holder_id, now)
    await tell_holder(services, tx, holder_id, _LOST_WORDS, notice_id=uuid7(), kind=LOST, now=now)


_LOST_WORDS: Final = Words(
    "您激活旅游卡时填写的证件，经人工窗口核验属于他人，卡已冻结。请带本人证件和卡到人工窗口办理。",
    "The document that your card was activated with was seen to be another person's: the card is frozen. Bring your own"
    " document and the card to the staffed counter.",
)
