"""Telling a holder, on the phone on record, what was done to their cards."""

from datetime import datetime
from uuid import UUID

from wenyue.accounts import traveller
from wenyue.container import Services
from wenyue.locale import Message
from wenyue.notifications import Notice, notify
from wenyue.platform.database.db import Tx


def lost_page(services: Services) -> Message | str:
    """Where a holder freezes every card: an address where the site has one, else its name."""
    site = services.settings.web.public_url
    return f"{site}/card/lost" if site else Message("our site, “Lost card”")


async def tell_holder(
    services: Services, tx: Tx, holder_id: int, words: Message, *, notice_id: UUID, kind: str, now: datetime
) -> None:
    """Queue a text to the holder's phone, in this transaction; one notice id is told once."""
    known = await traveller(tx, services.vault, holder_id)
    if known is not None:
        notice = Notice(notice_id, kind, holder_id, known.phone, words, known.locale)
        await notify(tx, services.vault, notice, now)
