"""补卡, as every face does it: prove to be the holder, be told, get the new number, stop it. See `cards.recovery`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from wenyue import cards
from wenyue.accounts import Caller, Identity, end_logins, start_login, traveller
from wenyue.cards import Activated, Denied, Replaced, recovery
from wenyue.infra.db import Tx
from wenyue.kernel.ids import uuid7
from wenyue.notifications import Notice, is_told, notify
from wenyue.services import Services

CODE: Final = "recovery-code"
TOLD: Final = "recovery-told"
ADDED: Final = "card-added"


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


async def tell_of_further_card(services: Services, tx: Tx, made: Activated, now: datetime) -> None:
    """A card came to an account that was there: its phone on record is told, as its PIN signs in."""
    known = await traveller(tx, services.vault, made.holder_id) if made.is_further else None
    if known is None:
        return
    site = services.settings.web.public_url
    where_zh, where_en = (f"{site}/card/lost",) * 2 if site else ("官网“卡丢了”", "our site, “Lost card”")
    notice = Notice(
        uuid7(),
        ADDED,
        made.holder_id,
        known.phone,
        f"您的账户新激活了一张旅游卡。不是您本人操作？请立即到{where_zh}挂失全部卡，或联系人工窗口。",
        f"A further card was activated in your account. Not you? Freeze all cards at once at {where_en}, or tell the counter.",
        known.locale,
    )
    await notify(tx, services.vault, notice, now)


async def begin(
    services: Services, caller: Caller, request_id: UUID, identity: Identity, *, is_lost: bool = True
) -> None:
    """Send a code to the phone on record, if document, name and phone are a holder's; nobody is told whether they are.

    Raises Throttled.
    """
    now = services.clock()
    name = services.vault.person_key(identity.document.key).hex()
    async with services.guard.attempt("code", name, caller, now) as tried:
        begun = await recovery.begin(
            tried.tx, services.vault, request_id=request_id, identity=identity, now=now, is_lost=is_lost
        )
        tried.is_right, tried.is_kept = begun is not None, True
        if begun is None:
            return
        code, minutes = begun.code.reveal(), recovery.CODE_TTL_S // 60
        what_zh, what_en = ("补卡", "replace your lost card") if is_lost else ("登录", "sign in")
        notice = Notice(
            begun.id,
            CODE,
            begun.holder_id,
            begun.phone,
            f"{what_zh}验证码{code}，{minutes}分钟内有效。不是您本人操作请忽略，任何人索要都不要告诉。",
            f"Code {code} to {what_en}, good for {minutes} minutes. Tell it to nobody; not you? Ignore it.",
            begun.locale,
        )
        await notify(tried.tx, services.vault, notice, now)


async def prove(services: Services, caller: Caller, request_id: UUID, code: str) -> Recovered | None:
    """The code from the phone signs in; None: wrong. Of a lost card: cards are frozen, every login ends, the holder is told.

    Guesses at a card make strangers wait, and its holder on a new device with them: this is the holder's way in then.
    Raises Throttled.
    """
    now = services.clock()
    async with services.guard.attempt("code", str(request_id), caller, now) as tried:
        proven = await recovery.prove_code(
            tried.tx, services.vault, request_id=request_id, code=code, now=now
        )
        tried.is_right = proven is not None
        if proven is None:
            return None
        if proven.is_lost:
            await _tell(services, tried.tx, proven, now)
        token = await start_login(tried.tx, now=now, traveller_id=proven.holder_id)
        held = await cards.cards_of(tried.tx, services.vault, proven.holder_id)
    known = () if proven.is_lost else tuple(one.card_no for one in held)
    return Recovered(proven.holder_id, token, known, proven.is_lost)


async def prove_by_staff(
    services: Services, tx: Tx, request_id: UUID, identity: Identity, actor: str
) -> int | None:
    """A member of staff has seen the document: as `prove`, without a login. The holder; None when it is nobody's."""
    now = services.clock()
    proven = await recovery.prove_by_staff(
        tx, services.vault, request_id=request_id, identity=identity, now=now, actor=actor
    )
    if proven is None:
        return None
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
    services: Services, tx: Tx, *, request_id: UUID, card_no: str, holder_id: int, actor: str
) -> Replaced | Denied | NotYet | None:
    """The new number, on the holder's newest proof; None when there is none. Every other login of the holder is over."""
    now = services.clock()
    found = await recovery.recovery_of(tx, holder_id, now)
    if found is None:
        return None
    at = await waits_until(services, tx, found)
    if at is not None:
        return NotYet(at)
    return await cards.replace(
        tx,
        services.vault,
        request_id=request_id,
        card_no=card_no,
        holder_id=holder_id,
        now=now,
        actor=actor,
        recovery_id=found.id,
    )


async def object_to(services: Services, caller: Caller, code: str) -> bool:
    """The holder stops a replacement with the code of the message; False when it is none. Raises Throttled."""
    now = services.clock()
    async with services.guard.attempt("code", f"objection|{caller.address}", caller, now) as tried:
        holder_id = await recovery.object_with_code(tried.tx, services.vault, code=code, now=now)
        tried.is_right = holder_id is not None
        if holder_id is not None:
            await end_logins(tried.tx, holder_id, now)
    return tried.is_right


async def _tell(services: Services, tx: Tx, proven: recovery.Proven, now: datetime) -> None:
    await end_logins(tx, proven.holder_id, now)
    code = "-".join((proven.objection.reveal()[:5], proven.objection.reveal()[5:]))
    site = services.settings.web.public_url
    where_zh = f"{site}/card/objection" if site else "官网“停止补卡”"
    where_en = f"{site}/card/objection" if site else "our site, “Stop a replacement”"
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
