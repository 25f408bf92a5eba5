"""What the worker does for texts: messages of bookings, codes and warnings, within the limits of phones and accounts."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from wenyue import abuse
from wenyue.booking import EventKind
from wenyue.notifications import (
    SmsTransport,
    TextLimits,
    give_up,
    has_notices,
    send_notices,
    send_queued,
)
from wenyue.services import Services

_log: Final = logging.getLogger("wenyue.worker")


class TextsLeft(Exception):
    """The transport did not accept every text: the job is tried again."""


class TextSender:
    """Of one worker."""

    def __init__(self, services: Services, sms: SmsTransport) -> None:
        self._services = services
        self._sms = sms
        texts = services.settings.texts
        self._limits = TextLimits(texts.phone, texts.account, texts.prefixes)

    async def send(self, kind: EventKind, ids: Sequence[UUID], now: datetime, *, is_last_try: bool) -> None:
        """Send the texts of these bookings that are queued. Raises TextsLeft or a database's error: try again."""
        services = self._services
        try:
            async with services.db.transaction() as tx:
                is_sent = await send_queued(
                    tx,
                    services.vault,
                    kind,
                    ids,
                    now,
                    sms=self._sms,
                    limits=self._limits,
                    withheld=self._note_withheld,
                )
        except OSError:
            is_sent = False
        if is_sent:
            return
        if not is_last_try:
            raise TextsLeft
        async with services.db.transaction() as tx:
            count = await give_up(tx, kind, ids)
        _log.error("%d texts were not accepted by transport %s and are given up", count, self._sms.name)

    async def send_notices(self) -> bool:
        """Codes and warnings about accounts; while the transport is out of order they wait."""
        services = self._services
        async with services.db.connection() as tx:
            if not await has_notices(tx):
                return False
        try:
            async with services.db.transaction() as tx:
                return await send_notices(
                    tx,
                    services.vault,
                    services.clock(),
                    sms=self._sms,
                    limits=self._limits,
                    withheld=self._note_withheld,
                )
        except OSError:
            return False

    def _note_withheld(self, holder_id: int) -> None:
        """A text about this account or a booking of it did not leave: operators see how many."""
        self._services.abuse.note(abuse.Pattern.WITHHELD_TEXTS, "account", holder_id)
