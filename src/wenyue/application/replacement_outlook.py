"""Read: from when on a replacement is shown, since its holder was told and may still object."""

from datetime import datetime, timedelta

from wenyue.application.recovery_texts import TOLD
from wenyue.cards import recovery
from wenyue.container import Services
from wenyue.notifications import is_told
from wenyue.platform.database.db import Tx


async def was_told(tx: Tx, found: recovery.Recovery) -> bool:
    """Whether the message to the phone on record has left."""
    return await is_told(tx, found.id, TOLD)


async def waits_until(services: Services, tx: Tx, found: recovery.Recovery) -> datetime | None:
    """From when on a new number is shown; None: now."""
    delay = timedelta(minutes=services.settings.web.replacement_delay_min)
    told = await was_told(tx, found)
    return recovery.shown_from(found, is_told=told, delay=delay, now=services.clock())
