"""A status page beside a small web server that it probes, and an incident to speak of."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wenyue.web.status.model import Incident, Note
from wenyue.web.status.server import Place, StatusPage
from wenyue.web.status.subscribers import Subscribers

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


def incident(n: int = 1, **more: Any) -> Incident:
    """The n-th incident, of a booking that is slow, with these fields changed."""
    note = Note(NOW, "investigating", {"zh-CN": "<b>正在</b>查", "en": "looking & searching"})
    title = {"zh-CN": "预约<慢>", "en": "Booking is slow"}
    made = Incident(f"i{n}", "booking", NOW, None, False, title, (note,))
    return replace(made, **more)


class Web:
    """What is probed: answers every request with one status, or not at all."""

    def __init__(self) -> None:
        self.status = 200
        self.server: asyncio.Server

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def serve(self) -> None:
        """Begin."""
        self.server = await asyncio.start_server(self._answer, "127.0.0.1", 0)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            if self.status:
                writer.write(f"HTTP/1.1 {self.status} X\r\ncontent-length: 0\r\n\r\n".encode())
        writer.close()


@asynccontextmanager
async def probed_web() -> AsyncGenerator[Web]:
    """The server, until the block ends."""
    made = Web()
    await made.serve()
    yield made
    made.server.close()


def page_for(web: Web, home: Path, subscribers: Subscribers | None = None) -> StatusPage:
    """A status page that probes this server and keeps its files in `home`."""
    place = Place(home, web.address, web.address)
    return StatusPage(place, subscribers=subscribers, every_s=0.01)
