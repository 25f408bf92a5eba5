"""Mail, over SMTP with a deadline. No domain words."""

import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

SEND_DEADLINE_S: Final = 10.0
RECIPIENTS_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Post:
    """A mail server: `smtp://user:password@host:587` or `smtps://…`, and who writes.

    With a user the connection must be encrypted (STARTTLS): a password goes in the clear to this machine only, when the
    address ends in `?plain=1`.
    """

    url: str = field(repr=False)
    sender: str

    def send(self, recipients: Sequence[str], subject: str, text: str) -> None:
        """Hand over one message, in a thread. Raises OSError (smtplib's errors are)."""
        parts = urlsplit(self.url)
        host, is_tls = parts.hostname or "", parts.scheme == "smtps"
        message = EmailMessage()
        message["From"] = self.sender
        message["To"] = ", ".join(recipients[:RECIPIENTS_MAX])
        message["Subject"] = subject
        message.set_content(text, cte="base64")  # every server takes that
        context = ssl.create_default_context()
        if is_tls:
            server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=SEND_DEADLINE_S, context=context)
        else:
            server = smtplib.SMTP(host, parts.port or 25, timeout=SEND_DEADLINE_S)
        try:
            if not is_tls and _offers_tls(server):
                server.starttls(context=context)
                is_tls = True
            if parts.username:
                if not is_tls and not _may_be_plain(parts):
                    raise smtplib.SMTPNotSupportedError(
                        "the mail server offers no STARTTLS: the password is not sent in the clear"
                    )
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(message)
        finally:
            with suppress(OSError):  # the message was taken or was not; how we part changes nothing
                server.quit()
            server.close()


def _may_be_plain(parts: SplitResult) -> bool:
    """`?plain=1` lets a password go unencrypted to this very machine, and nowhere else."""
    if parse_qs(parts.query).get("plain") != ["1"]:
        return False
    try:
        return ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.hostname == "localhost"


def _offers_tls(server: smtplib.SMTP) -> bool:
    server.ehlo_or_helo_if_needed()
    return server.has_extn("starttls")
