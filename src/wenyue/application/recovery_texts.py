"""What the holder is told, on the phone on record, of a proof that began a replacement, and of each number that came of it."""

from datetime import datetime
from typing import Final
from uuid import UUID

from wenyue.application.telling import tell_holder
from wenyue.cards import recovery
from wenyue.container import Services
from wenyue.locale import Message
from wenyue.notifications import Notice, notify
from wenyue.platform.database.db import Tx

TOLD: Final = "recovery-told"
REPLACED: Final = "card-replaced"
SHOWN_AGAIN: Final = "card-pin-shown-again"


def _where(services: Services) -> Message | str:
    """Where a replacement is stopped."""
    site = services.settings.web.public_url
    return f"{site}/card/objection" if site else Message("our site, “Stop a replacement”")


async def tell_of_proof(services: Services, tx: Tx, proven: recovery.Proven, now: datetime) -> None:
    """That cards are frozen and replaced, with the code that stops it."""
    words = Message(
        "Your card was reported lost and is being replaced. Not you? Within {days} days enter {code} at {where}, or tell the"
        " counter.",
        code="-".join((proven.objection.reveal()[:5], proven.objection.reveal()[5:])),
        days=recovery.OBJECTION_S // 86_400,
        where=_where(services),
    )
    notice = Notice(proven.id, TOLD, proven.holder_id, proven.phone, words, proven.locale)
    await notify(tx, services.vault, notice, now)


async def tell_of_number(
    services: Services, tx: Tx, holder_id: int, request_id: UUID, now: datetime, *, is_again: bool
) -> None:
    """That a card has a new number, or had its PIN shown again."""
    if is_again:
        words = Message(
            "The new PIN of one of your cards was shown again; the PIN before it no longer works. Not you? Enter the stop"
            " code from our earlier message now at {where}, or tell the counter.",
            where=_where(services),
        )
    else:
        words = Message(
            "One of your cards has a new number; the old one no longer works. Not you? Enter the stop code from our earlier"
            " message now at {where}, or tell the counter.",
            where=_where(services),
        )
    kind = f"{SHOWN_AGAIN}:{now:%H%M}" if is_again else REPLACED  # a text a minute tells of them
    await tell_holder(services, tx, holder_id, words, notice_id=request_id, kind=kind, now=now)
