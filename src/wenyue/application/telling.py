"""Telling a holder, on the phone on record, what was done to their cards."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from wenyue.accounts import traveller
from wenyue.container import Services
from wenyue.notifications import Notice, notify
from wenyue.platform.database.db import Tx


class Words(NamedTuple):
    """One text in both languages."""

    zh: str
    en: str


def lost_page(services: Services) -> Words:
    """Where a holder freezes every card: an address where the site has one, else its name."""
    site = services.settings.web.public_url
    return Words(*[f"{site}/card/lost"] * 2) if site else Words("官网“卡丢了”", "our site, “Lost card”")


async def tell_holder(
    services: Services, tx: Tx, holder_id: int, words: Words, *, notice_id: UUID, kind: str, now: datetime
) -> None:
    """Queue a text to the holder's phone, in this transaction; one notice id is told once."""
    known = await traveller(tx, services.vault, holder_id)
    if known is not None:
        notice = Notice(notice_id, kind, holder_id, known.phone, words.zh, words.en, known.locale)
        await notify(tx, services.vault, notice, now)
