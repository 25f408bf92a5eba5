"""A chaos proxy: carries TCP or Unix-socket connections and spoils them as it is told, the same way for the same seed.

It knows no protocol but one habit that HTTP and PostgreSQL share: the client speaks, then the server answers. A *lost reply* is
an answer that arrived here, after the request had gone through, and that the client never gets.
"""

import asyncio
import contextlib
import random
import socket
import struct
from collections import Counter, deque
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

CONNECTIONS_MAX: Final = 2_000
_CHUNK: Final = 65_536
_LOST_KEPT: Final = 64
_LOST_BYTES: Final = 64
_RST: Final = struct.pack("ii", 1, 0)  # SO_LINGER on, zero seconds: closing sends a reset
_STILL_S: Final = 0.05  # how often a half-open connection looks whether the noise has changed

Address = Path | tuple[str, int]
Listen = Address | socket.socket


@dataclass(frozen=True, slots=True)
class LinkNoise:
    """How every connection fares from now on. Chances are per piece of data that arrives."""

    delay_s: float = 0.0
    bytes_per_s: float = 0.0  # 0: unlimited
    reset_chance: float = 0.0  # the connection is reset, after a random part of the piece was passed on
    lost_reply_chance: float = 0.0  # the answer is swallowed and the client's connection reset
    stall_chance: float = 0.0  # the line stands still for `stall_s`, as when a packet was lost
    stall_s: float = 0.0
    is_half_open: bool = False  # nothing is carried, nothing is closed


CALM: Final = LinkNoise()


class ChaosProxy:
    """Carries connections from `listen` (an address, or a socket that listens already) to `target`.

    Use it as an async context manager; `noise` may be set at any time.
    """

    def __init__(self, listen: Listen, target: Address, *, seed: int = 1) -> None:
        self.noise = CALM
        self.counts: Counter[str] = Counter()
        self.lost: deque[bytes] = deque(maxlen=_LOST_KEPT)  # how the latest lost replies began
        self._given = listen if isinstance(listen, socket.socket) else None
        self.address: Address = ("", 0) if isinstance(listen, socket.socket) else listen
        self._target, self._seed = target, seed
        self._server: asyncio.Server | None = None
        self._links: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}
        self._is_over = False

    async def __aenter__(self) -> Self:
        if self._given is not None:
            self._server = await asyncio.start_server(self._accept, sock=self._given)
        elif isinstance(self.address, Path):
            self._server = await asyncio.start_unix_server(self._accept, self.address)
            self.address.chmod(0o600)
        else:
            self._server = await asyncio.start_server(self._accept, *self.address)
        if not isinstance(self.address, Path):
            name = self._server.sockets[0].getsockname()
            self.address = (str(name[0]), int(name[1]))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._is_over = True
        if self._server is not None:
            await self._stop_listening(self._server)
        self.cut()
        for task in list(self._links):
            task.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    @staticmethod
    async def _stop_listening(server: asyncio.Server) -> None:
        """Take nothing more, and let what was taken begin: asyncio forgets a connection whose server closes before that."""
        for one in server.sockets:
            asyncio.get_running_loop().remove_reader(one.fileno())
        for _ in range(2):  # a turn for its transport, a turn for `_accept`
            await asyncio.sleep(0)
        server.close()

    @property
    def port(self) -> int:
        """The TCP port that it listens on."""
        return self.address[1] if isinstance(self.address, tuple) else 0

    def cut(self) -> int:
        """Reset every connection at once; return how many there were."""
        for ends in self._links.values():
            for end in ends:
                _reset(end)
        self.counts["cut"] += len(self._links)
        return len(self._links)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection more, in a task of ours: asyncio's own reports a cancelled one as a fault."""
        self.counts["connections"] += 1
        if self._is_over or len(self._links) >= CONNECTIONS_MAX:  # one may have been on its way when we ended
            _reset(writer)
            return
        chance = random.Random(f"{self._seed}/{self.counts['connections']}")  # noqa: S311 - chaos, not secrets
        task = asyncio.create_task(self._carry(reader, writer, chance))
        self._links[task] = [writer]
        task.add_done_callback(self._links.pop)

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, chance: random.Random
    ) -> None:
        ends = [writer]
        try:
            there, onward = await self._connect()
            ends.append(onward)
            task = asyncio.current_task()
            if task in self._links:
                self._links[task] = ends
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, onward, writer, chance, is_reply=False))
                group.create_task(self._pump(there, writer, onward, chance, is_reply=True))
        except* (OSError, _EndedError):
            pass  # one side went away, or the noise took the connection
        finally:
            for end in ends:
                _reset(end)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._target, Path):
            return await asyncio.open_unix_connection(self._target)
        return await asyncio.open_connection(*self._target)

    async def _pump(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        back: asyncio.StreamWriter,
        chance: random.Random,
        *,
        is_reply: bool,
    ) -> None:
        """Carry one direction until an end, or until the noise ends both."""
        while piece := await source.read(_CHUNK):
            while self.noise.is_half_open:  # noqa: ASYNC110 - noise is set from anywhere, without ceremony
                await asyncio.sleep(_STILL_S)
            noise = self.noise
            if noise.delay_s:
                await asyncio.sleep(noise.delay_s)
            if noise.stall_chance and chance.random() < noise.stall_chance:
                self.counts["stalls"] += 1
                await asyncio.sleep(noise.stall_s)
            if is_reply and noise.lost_reply_chance and chance.random() < noise.lost_reply_chance:
                self.counts["lost replies"] += 1
                self.lost.append(piece[:_LOST_BYTES])
                _reset(sink)
                raise _EndedError
            if noise.reset_chance and chance.random() < noise.reset_chance:
                self.counts["resets"] += 1
                sink.write(piece[: chance.randrange(len(piece) + 1)])
                with contextlib.suppress(OSError):
                    await sink.drain()
                _reset(back)
                raise _EndedError
            sink.write(piece)
            await sink.drain()
            if noise.bytes_per_s:
                await asyncio.sleep(len(piece) / noise.bytes_per_s)
        raise _EndedError


class _EndedError(Exception):
    """This connection is over."""


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close at once, with a TCP reset where there is TCP."""
    opened = writer.get_extra_info("socket")
    if opened is not None and opened.family != socket.AF_UNIX:
        with contextlib.suppress(OSError):
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
    writer.transport.abort()
