"""At the counter: staff see a document, the accounts that only claimed it lose it, everybody is told."""

from dataclasses import dataclass
from typing import Final

from wenyue import policy
from wenyue.accounts import claims, names
from wenyue.application.holder_outlook import NotSettled, Outlook, SettleHolder, look_at_holder
from wenyue.application.on_duty import NotAtPost, OnDuty, find_post, on_duty
from wenyue.application.shut_account import shut_account
from wenyue.application.telling import Words, tell_holder
from wenyue.audit import Entry, record
from wenyue.booking import account_subject
from wenyue.gate import LookupProblem
from wenyue.kernel.duties import Right
from wenyue.kernel.ids import uuid7
from wenyue.services import Services

SEEN: Final = "document-seen"


@dataclass(frozen=True, slots=True)
class Settled:
    """The accounts that are the person's, those that lost their claim now, and whether the name was noted (`note_seen`)."""

    own: list[int]
    lost: list[int]
    is_name_noted: bool


async def settle_holder(
    services: Services, login: str, request: SettleHolder
) -> Settled | Outlook | NotSettled | LookupProblem | NotAtPost:
    """Look whose document it is, and settle it if it is what was agreed to; else what settling would do. Again: the same.

    `login`: the `Login.key` of the member of staff. Raises LoginEnded.
    """
    async with on_duty(services, login) as act:
        venue_id = await find_post(act, Right.HOLDERS_SETTLE, request.place)
        if isinstance(venue_id, NotAtPost):
            return venue_id
        found = await look_at_holder(services, act, venue_id, request)
        if not isinstance(found, Outlook) or request.agreed not in (None, found.key):
            return found
        return await _carry_out(services, act, venue_id, request, found)


async def _carry_out(
    services: Services, act: OnDuty, venue_id: int, request: SettleHolder, found: Outlook
) -> Settled:
    """Do what was found in this transaction.

    The accounts of the cards are the person's from now on, and what one of them is banned from the others are, too. Every other
    account that only claims the document loses it: its cards are frozen, its requests stopped, its logins ended, its phone is
    told. What it booked with the document is somebody else's booking then, which the person takes their place out of. Accounts
    whose document staff saw before stay, but for a person without a card, at an administrator's.
    """
    tx, now, vault = act.tx, act.now, services.vault
    person_key = vault.person_key(request.identity.document.key)
    for holder_id in found.lost:
        await shut_account(services, act, holder_id)
    await claims.settle(tx, person_key, own=found.fresh, others=found.lost, now=now, actor=act.name)
    await policy.share_bans(tx, [account_subject(one) for one in found.own], now)
    name, staff_id = request.identity.name, act.staff.id
    is_noted = await names.note_seen(tx, vault, person_key, name, now, staff_id=staff_id)
    if is_noted:
        await record(tx, [Entry(now, act.name, "name.seen", f"venue:{venue_id}")])
    for holder_id in found.fresh:
        await tell_holder(services, tx, holder_id, _SEEN_WORDS, notice_id=uuid7(), kind=SEEN, now=now)
    return Settled(found.own, found.lost, is_noted)


_SEEN_WORDS: Final = Words(
    "工作人员已核验您的证件：您账户的证件已确认为您本人所有。不是您本人办理？请联系人工窗口。",
    "Staff saw your document: your account is confirmed as yours. Was that not you? Tell the staffed counter.",
)
