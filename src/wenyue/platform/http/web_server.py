"""uvicorn's server that answers over TLS on a second socket as well, with a certificate that may be renewed under it.

The first socket is served as always. On both, connections whose answers nobody takes end (`platform/http/unread.py`).
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import uvicorn

from wenyue.platform.http.tls_door import TlsDoor
from wenyue.platform.http.unread import UnreadAnswers

_log: Final = logging.getLogger("wenyue")
_LOOK_EVERY_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class TlsSocket:
    """Where TLS is spoken, and the PEM file with the key and the certificate."""

    sock: socket.socket
    server: Path


class WebServer(uvicorn.Server):
    """Serves `config`'s application; over `tls` too, when there is one."""

    def __init__(
        self, config: uvicorn.Config, tls: TlsSocket | None = None, *, look_every_s: float = _LOOK_EVERY_S
    ) -> None:
        super().__init__(config)
        self._tls = tls
        self._look_every_s = look_every_s
        self._looking: asyncio.TimerHandle | None = None
        self.unread = UnreadAnswers(lambda: self.server_state.connections)
        self._door: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does, then the second socket. Raises OSError, ssl.SSLError."""
        await super().startup(sockets)
        self.unread.start()
        if self._tls is None:
            return
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION  # whoever asks for it again and again makes us work
        context.set_alpn_protocols(["http/1.1"])
        self._look(context, self._tls.server, 0)
        door = TlsDoor(context, self._protocol)
        self._door = asyncio.create_task(door.accept_connections(self._tls.sock), name="tls door")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does."""
        self.unread.stop()
        if self._looking is not None:
            self._looking.cancel()
        if self._door is not None:
            self._door.cancel()
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        make = cast("Callable[..., asyncio.Protocol]", self.config.http_protocol_class)
        return make(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

    def _look(self, context: ssl.SSLContext, server: Path, seen: int) -> None:
        """New connections get a renewed certificate; those that are there keep theirs."""
        try:
            if (found := server.stat().st_mtime_ns) != seen:
                context.load_cert_chain(server)
                seen = found
        except (OSError, ssl.SSLError):
            _log.exception("the certificate cannot be read")  # the one before is kept
        self._looking = asyncio.get_running_loop().call_later(
            self._look_every_s, self._look, context, server, seen
        )
