"""What settling whose a document is does to each account, once it is agreed to."""

from dataclasses import dataclass
from typing import Final

from wenyue import policy
from wenyue.accounts import claims, losses, names
from wenyue.application.holder_outlook import Outlook, SettleHolder
from wenyue.application.on_duty import OnDuty
from wenyue.application.reopen_accounts import reopen_accounts
from wenyue.application.shut_account import shut_account
from wenyue.application.telling import tell_holder
from wenyue.audit import Entry, record
from wenyue.booking import account_subject
from wenyue.container import Services
from wenyue.core.ids import uuid7
from wenyue.locale import Message

SEEN: Final = "document-seen"


@dataclass(frozen=True, slots=True)
class Settled:
    """The accounts that are the person's, those that lost their claim now, and whether the name was noted (`note_seen`).

    `back`: of the person's those that had lost the document, and have it again.
    """

    own: list[int]
    lost: list[int]
    back: list[int]
    is_name_noted: bool


async def carry_out(
    services: Services,
    act: OnDuty,
    venue_id: int,
    request: SettleHolder,
    found: Outlook,
    *,
    second_id: int | None,
) -> Settled:
    """Do what was found in this transaction.

    The accounts of the cards are the person's from now on, and what one of them is banned from the others are, too. Every other
    account that only claims the document loses it: its cards are frozen, its requests stopped, its logins ended, its phone is
    told. What it booked with the document is somebody else's booking then, which the person takes their place out of. Accounts
    whose document staff saw before stay, but for a person without a card, at an administrator's. What was taken is kept: an
    account whose card is shown beside the document another time gets it back.
    """
    tx, now, vault = act.tx, act.now, services.vault
    person_key = vault.person_key(request.identity.document.key)
    name, staff_id = request.identity.name, act.staff.id
    frozen = {holder_id: await shut_account(services, act, holder_id) for holder_id in found.lost}
    taking = losses.Taking(staff_id, second_id, person_key, names.name_key(vault, person_key, name))
    await losses.note_losses(tx, taking, frozen, now)
    seen = [one for one in found.fresh if one not in found.back]
    await claims.settle(
        tx,
        person_key,
        own=found.fresh,
        others=found.lost,
        now=now,
        actor=act.name,
        confirmed_by="" if second_id is None else f"staff:{second_id}",
    )
    if found.back:
        await reopen_accounts(services, act, person_key, name, found.back)
    await policy.share_bans(tx, [account_subject(one) for one in found.own], now)
    is_noted = await names.note_seen(tx, vault, person_key, name, now, staff_id=staff_id)
    if is_noted:
        await record(tx, [Entry(now, act.name, "name.seen", f"venue:{venue_id}")])
    for holder_id in seen:
        await tell_holder(services, tx, holder_id, _SEEN_WORDS, notice_id=uuid7(), kind=SEEN, now=now)
    return Settled(found.own, found.lost, found.back, is_noted)


_SEEN_WORDS: Final = Message(
    "Staff checked your ID: the ID on your account is confirmed as yours. Not you? Tell the staffed counter."
)
