"""The way between a pair of machines: only known peers begin a handshake, and few at once."""

import asyncio
import ssl
import struct
from contextlib import suppress
from pathlib import Path

import pytest

from wenyue.core.limits import (
    LINK_HANDSHAKES_MAX,
    LINK_HANDSHAKES_OF_ADDRESS_MAX,
)
from wenyue.ops.standby.link import Gate, door, listening
from wenyue.ops.standby.state import certificate, put
from wenyue.platform.embedded_server.account import Account
from wenyue.platform.embedded_server.peer import Link, tls
from wenyue.platform.embedded_server.place import SOCKET_PORT, Place

pytestmark = pytest.mark.anyio
_NET_S = 30.0


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while said := await reader.read(4096):
            writer.write(said)
            await writer.drain()
    writer.close()


def _replication_login() -> bytes:
    fields = b"user\0wenyue_standby\0replication\0true\0\0"
    return struct.pack("!II", len(fields) + 8, 3 << 16) + fields


async def _is_ended(reader: asyncio.StreamReader) -> bool:
    try:
        return await asyncio.wait_for(reader.read(1), _NET_S) == b""
    except ConnectionResetError:
        return True


async def test_security_third_only_known_peers_begin_a_handshake_and_few_at_once(
    tmp_path: Path, flood: list[asyncio.StreamWriter]
) -> None:
    mine, theirs = certificate("here"), certificate("there")
    here, there = tmp_path / "here", tmp_path / "there"
    link = Link("primary", "127.0.0.1", 0, "127.0.0.0/30", "127.0.0.1", 1, "secret")
    for home, own, peer in ((here, mine, theirs), (there, theirs, mine)):
        home.mkdir()
        put(home, link, own, peer[0])
    place = Place(here, tmp_path, tmp_path, tmp_path, Account("me", 0, 0, switch=False), {})
    inside = await asyncio.start_unix_server(_echo, tmp_path / f".s.PGSQL.{SOCKET_PORT}")
    gate = Gate(place, link)
    with listening(link) as listener:
        port = listener.getsockname()[1]
        accepting = asyncio.create_task(
            door(gate, tls(here, ssl.Purpose.CLIENT_AUTH)).accept_connections(listener)
        )

        async def come(source: str, context: ssl.SSLContext | None = None) -> asyncio.StreamReader:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, local_addr=(source, 0), ssl=context
            )
            flood.append(writer)
            return reader

        replicating = await come("127.0.0.1", tls(there, ssl.Purpose.SERVER_AUTH))
        flood[-1].write(_replication_login())
        assert await replicating.readexactly(len(_replication_login())) == _replication_login()
        wire = flood[-1]
        strangers = [await come("127.0.0.9") for _ in range(LINK_HANDSHAKES_MAX)]
        assert all([await _is_ended(one) for one in strangers])  # before a byte of TLS
        silent = [await come("127.0.0.1") for _ in range(LINK_HANDSHAKES_OF_ADDRESS_MAX + 3)]
        assert all([await _is_ended(one) for one in silent[:3]])
        for source in ("127.0.0.1", "127.0.0.2"):
            other = await come(source, tls(there, ssl.Purpose.SERVER_AUTH))
            flood[-1].write(_replication_login())
            assert await other.readexactly(len(_replication_login())) == _replication_login()
        wire.write(b"still here")
        assert await replicating.readexactly(10) == b"still here"
        accepting.cancel()
        await asyncio.gather(accepting, return_exceptions=True)
        gate.close()
    inside.close()
