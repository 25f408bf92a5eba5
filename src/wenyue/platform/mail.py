"""Mail, over SMTP with a deadline. No domain words.

A mail server may be defective, or somebody else's: whatever it answers, `Post.send` ends in time, needs little memory, and
raises nothing but OSError.
"""

import smtplib
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from io import BufferedReader
from ipaddress import ip_address
from threading import Timer
from typing import Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

SEND_DEADLINE_S: Final = 10.0  # to connect, and then for everything
ANSWER_BYTES_MAX: Final = 64 * 1024  # all that a server answers while one message is handed over
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
        try:
            self._send(recipients, subject, text)
        except (
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
        ) as error:  # an answer that smtplib does not expect
            raise OSError(f"the mail server answers oddly ({type(error).__name__})") from error

    def _send(self, recipients: Sequence[str], subject: str, text: str) -> None:
        parts = urlsplit(self.url)
        host, is_tls = parts.hostname or "", parts.scheme == "smtps"
        message = EmailMessage()
        message["From"] = self.sender
        message["To"] = ", ".join(recipients[:RECIPIENTS_MAX])
        message["Subject"] = subject
        message.set_content(text, cte="base64")  # every server takes that
        context = ssl.create_default_context()
        server = Session(context if is_tls else None)
        try:
            server.reach(host, parts.port or (465 if is_tls else 25))
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
            server.end()


class Session(smtplib.SMTP):
    """Ends within the deadline: smtplib's own holds for one read, and it reads on for as long as it is answered."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        super().__init__(timeout=SEND_DEADLINE_S)
        self._context, self._read = context, 0
        self._line: socket.socket | None = None
        self._watch = Timer(SEND_DEADLINE_S, self._cut)
        self._watch.daemon = True

    def reach(self, host: str, port: int) -> None:
        """Connect, and hear who it is. Raises OSError."""
        self._host = host  # whose certificate it shall be, if TLS begins later
        code, said = self.connect(host, port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, said)

    def end(self) -> None:
        """Nothing is watched any more."""
        self._watch.cancel()
        if self._line is not None:
            self._line.close()

    def getreply(self) -> tuple[int, bytes]:
        """As smtplib's; of all replies together ANSWER_BYTES_MAX are read."""
        if self.file is None and self.sock is not None:
            self.file = _Bounded(self.sock.makefile("rb"), self)
        return super().getreply()

    def count(self, read: int) -> None:
        """So much more was answered. Raises OSError."""
        self._read += read
        if self._read > ANSWER_BYTES_MAX:
            raise OSError("the mail server answers without end")

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = socket.create_connection((host, port), timeout)
        self._line = plain.dup()
        self._watch.start()
        return plain if self._context is None else self._context.wrap_socket(plain, server_hostname=host)

    def _cut(self) -> None:
        if self._line is not None:
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)  # whoever reads or writes there is told at once


class _Bounded:
    """What a server answers, line by line."""

    def __init__(self, file: BufferedReader, session: Session) -> None:
        self._file, self._session = file, session

    def readline(self, size: int) -> bytes:
        """The next line. Raises OSError when there were too many."""
        line = self._file.readline(size)
        self._session.count(len(line))
        return line

    def close(self) -> None:
        """Nothing more is read."""
        self._file.close()


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
