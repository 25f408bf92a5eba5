"""Where connections of TLS come in: bounded in number and by address, those whose handshake is not over among them.

A connection of TLS has buffers from its first byte on (asyncio's own loop takes 0.3 MB for one), and says nothing about itself
until its handshake is over. So a newcomer beyond the bounds ends another one: of the line that holds most, one that has not
finished its handshake, else the oldest. Whoever is not let in at all is closed before the first byte is read.
"""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from wenyue.core.limits import HEAD_WAIT_S, TLS_CONNECTIONS_MAX, TLS_OF_ADDRESS_MAX
from wenyue.platform.load_shedding.shares import Shares

_PAUSE_S: Final = 0.5
_NOTHING_LEFT: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class TlsDoor:
    """Accepts on a listening socket on which TLS is spoken; `make` makes what speaks inside it. `run` beside the server.

    At most `most` connections, `of_line` of one line; with `only_handshakes` those whose handshake is over count no more, since
    whoever they are then has bounds of its own. `lets_in` says whether an address may come at all.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        make: Callable[[], asyncio.Protocol],
        *,
        most: int | None = None,
        of_line: int | None = None,
        lets_in: Callable[[str], bool] = lambda _address: True,
        only_handshakes: bool = False,
    ) -> None:
        self._context, self._make, self._lets_in = context, make, lets_in
        self._only_handshakes = only_handshakes
        self._here: Shares[_Arrival] = Shares(
            most or TLS_CONNECTIONS_MAX, of_line or TLS_OF_ADDRESS_MAX, lambda one: one.is_shaking
        )
        self._shaking: set[asyncio.Task[None]] = set()

    async def accept_connections(self, listener: socket.socket) -> None:
        """Accept until cancelled."""
        loop = asyncio.get_running_loop()
        listener.setblocking(False)
        while True:
            try:
                sock, peer = await loop.sock_accept(listener)
            except OSError as error:
                if error.errno in _NOTHING_LEFT:  # others end meanwhile
                    await asyncio.sleep(_PAUSE_S)
                continue
            address = str(peer[0])
            if self._lets_in(address):
                self._arrived(_Arrival(sock), address)
            else:
                sock.close()

    def _arrived(self, one: "_Arrival", address: str) -> None:
        """A connection begins its handshake; perhaps another one ends for it."""
        for other in [other for other in self._here if other.is_over]:
            self._here.leave(other)
        gone = self._here.enter(one, address)
        if gone is not None:
            gone.end()
        task = asyncio.create_task(self._shake(one), name="tls handshake")
        self._shaking.add(task)
        task.add_done_callback(self._shaking.discard)

    async def _shake(self, one: "_Arrival") -> None:
        one.sock.setblocking(False)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                self._make, one.sock, ssl=self._context, ssl_handshake_timeout=HEAD_WAIT_S
            )
        except (OSError, TimeoutError, ssl.SSLError):  # a stranger's line, or no TLS at all
            one.sock.close()
        one.is_shaking = False
        if self._only_handshakes:
            self._here.leave(one)


class _Arrival:
    """A connection; its socket is the loop's from the handshake on."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock, self.is_shaking = sock, True

    @property
    def is_over(self) -> bool:
        """Whether it was closed, by whomever."""
        return self.sock.fileno() < 0

    def end(self) -> None:
        """The loop sees its end, and lets go of it."""
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
