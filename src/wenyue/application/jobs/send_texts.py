"""Texts about bookings leave, within the limits of phones and accounts."""

import logging
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from wenyue import abuse
from wenyue.booking import EventKind
from wenyue.container import Services
from wenyue.notifications import SmsTransport, TextLimits, give_up, send_queued

_log: Final = logging.getLogger("wenyue.worker")


class TextsLeft(Exception):
    """The transport did not accept every text: the job is tried again."""


class Outgoing:
    """By which transport texts leave, and within which limits."""

    def __init__(self, services: Services, sms: SmsTransport) -> None:
        texts = services.settings.texts
        self.sms = sms
        self.limits = TextLimits(texts.phone, texts.account, texts.prefixes)
        self._detector = services.abuse

    def note_withheld(self, holder_id: int) -> None:
        """A text about this account or a booking of it did not leave: operators see how many."""
        self._detector.note(abuse.Pattern.WITHHELD_TEXTS, "account", holder_id)


async def send_texts(
    services: Services, outgoing: Outgoing, kind: EventKind, ids: Sequence[UUID], *, is_last_try: bool
) -> None:
    """Send the texts of these bookings that are queued; after the last try they are given up.

    Raises TextsLeft or a database's error: try again.
    """
    try:
        async with services.db.transaction() as tx:
            is_sent = await send_queued(
                tx,
                services.vault,
                kind,
                ids,
                services.clock(),
                sms=outgoing.sms,
                limits=outgoing.limits,
                withheld=outgoing.note_withheld,
            )
    except OSError:
        is_sent = False
    if is_sent:
        return
    if not is_last_try:
        raise TextsLeft
    async with services.db.transaction() as tx:
        count = await give_up(tx, kind, ids)
    _log.error("%d texts were not accepted by transport %s and are given up", count, outgoing.sms.name)
