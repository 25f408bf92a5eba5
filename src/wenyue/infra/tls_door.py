"""Where connections of TLS come in: bounded in number and by address, those whose handshake is not over among them.

A connection of TLS has buffers from its first byte on (asyncio's own loop takes 0.3 MB for one), and says nothing about itself
until its handshake is over. So a newcomer beyond the bounds ends another one: of the address that holds most, one that has not
finished its handshake, else the oldest.
"""

import asyncio
import errno
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from wenyue.kernel.limits import HEAD_WAIT_S, TLS_CONNECTIONS_MAX, TLS_OF_ADDRESS_MAX

_PAUSE_S: Final = 0.5
_NOTHING_LEFT: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class TlsDoor:
    """Accepts on a listening socket on which TLS is spoken; `make` makes what speaks inside it. `run` beside the server."""

    def __init__(self, context: ssl.SSLContext, make: Callable[[], asyncio.Protocol]) -> None:
        self._context, self._make = context, make
        self._here: dict[_Arrival, None] = {}  # the oldest first
        self._shaking: set[asyncio.Task[None]] = set()

    async def run(self, listener: socket.socket) -> None:
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
            self._arrived(_Arrival(sock, str(peer[0])))

    def _arrived(self, one: "_Arrival") -> None:
        """A connection begins its handshake; perhaps another one ends for it."""
        for other in [other for other in self._here if other.is_over]:
            del self._here[other]
        of_address = Counter(other.address for other in self._here)
        if of_address[one.address] >= TLS_OF_ADDRESS_MAX:
            self._end_one_of(one.address)
        elif len(self._here) >= TLS_CONNECTIONS_MAX:
            self._end_one_of(of_address.most_common(1)[0][0])
        self._here[one] = None
        task = asyncio.create_task(self._shake(one), name="tls handshake")
        self._shaking.add(task)
        task.add_done_callback(self._shaking.discard)

    def _end_one_of(self, address: str) -> None:
        theirs = [one for one in self._here if one.address == address]
        gone = next((one for one in theirs if one.is_shaking), theirs[0])
        del self._here[gone]
        gone.end()

    async def _shake(self, one: "_Arrival") -> None:
        one.sock.setblocking(False)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                self._make, one.sock, ssl=self._context, ssl_handshake_timeout=HEAD_WAIT_S
            )
        except (OSError, TimeoutError, ssl.SSLError):  # a stranger's line, or no TLS at all
            one.sock.close()
        one.is_shaking = False


class _Arrival:
    """A connection; its socket is the loop's from the handshake on."""

    def __init__(self, sock: socket.socket, address: str) -> None:
        self.sock, self.address, self.is_shaking = sock, address, True

    @property
    def is_over(self) -> bool:
        """Whether it was closed, by whomever."""
        return self.sock.fileno() < 0

    def end(self) -> None:
        """The loop sees its end, and lets go of it."""
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
