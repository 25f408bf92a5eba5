"""The ways out: how people are told, and what did not leave."""

import asyncio
import logging
import os
from collections.abc import Sequence
from time import monotonic
from typing import Final

from wenyue.monitoring.model import Notice
from wenyue.monitoring.senders import LogSender, MailSender, Sender, WebhookSender
from wenyue.monitoring.wording import short
from wenyue.platform.config import Settings
from wenyue.platform.mail import Post

UNSENT_MAX: Final = 200  # of one sender
TRIES_MAX: Final = 10
SEND_DEADLINE_S: Final = 15.0
_log: Final = logging.getLogger("wenyue.monitor")


class TextSender:
    """Texts operators through the transport that travellers' texts take."""

    name = "sms"

    def __init__(
        self, settings: Settings, phones: Sequence[str], escalation: Sequence[str], node: str
    ) -> None:
        self._settings, self._phones, self._escalation, self._node = settings, phones, escalation, node

    async def send(self, notice: Notice, /) -> None:
        """Text everybody. Raises OSError."""
        from wenyue.core.personal import Secret  # noqa: PLC0415 - as below
        from wenyue.notifications import Sms, transport_of  # noqa: PLC0415 - heavy; only where texts are wanted

        phones = [*self._phones, *(self._escalation if notice.is_escalated else ())]
        number = int(notice.alert.id.replace("-", "")[:8], 16) * 1000 + notice.alert.told
        batch = [
            Sms(number * 100 + at, Secret(phone), short(notice, self._node))
            for at, phone in enumerate(phones)
        ]
        if batch and len(await transport_of(self._settings).send(batch, notice.at)) < len(batch):
            raise OSError("not every text was accepted")


def senders_of(settings: Settings) -> list[Sender]:
    """Every way out that is configured; the log always."""
    monitor = settings.monitor
    node, base = monitor.node or os.uname().nodename, monitor.runbooks
    mails = [one for one in monitor.escalation if "@" in one]
    phones = [one for one in monitor.escalation if "@" not in one]
    found: list[Sender] = [LogSender(base)]
    if monitor.webhook:
        found.append(WebhookSender(monitor.webhook, node, base))
    if monitor.smtp and (monitor.emails or mails):
        found.append(MailSender(Post(monitor.smtp, monitor.mail_from), monitor.emails, mails, node, base))
    if monitor.phones or phones:
        found.append(TextSender(settings, monitor.phones, phones, node))
    return found


async def give(sender: Sender, waiting: list[tuple[Notice, int]]) -> list[tuple[Notice, int]]:
    """Send (notice, failed tries), begun within SEND_DEADLINE_S; returns what did not leave: first what was not tried."""
    until = monotonic() + SEND_DEADLINE_S
    untried: list[tuple[Notice, int]] = []
    failed: list[tuple[Notice, int]] = []
    if len(waiting) > UNSENT_MAX:
        _log.error("%d alerts are given up, %s does not take them", len(waiting) - UNSENT_MAX, sender.name)
    for notice, tries in waiting[-UNSENT_MAX:]:
        if monotonic() >= until:
            untried.append((notice, tries))
            continue
        try:
            async with asyncio.timeout(SEND_DEADLINE_S):
                await sender.send(notice)
        except Exception as error:  # noqa: BLE001 - one way out must not close the others
            _log.warning("alert not sent by %s, try %d: %s", sender.name, tries + 1, type(error).__name__)
            if tries + 1 < TRIES_MAX:
                failed.append((notice, tries + 1))
    return [*untried, *failed]
