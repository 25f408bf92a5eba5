"""Where connections of TLS come in: bounded in number and by address, those whose handshake is not over among them.

A connection of TLS costs a quarter of a megabyte from its first byte on (asyncio's buffer), and says nothing about itself until
its handshake is over. So a newcomer beyond the bounds ends another one: of the address that holds most, one that has not
finished its handshake, else the oldest.
"""

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable
from typing import cast

from wenyue.kernel.limits import HEAD_WAIT_S, TLS_CONNECTIONS_MAX, TLS_OF_ADDRESS_MAX


class TlsDoor:
    """Makes the protocol of a listening socket on which TLS is spoken; `make` makes what speaks inside it."""

    def __init__(self, context: ssl.SSLContext, make: Callable[[], asyncio.Protocol]) -> None:
        self._context, self._make = context, make
        self._here: dict[_Arrival, None] = {}  # the oldest first
        self._shaking: set[asyncio.Task[None]] = set()

    def protocol(self) -> asyncio.Protocol:
        """For one connection, as `create_server` asks for it."""
        return _Arrival(self)

    @property
    def held(self) -> int:
        """How many connections there are."""
        return len(self._here)

    def arrived(self, one: "_Arrival") -> None:
        """A connection begins its handshake; perhaps another one ends for it."""
        for other in [other for other in self._here if other.raw.is_closing()]:
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
        gone.raw.abort()

    async def _shake(self, one: "_Arrival") -> None:
        early = _Early()
        try:
            inside = await asyncio.get_running_loop().start_tls(
                one.raw, early, self._context, server_side=True, ssl_handshake_timeout=HEAD_WAIT_S
            )
        except (OSError, TimeoutError, ssl.SSLError):  # a stranger's line, or no TLS at all
            one.raw.abort()
            return
        one.is_shaking = False
        if inside is None or early.is_lost:
            return
        protocol = self._make()
        inside.set_protocol(protocol)
        protocol.connection_made(inside)
        if early.read:
            protocol.data_received(bytes(early.read))


class _Arrival(asyncio.Protocol):
    """A connection before its handshake."""

    raw: asyncio.Transport

    def __init__(self, door: TlsDoor) -> None:
        self._door = door
        self.address = ""
        self.is_shaking = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - the loop makes no other for TCP
        self.raw = transport
        peer = cast("tuple[object, ...]", transport.get_extra_info("peername") or ("",))
        self.address = str(peer[0])
        self._door.arrived(self)


class _Early(asyncio.Protocol):
    """Hears what comes with the last of the handshake, before there is somebody to read it."""

    def __init__(self) -> None:
        self.read = bytearray()
        self.is_lost = False

    def data_received(self, data: bytes) -> None:
        """Keep it."""
        self.read += data

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there any more."""
        del exc
        self.is_lost = True
