"""Ways for alerts to leave: a structured line in the log, a webhook, mail. Each has a deadline; each may fail alone.

Texts (SMS) leave through the notification transport, which the monitor role brings along.
"""

import asyncio
import json
import logging
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPException
from typing import Final, Protocol

from wenyue.locale import LOCALES, SOURCE, short_tag, text_in
from wenyue.monitoring.model import Notice
from wenyue.monitoring.wording import body, guide_of, page_of, subject_line
from wenyue.platform.mail import Post

SEND_DEADLINE_S: Final = 10.0
THREADS_MAX: Final = 4
_log: Final = logging.getLogger("wenyue.alerts")


class Threads:
    """Of one way out alone: where the other side keeps a thread waiting, no other way goes without. A few are started at most."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS_MAX, "alerts")

    async def run_in_thread(self, send: Callable[[], None]) -> None:
        """Wait for it. Raises what it raises."""
        await asyncio.get_running_loop().run_in_executor(self._pool, send)


class Sender(Protocol):
    """One way out."""

    @property
    def name(self) -> str:
        """For the log."""
        ...

    async def send(self, notice: Notice, /) -> None:
        """Tell it. Raises OSError (or a subclass) when it did not leave: it is tried again."""
        ...


def as_json(notice: Notice, node: str, base: str) -> dict[str, object]:
    """A notice for programs."""
    alert, guide = notice.alert, guide_of(notice.alert.check)
    return {
        "event": notice.event.value,
        "severity": alert.severity.value,
        "check": alert.check,
        "subject": alert.subject,
        "id": alert.id,
        "node": node,
        "since": alert.since.isoformat(),
        "at": notice.at.isoformat(),
        "is_escalated": notice.is_escalated,
        **{short_tag(locale): text_in(alert.texts, locale) for locale in LOCALES},
        **{f"do_{short_tag(locale)}": guide.step.say(locale) for locale in LOCALES},
        "runbook": page_of(alert.check, base),
    }


@dataclass(frozen=True, slots=True)
class LogSender:
    """One line per notice in this process's log, at the level of its severity, in English. Never fails."""

    base: str
    name: str = "log"

    async def send(self, notice: Notice, /) -> None:
        """Write the line."""
        alert = notice.alert
        level = logging.CRITICAL if alert.severity.value == "critical" else logging.WARNING
        _log.log(
            level,
            "alert %s, %s, %s, since %s: %s; see %s",
            notice.event.value,
            alert.severity.value,
            alert.subject,
            f"{alert.since:%Y-%m-%d %H:%MZ}",
            text_in(alert.texts, SOURCE),
            page_of(alert.check, self.base),
        )


@dataclass(frozen=True, slots=True)
class WebhookSender:
    """Posts the notice as JSON."""

    url: str = field(repr=False)
    node: str
    base: str
    name: str = "webhook"
    threads: Threads = field(default_factory=Threads, repr=False, compare=False)

    async def send(self, notice: Notice, /) -> None:
        """Post it. Raises OSError for every answer but 2xx."""
        data = json.dumps(as_json(notice, self.node, self.base), ensure_ascii=False).encode()
        await self.threads.run_in_thread(partial(self._post, data))

    def _post(self, data: bytes) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise OSError("the webhook is not an http address")
        request = urllib.request.Request(  # noqa: S310 - http or https, from settings
            self.url, data, headers={"Content-Type": "application/json; charset=utf-8"}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=SEND_DEADLINE_S) as response:  # noqa: S310 - as above
                response.read(1024)
        except urllib.error.HTTPError as error:
            error.close()
            raise OSError(f"the webhook answered {error.code}") from None


def ask(url: str) -> None:
    """Get an address, as a sign of life; what it answers is not read. Raises OSError, without the address, for all but 2xx."""
    if not url.startswith(("http://", "https://")):
        raise OSError("it is not an http address")
    try:
        urllib.request.urlopen(url, timeout=SEND_DEADLINE_S).close()  # noqa: S310 - http or https, from settings
    except urllib.error.HTTPError as error:
        error.close()
        raise OSError(f"it answered {error.code}") from None
    except (HTTPException, ValueError) as error:
        raise OSError(type(error).__name__) from None


@dataclass(frozen=True, slots=True)
class MailSender:
    """Mails the notice to operators, and to those behind them when it escalates."""

    post: Post
    recipients: Sequence[str] = field(repr=False)
    escalation: Sequence[str] = field(repr=False)
    node: str
    base: str
    name: str = "mail"
    threads: Threads = field(default_factory=Threads, repr=False, compare=False)

    async def send(self, notice: Notice, /) -> None:
        """Mail it. Raises OSError."""
        to = [*self.recipients, *(self.escalation if notice.is_escalated else ())]
        if to:
            text = body(notice, self.node, self.base)
            await self.threads.run_in_thread(
                partial(self.post.send, to, subject_line(notice, self.node), text)
            )
