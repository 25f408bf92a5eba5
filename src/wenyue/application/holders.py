"""At the counter: whose document this is. Staff see it, the accounts that only claimed it lose it, everybody is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from wenyue import policy
from wenyue.accounts import Identity, Staff, claims, end_logins, names
from wenyue.application.telling import Words, tell_holder
from wenyue.audit import Entry, record
from wenyue.booking import account_subject
from wenyue.cards import recovery
from wenyue.gate import LookupProblem, persons
from wenyue.infra.db import Tx
from wenyue.kernel.duties import Right
from wenyue.kernel.ids import uuid7
from wenyue.services import Services

SEEN: Final = "document-seen"
LOST: Final = "claim-lost"


class NotSettled(StrEnum):
    """Why nothing was changed. Values are stable; the words are the faces'."""

    NOT_THEIRS = "holder_unknown"  # a card that was shown is with another document
    SEEN_BEFORE = (
        "holder_seen"  # staff saw the document beside a card before: only an administrator takes that back
    )


@dataclass(frozen=True, slots=True)
class Settled:
    """The accounts that are the person's, those that lost their claim now, and whether the name was noted (`note_seen`)."""

    own: list[int]
    lost: list[int]
    is_name_noted: bool


@dataclass(frozen=True, slots=True)
class Counter:
    """Who stands behind it, and at which venue; that they may settle whose a document is there, the caller has checked."""

    staff: Staff
    venue_id: int

    @property
    def may_take_seen(self) -> bool:
        """Whether they may take a document from an account that staff saw it of before."""
        return self.staff.may(Right.HOLDERS_SETTLE_SEEN, self.venue_id)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What settling it now would do, by account: `own` are the person's, of which `fresh` become seen; `lost` lose their claim.

    `kept`: seen before, and neither shown now nor lost.
    """

    own: list[int]
    fresh: list[int]
    lost: list[int]
    kept: list[int]


async def look(
    services: Services,
    tx: Tx,
    counter: Counter,
    identity: Identity,
    *,
    card_nos: Sequence[str],
    now: datetime,
) -> Outlook | NotSettled | LookupProblem:
    """Staff hold the document; the person shows these cards as theirs, none: they have none. What `settle` would do; nothing yet.

    Counted and recorded as a look-up. Commit every answer but TOO_OFTEN.
    """
    person_key = services.vault.person_key(identity.document.key)
    problem = await persons.count_holder(
        tx,
        services.vault,
        venue_id=counter.venue_id,
        staff_id=counter.staff.id,
        person_key=person_key,
        found=len(await claims.claims_of(tx, person_key)),
        now=now,
    )
    if problem is not None:
        return problem
    await names.lock_person(tx, person_key)  # after the keeper's lock, as elsewhere
    found = await claims.claims_of(tx, person_key)
    held_by = [await recovery.holder_of_number(tx, one) for one in card_nos]
    own = sorted({one for one in held_by if one is not None})
    if None in held_by or not set(own) <= {one.traveller_id for one in found}:
        services.note_unknown_holder(counter.staff.id)
        return NotSettled.NOT_THEIRS
    others = [one for one in found if one.traveller_id not in own]
    if not own and any(one.is_seen for one in others) and not counter.may_take_seen:
        return NotSettled.SEEN_BEFORE
    return Outlook(
        own,
        fresh=[one.traveller_id for one in found if one.traveller_id in own and not one.is_seen],
        lost=[one.traveller_id for one in others if not own or not one.is_seen],
        kept=[one.traveller_id for one in others if own and one.is_seen],
    )


async def settle(
    services: Services,
    tx: Tx,
    counter: Counter,
    identity: Identity,
    *,
    card_nos: Sequence[str],
    now: datetime,
) -> Settled | NotSettled | LookupProblem:
    """`look`, and `carry_out` what it finds. Commit every answer but TOO_OFTEN. Again: the same."""
    found = await look(services, tx, counter, identity, card_nos=card_nos, now=now)
    if not isinstance(found, Outlook):
        return found
    return await carry_out(services, tx, counter, identity, found, now=now)


async def carry_out(
    services: Services, tx: Tx, counter: Counter, identity: Identity, found: Outlook, *, now: datetime
) -> Settled:
    """Do what `look` found in this transaction.

    The accounts of the cards are the person's from now on, and what one of them is banned from the others are, too. Every other
    account that only claims the document loses it: its cards are frozen, its requests stopped, its logins ended, its phone is
    told. What it booked with the document is somebody else's booking then, which the person takes their place out of. Accounts
    whose document staff saw before stay, but for a person without a card, at an administrator's.
    """
    vault, actor = services.vault, f"staff:{counter.staff.id}"
    person_key = vault.person_key(identity.document.key)
    for holder_id in found.lost:
        await _shut(services, tx, holder_id, now, actor)
    await claims.settle(tx, person_key, own=found.fresh, others=found.lost, now=now, actor=actor)
    await policy.share_bans(tx, [account_subject(one) for one in found.own], now)
    is_noted = await names.note_seen(tx, vault, person_key, identity.name, now, staff_id=counter.staff.id)
    if is_noted:
        await record(tx, [Entry(now, actor, "name.seen", f"venue:{counter.venue_id}")])
    for holder_id in found.fresh:
        await tell_holder(services, tx, holder_id, _SEEN_WORDS, notice_id=uuid7(), kind=SEEN, now=now)
    return Settled(found.own, found.lost, is_noted)


async def _shut(services: Services, tx: Tx, holder_id: int, now: datetime, actor: str) -> None:
    """Nothing more comes of an account that claimed another's document. Its phone is told while it is on record."""
    await recovery.object_to_all(tx, holder_id=holder_id, now=now, actor=actor)
    await recovery.freeze_all(tx, holder_id, now, actor)
    await end_logins(tx, holder_id, now)
    await tell_holder(services, tx, holder_id, _LOST_WORDS, notice_id=uuid7(), kind=LOST, now=now)


_SEEN_WORDS: Final = Words(
    "工作人员已核验您的证件：您账户的证件已确认为您本人所有。不是您本人办理？请联系人工窗口。",
    "Staff saw your document: your account is confirmed as yours. Was that not you? Tell the staffed counter.",
)
_LOST_WORDS: Final = Words(
    "您激活旅游卡时填写的证件，经人工窗口核验属于他人，卡已冻结。请带本人证件和卡到人工窗口办理。",
    "The document that your card was activated with was seen to be another person's: the card is frozen. Bring your own"
    " document and the card to the staffed counter.",
)
