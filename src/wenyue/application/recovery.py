"""补卡: prove to be the holder, be told, get the new number, stop it. See `cards.recovery`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from wenyue import cards
from wenyue.accounts import Caller, Identity, Staff, end_logins
from wenyue.application.telling import Words, lost_page, tell_holder
from wenyue.audit import Entry, record
from wenyue.cards import CardProblem, CounterRefusal, Denied, Replaced, recovery
from wenyue.infra.addresses import line_of
from wenyue.infra.db import Tx
from wenyue.kernel.clock import zone
from wenyue.kernel.duties import Right
from wenyue.kernel.ids import uuid7
from wenyue.notifications import CODE, SHARED_CODE, Notice, is_told, note_proved, notify
from wenyue.services import Services

TOLD: Final = "recovery-told"
REPLACED: Final = "card-replaced"
SHOWN_AGAIN: Final = "card-pin-shown-again"
ADDED: Final = "card-added"
_TIMEZONE: Final = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class NotYet:
    """The holder was told, and has until `at` to object."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Recovered:
    """Somebody who proved to be the holder by document and phone, and is signed in. `card_nos`: at which they are known now."""

    holder_id: int
    token: str
    card_nos: tuple[str, ...]
    is_lost: bool


async def tell_of_further_card(services: Services, tx: Tx, holder_id: int, now: datetime) -> None:
    """A card came to an account that was there: its phone on record is told, as its PIN signs in."""
    where = lost_page(services)
    words = Words(
        f"您的账户新激活了一张旅游卡。不是您本人操作？请立即到{where.zh}挂失全部卡，或联系人工窗口。",
        f"A further card was activated in your account. Not you? Freeze all cards at once at {where.en}, or tell the counter.",
    )
    await tell_holder(services, tx, holder_id, words, notice_id=uuid7(), kind=ADDED, now=now)


async def begin(
    services: Services,
    caller: Caller,
    request_id: UUID,
    identity: Identity,
    *,
    locale: str,
    is_lost: bool = True,
) -> None:
    """Send a code to the phone on record, if document, name and phone are a holder's; nobody is told whether they are.

    `locale`: of the request, as whoever waits for the code reads it. What warns the holder keeps to the holder's own. Raises
    Throttled.
    """
    now = services.clock()
    name = services.vault.person_key(identity.document.key).hex()
    async with services.guard.attempt("code", name, caller, now) as tried:
        begun = await recovery.begin(
            tried.tx,
            services.vault,
            request_id=request_id,
            identity=identity,
            now=now,
            requester=line_of(caller.address),
            is_lost=is_lost,
        )
        tried.is_right, tried.is_kept = begun is not None, True
        if begun is not None:
            zh, en = _shared_words(begun) if begun.is_shared else _code_words(begun, is_lost=is_lost)
            kind = SHARED_CODE if begun.is_shared else CODE
            notice = Notice(begun.text_id, kind, begun.holder_id, begun.phone, zh, en, locale)
            await notify(tried.tx, services.vault, notice, now)


def _code_words(begun: recovery.Begun, *, is_lost: bool) -> tuple[str, str]:
    code, minutes = begun.code.reveal(), recovery.CODE_TTL_S // 60
    what_zh, what_en = ("补卡", "replace your lost card") if is_lost else ("登录", "sign in")
    more_zh, more_en = ("", "") if is_lost else ("，登录后可解除挂失", " (and then unfreeze a card)")
    return (
        f"{what_zh}验证码{code}，{minutes}分钟内有效{more_zh}。不是您本人操作请忽略，任何人索要都不要告诉。",
        f"Code {code} to {what_en}{more_en}, good for {minutes} minutes. Tell it to nobody; not you? Ignore it.",
    )


def _shared_words(begun: recovery.Begun) -> tuple[str, str]:
    """Many codes were asked for: this one serves whoever reads the phone, for whichever request."""
    drawn = begun.code.reveal()
    code = "-".join(drawn[at : at + 5] for at in range(0, len(drawn), 5))
    until = begun.until.astimezone(zone(_TIMEZONE)).strftime("%H:%M")
    zh = (
        f"今天申请验证码的次数较多。登录、解挂或补卡验证码{code}，{until}前有效，其间再申请不另发。"
        "不是您本人操作请忽略，任何人索要都不要告诉。"
    )
    en = (
        f"Many codes were asked for today. Code {code} to sign in, unfreeze or replace a card is good until {until}; asked again"
        " before, it is not sent again. Tell it to nobody; not you? Ignore it."
    )
    return zh, en


async def prove(
    services: Services,
    caller: Caller,
    request_id: UUID,
    code: str,
    *,
    is_lost: bool = True,
    instead_of: str = "",
    locale: str = "",
) -> Recovered | None:
    """The code from the phone signs in; None: wrong. Of a lost card: cards are frozen, every login ends, the holder is told.

    `instead_of`: the token that the caller had, whoever's it is, which ends in the same transaction. `locale`: as for
    `Attempt.start_login`.
    Guesses at a card make strangers wait, and its holder on a new device with them: this is the holder's way in then.
    Raises Throttled.
    """
    now = services.clock()
    async with services.guard.attempt("code", str(request_id), caller, now) as tried:
        proven = await recovery.prove_code(
            tried.tx, services.vault, request_id=request_id, code=code, now=now, is_lost=is_lost
        )
        tried.is_right = proven is not None
        if proven is None:
            return None
        if proven.is_lost:
            await end_logins(tried.tx, proven.holder_id, now)
            await _tell(services, tried.tx, proven, now)
        await note_proved(tried.tx, services.vault, proven.holder_id, proven.phone, now)
        token = await tried.start_login(
            now, traveller_id=proven.holder_id, instead_of=instead_of, locale=locale
        )
        await recovery.bind(tried.tx, proven.id, tried.login_key)
        held = await cards.cards_of(tried.tx, services.vault, proven.holder_id)
    known = () if proven.is_lost else tuple(one.card_no for one in held)
    return Recovered(proven.holder_id, token, known, proven.is_lost)


async def prove_by_staff(
    services: Services, tx: Tx, request_id: UUID, identity: Identity, staff: Staff, *, card_no: str
) -> int | CounterRefusal:
    """A member of staff has seen the document: as `prove`, without a login. The holder, or why nothing was begun: commit it.

    A holder who is none is counted as one of many that somebody looks for, and written down.

    The holder's logins end now when the member of staff replaces cards for the whole destination, else with the new number.
    """
    now = services.clock()
    proven = await cards.prove_by_staff(
        tx,
        services.vault,
        request_id=request_id,
        identity=identity,
        card_no=card_no,
        now=now,
        staff=staff,
    )
    if proven is CounterRefusal.HOLDER_UNKNOWN:
        await _note_unknown(services, tx, staff, now)
    if not isinstance(proven, recovery.Proven):
        return proven
    if staff.may(Right.CARDS_REPLACE):
        await end_logins(tx, proven.holder_id, now)
    await _tell(services, tx, proven, now)
    return proven.holder_id


async def was_told(tx: Tx, found: recovery.Recovery) -> bool:
    """Whether the message to the phone on record has left."""
    return await is_told(tx, found.id, TOLD)


async def waits_until(services: Services, tx: Tx, found: recovery.Recovery) -> datetime | None:
    """From when on a new number is shown; None: now."""
    delay = timedelta(minutes=services.settings.web.replacement_delay_min)
    told = await was_told(tx, found)
    return recovery.shown_from(found, is_told=told, delay=delay, now=services.clock())


async def replace(
    services: Services,
    tx: Tx,
    *,
    request_id: UUID,
    card_no: str,
    holder_id: int,
    actor: str,
    login_key: str = "",
) -> Replaced | Denied | NotYet | None:
    """The new number, on the proof that began this login; None when there is none, or it is not good for this card.

    Without a login: at the counter, on the proof that this request is. The holder's phone was told of the proof before, and is
    told of each number, and of each time that its PIN is shown anew.
    """
    now, is_at_counter = services.clock(), not login_key
    await recovery.lock_holder(tx, holder_id)
    found = await recovery.recovery_of(
        tx, holder_id, now, login_key=login_key, request_id=request_id if is_at_counter else None
    )
    if found is None or not found.is_lost:
        return None
    at = await waits_until(services, tx, found)
    if at is not None:
        return NotYet(at)
    made = await cards.replace(
        tx,
        services.vault,
        request_id=request_id,
        card_no=card_no,
        holder_id=holder_id,
        now=now,
        actor=actor,
        proof=found,
    )
    if isinstance(made, Denied):
        return None if made.problem is CardProblem.PROOF_NEEDED else made
    if is_at_counter and not made.is_replay:
        await end_logins(tx, holder_id, now)
    await _tell_of_number(services, tx, holder_id, request_id, now, is_again=made.is_replay)
    return made


async def _tell_of_number(
    services: Services, tx: Tx, holder_id: int, request_id: UUID, now: datetime, *, is_again: bool
) -> None:
    where_zh, where_en = _where(services)
    what_zh, what_en = "已补办新卡号，旧卡号永久失效", "has a new number; the old one is dead"
    if is_again:
        what_zh, what_en = (
            "的新密码又显示了一次，前一个密码失效",
            "had its new PIN shown again; the PIN before is dead",
        )
    words = Words(
        f"您的一张旅游卡{what_zh}。不是您本人操作？请立即到{where_zh}输入先前短信中的停止码，或联系人工窗口。",
        f"One of your cards {what_en}. Not you? Enter the stop code of our earlier message at"
        f" {where_en} at once, or tell the counter.",
    )
    kind = f"{SHOWN_AGAIN}:{now:%H%M}" if is_again else REPLACED  # a text a minute tells of them
    await tell_holder(services, tx, holder_id, words, notice_id=request_id, kind=kind, now=now)


async def object_to(services: Services, caller: Caller, code: str) -> bool:
    """The holder stops every replacement of theirs with the code of the message; False when it is none. Raises Throttled."""
    now = services.clock()
    async with services.guard.attempt("code", f"objection|{caller.address}", caller, now) as tried:
        holder_id = await recovery.object_with_code(tried.tx, services.vault, code=code, now=now)
        tried.is_right = holder_id is not None
        if holder_id is not None:
            await end_logins(tried.tx, holder_id, now)
    return tried.is_right


async def object_by_staff(services: Services, tx: Tx, identity: Identity, staff: Staff) -> bool:
    """Staff stop every replacement of the holder who stands there; False when there is no such holder, or none to stop.

    Commit it: a holder who is none is counted and written down.
    """
    now = services.clock()
    named = await recovery.named_holders(tx, services.vault, identity)
    if not named:
        await _note_unknown(services, tx, staff, now)
        return False
    found = False
    for known in named:
        stopped = await recovery.object_to_all(tx, holder_id=known.id, now=now, actor=f"staff:{staff.id}")
        if stopped is not None and stopped.is_login_over:
            await end_logins(tx, known.id, now)
        found = found or stopped is not None
    return found


async def _note_unknown(services: Services, tx: Tx, staff: Staff, now: datetime) -> None:
    services.note_unknown_holder(staff.id)
    actor = f"staff:{staff.id}"
    await record(tx, [Entry(now, actor, "recovery.holder_unknown", actor)])


def _where(services: Services) -> tuple[str, str]:
    """Where a replacement is stopped."""
    site = services.settings.web.public_url
    return (
        f"{site}/card/objection" if site else "官网“停止补卡”",
        f"{site}/card/objection" if site else "our site, “Stop a replacement”",
    )


async def _tell(services: Services, tx: Tx, proven: recovery.Proven, now: datetime) -> None:
    code = "-".join((proven.objection.reveal()[:5], proven.objection.reveal()[5:]))
    where_zh, where_en = _where(services)
    days = recovery.OBJECTION_S // 86_400
    notice = Notice(
        proven.id,
        TOLD,
        proven.holder_id,
        proven.phone,
        f"您的旅游卡已挂失并申请补卡。不是您本人操作？请在{days}天内到{where_zh}输入{code}停止，或联系人工窗口。",
        f"Your card was reported lost and is being replaced. Not you? Within {days} days enter {code} at {where_en},"
        " or tell the counter.",
        proven.locale,
    )
    await notify(tx, services.vault, notice, now)
