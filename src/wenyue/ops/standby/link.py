"""The way between the two machines: TLS outside, the database's own sockets inside. The database opens no port.

In: the other side's replication connections, and its question who we are. Out (on a standby only): a socket beside the
database's own, which leads to the primary.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import signal
import socket
import ssl
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
import psycopg

from wenyue.core.limits import LINK_HANDSHAKES_MAX, LINK_HANDSHAKES_OF_ADDRESS_MAX
from wenyue.locale.terminal import gettext
from wenyue.ops.standby.state import OUT_PORT, ROLE, SQL
from wenyue.platform.addresses import is_in
from wenyue.platform.embedded_server.peer import (
    NONCE_LENGTH,
    QUESTION,
    Answer,
    Link,
    ask,
    claim,
    fence,
    is_superseded,
    own,
    read_link,
    tls,
)
from wenyue.platform.embedded_server.place import SOCKET_PORT, Place, settle
from wenyue.platform.http.tls_door import TlsDoor

CONNECTIONS_MAX: Final = 16
BACKLOG: Final = 100
HELLO_DEADLINE_S: Final = 10.0
GUARD_EVERY_S: Final = 10.0
_BLOCK: Final = 1 << 16
_STARTUP_BYTES_MAX: Final = 10_000
_PROTOCOL_3: Final = 3 << 16
# The fields of a login that is passed on, with the values that they may have; None: any.
_LOGIN: Final[dict[bytes, frozenset[bytes] | None]] = {
    b"user": frozenset({ROLE.encode()}),
    b"replication": frozenset({b"true", b"on", b"yes", b"1"}),
    b"database": frozenset({b"replication", ROLE.encode()}),  # libpq's fillers; the server ignores them
    b"application_name": None,
    b"client_encoding": None,
}


async def serve(home: Path, say: Callable[[str], None]) -> None:
    """Serve both directions until SIGTERM. On a primary: end the installation when the other side has taken over."""
    place = settle(home, lambda _: None)
    link = read_link(home)
    if link is None:
        return
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    gate = Gate(place, link)
    context = tls(home, ssl.Purpose.CLIENT_AUTH)
    with listening(link) as listener:
        accepting = asyncio.create_task(door(gate, context).accept_connections(listener), name="link")
        out = await _open_out(gate) if link.role == "standby" else None
        try:
            if link.role == "primary":
                await _guard(place, link, ended, say)
            await ended.wait()
        finally:
            accepting.cancel()
            await asyncio.gather(accepting, return_exceptions=True)
            if out is not None:
                out.close()
                _out_path(place).unlink(missing_ok=True)
            gate.close()


def listening(link: Link) -> socket.socket:
    """The socket that the other side connects to. Raises OSError."""
    family = socket.AF_INET6 if ":" in link.listen else socket.AF_INET
    return socket.create_server((link.listen, link.port), family=family, backlog=BACKLOG)


def door(gate: Gate, context: ssl.SSLContext) -> TlsDoor:
    """Who is not let in is closed before anything is read; handshakes are bounded; what is behind them, by the gate."""
    return TlsDoor(
        context,
        gate.protocol,
        most=LINK_HANDSHAKES_MAX,
        of_line=LINK_HANDSHAKES_OF_ADDRESS_MAX,
        lets_in=gate.knows,
        only_handshakes=True,
    )


class Gate:
    """Every connection in either direction; bounded."""

    def __init__(self, place: Place, link: Link) -> None:
        self.place = place
        self.link = link
        self._writers: set[asyncio.StreamWriter] = set()
        self._network = ipaddress.ip_network(link.let_in, strict=False)

    async def let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The other side asks, or wants to replicate; anything else is closed."""
        with self._counted(writer) as has_room, suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            if not has_room:
                return
            async with asyncio.timeout(HELLO_DEADLINE_S):
                first = await reader.readexactly(len(QUESTION))
                if first == QUESTION:
                    nonce = (await reader.readexactly(NONCE_LENGTH + 1)).decode("ascii", "replace").strip()
                    found = await asyncio.to_thread(_look, self.place)
                    writer.write(msgspec.json.encode(claim(self.place.home, nonce, found)) + b"\n")
                    await writer.drain()
                    return
                hello = await _startup(first, reader)
            inside = await asyncio.open_unix_connection(self.place.socket / f".s.PGSQL.{SOCKET_PORT}")
            inside[1].write(hello)
            await _pump((reader, writer), inside)

    async def lead_out(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Our own database wants to reach the primary."""
        with self._counted(writer) as has_room, suppress(OSError, TimeoutError):
            if not has_room:
                return
            async with asyncio.timeout(HELLO_DEADLINE_S):
                context = tls(self.place.home, ssl.Purpose.SERVER_AUTH)
                outside = await asyncio.open_connection(self.link.peer_host, self.link.peer_port, ssl=context)
            await _pump((reader, writer), outside)

    def close(self) -> None:
        """End every connection."""
        for writer in list(self._writers):
            writer.close()

    def knows(self, address: str) -> bool:
        """Whether the other side may connect from this address."""
        return is_in(address, [self._network])

    def protocol(self) -> asyncio.StreamReaderProtocol:
        """What speaks inside a connection whose handshake is over."""
        loop = asyncio.get_running_loop()
        return asyncio.StreamReaderProtocol(asyncio.StreamReader(loop=loop), self.let_in, loop=loop)

    def _counted(self, writer: asyncio.StreamWriter) -> _Counted:
        return _Counted(self._writers, writer)


class _Counted:
    """One connection among the bounded many; closed at the end."""

    def __init__(self, writers: set[asyncio.StreamWriter], writer: asyncio.StreamWriter) -> None:
        self._writers, self._writer = writers, writer

    def __enter__(self) -> bool:
        has_room = len(self._writers) < CONNECTIONS_MAX
        self._writers.add(self._writer)
        return has_room

    def __exit__(self, *_: object) -> None:
        self._writers.discard(self._writer)
        self._writer.close()


async def _startup(first: bytes, reader: asyncio.StreamReader) -> bytes:
    """The first message of a connection to PostgreSQL, if it is a replication login of our role. Raises OSError."""
    head = first + await reader.readexactly(8 - len(first))
    length, version = struct.unpack("!II", head)
    if version != _PROTOCOL_3 or not 8 < length <= _STARTUP_BYTES_MAX:
        raise OSError("no replication login")
    rest = await reader.readexactly(length - 8)
    if not is_physical(rest):
        raise OSError("no replication login")
    return head + rest


def is_physical(said: bytes) -> bool:
    """Whether the fields of a startup message ask for physical replication as our role, and for nothing else.

    `replication=database` may ask SQL questions and `replication=false` is an ordinary session, so the values are compared, too.
    Known are the fields that pg_basebackup, pg_receivewal, a WAL receiver and our own question send; `options` is none of them.
    """
    *fields, end = said.removesuffix(b"\0").split(b"\0")
    names = fields[::2]
    if not said.endswith(b"\0\0") or end or len(fields) % 2 or len(set(names)) != len(names):
        return False
    found = dict(zip(names, fields[1::2], strict=True))
    return (
        found.keys() >= {b"user", b"replication"}
        and found.keys() <= _LOGIN.keys()
        and all(
            allowed is None or found[name] in allowed for name, allowed in _LOGIN.items() if name in found
        )
    )


async def _pump(
    one: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    other: tuple[asyncio.StreamReader, asyncio.StreamWriter],
) -> None:
    """Both directions, until either ends."""
    ways = {
        asyncio.create_task(_copy(one[0], other[1])),
        asyncio.create_task(_copy(other[0], one[1])),
    }
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        other[1].close()
        one[1].close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while block := await reader.read(_BLOCK):
            writer.write(block)
            await writer.drain()


async def _open_out(gate: Gate) -> asyncio.Server:
    path = _out_path(gate.place)
    path.unlink(missing_ok=True)
    sock = socket.socket(socket.AF_UNIX)
    before = os.umask(
        0o177
    )  # the folder is the account's, who may put something else there: its mode is made with it
    try:
        sock.bind(str(path))
    finally:
        os.umask(before)
    if gate.place.account.switch:
        os.chown(path, gate.place.account.uid, gate.place.account.gid, follow_symlinks=False)
    return await asyncio.start_unix_server(gate.lead_out, sock=sock)


def _out_path(place: Place) -> Path:
    return place.socket / f".s.PGSQL.{OUT_PORT}"


async def _guard(place: Place, link: Link, ended: asyncio.Event, say: Callable[[str], None]) -> None:
    """Ask the other side now and then whether it has taken over; then fence this home and end the installation."""
    mine = await asyncio.to_thread(own, place)
    while not ended.is_set():
        answer = await asyncio.to_thread(ask, place.home, link)
        if answer is not None and is_superseded(mine, answer):
            fence(place.home, answer)
            say(gettext("the standby has taken over: this installation is fenced and is ending"))
            os.kill(os.getppid(), signal.SIGTERM)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(GUARD_EVERY_S):
                await ended.wait()


def _look(place: Place) -> Answer:
    """What our own server is; by its files when it does not answer."""
    with suppress(psycopg.Error):
        url = place.url("postgres", "postgres")
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            row = connection.execute(SQL["own"]).fetchone()
        if row is not None:
            return Answer(system_id=row[0], timeline=row[1], is_primary=not row[2])
    return own(place)
