"""HTTPS on the local network for `wenyue up`: the socket, the certificate of our own, and what to tell people about it."""

import ipaddress
import socket
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

from wenyue.core.clock import utc_now
from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.platform.certificates import Certificates, Standing, local_names
from wenyue.platform.config import Settings
from wenyue.platform.fault import SetupError
from wenyue.platform.supervisor import listening_socket

_TEND_EVERY_S: Final = 600.0
_SHOWN_MAX: Final = 4


class OwnHttps:
    """An open TLS socket with a certificate that stays good as long as somebody calls `tend`."""

    def __init__(self, settings: Settings, listener: socket.socket, say: Callable[[str], None]) -> None:
        self.listener = listener
        self._port = settings.web.https_port
        self._certificates = Certificates(settings.home / "tls")
        self._say = say
        self._names = local_names()
        self._standing = self._ensure()
        self._tended = time.monotonic()

    def tend(self) -> None:
        """Renew before the certificate runs out, and when this machine has other addresses than before."""
        if time.monotonic() - self._tended < _TEND_EVERY_S:
            return
        self._tended = time.monotonic()
        self._names = local_names()
        self._standing = self._ensure()
        if self._standing.is_new_authority:
            self._say(gettext("HTTPS has a new certificate authority: trust it again on each device"))
            self.greet()

    def greet(self) -> None:
        """Where other devices find us, and what they have to trust."""
        outer = [one for one in self._names.addresses if not one.is_loopback] or [*self._names.addresses[:1]]
        for one in outer[:_SHOWN_MAX]:
            self._say(gettext("https for other devices: {url}", url=f"https://{_in_url(one)}:{self._port}"))
        self._say(
            gettext(
                "certificate authority, to be trusted on each device: {path}",
                path=self._certificates.authority,
            )
        )
        self._say(f"  SHA-256 {self._standing.fingerprint}")
        self._say(gettext("  or from /gate/ca.crt, comparing the number"))

    def _ensure(self) -> Standing:
        try:
            return self._certificates.ensure(self._names, utc_now())
        except OSError as error:
            raise SetupError(Message("can't write the certificate: {error}", error=error)) from error


@contextmanager
def own_https(settings: Settings, say: Callable[[str], None]) -> Generator[OwnHttps | None]:
    """None unless WENYUE_HTTPS=1. Raises SetupError for a port that is taken."""
    if not settings.web.is_https:
        yield None
        return
    host = settings.web.host
    with listening_socket("0.0.0.0" if _is_loopback(host) else host, settings.web.https_port) as listener:  # noqa: S104 - it is asked for
        yield OwnHttps(settings, listener, say)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _in_url(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    return f"[{address}]" if address.version == 6 else str(address)
