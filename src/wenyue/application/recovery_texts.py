"""What the holder is told, on the phone on record, of a proof that began a replacement, and of each number that came of it."""

from datetime import datetime
from typing import Final
from uuid import UUID

from wenyue.application.telling import Words, tell_holder
from wenyue.cards import recovery
from wenyue.container import Services
from wenyue.notifications import Notice, notify
from wenyue.platform.database.db import Tx

TOLD: Final = "recovery-told"
REPLACED: Final = "card-replaced"
SHOWN_AGAIN: Final = "card-pin-shown-again"


def _where(services: Services) -> tuple[str, str]:
    """Where a replacement is stopped."""
    site = services.settings.web.public_url
    return (
        f"{site}/card/objection" if site else "官网“停止补卡”",
        f"{site}/card/objection" if site else "our site, “Stop a replacement”",
    )


async def tell_of_proof(services: Services, tx: Tx, proven: recovery.Proven, now: datetime) -> None:
    """That cards are frozen and replaced, with the code that stops it."""
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


async def tell_of_number(
    services: Services, tx: Tx, holder_id: int, request_id: UUID, now: datetime, *, is_again: bool
) -> None:
    """That a card has a new number, or had its PIN shown again."""
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
