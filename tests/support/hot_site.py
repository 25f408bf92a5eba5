"""A web server whose application is a stand-in for the hot endpoint, and people who talk to it in bytes."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import uvicorn

from tests.support.serving import serving
from wenyue.platform.http.refusing import guarded
from wenyue.platform.load_shedding.admission import Admission
from wenyue.web.api.hot_answers import hot_refusals

LINE: Final = b"POST /v1/bookings HTTP/1.1\r\n"
BODY: Final = b'{"a": 1}'
REQUEST: Final = LINE + b"Host: x\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
NET_S: Final = 30.0


class HotApp:
    """Says how long each body was; keeps count like the hot endpoint does."""

    def __init__(self, admission: Admission) -> None:
        self.admission = admission
        self.begun: list[str] = []
        self.seen: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        is_hot = scope["path"] == "/v1/bookings"
        self.begun.append(scope["path"])
        if is_hot:
            self.admission.hot.begin()
        size, more = 0, True
        while more:
            message = await receive()
            size += len(message.get("body", b""))
            more = message.get("more_body", False)
        self.seen.append(scope["path"])
        body = b"%d" % size
        head = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": body})
        if is_hot:
            self.admission.hot.end(0.0, is_decided=True, is_good=True)


def hot_config(admission: Admission, app: HotApp, *, keep_alive_s: int = 5) -> uvicorn.Config:
    """How the server of `app` reads its connections: as the real one does."""
    return uvicorn.Config(
        app,
        http=guarded(admission, LINE, hot_refusals(), lambda _: False),
        lifespan="off",
        log_level="error",
        timeout_keep_alive=keep_alive_s,
    )


@asynccontextmanager
async def hot_site(admission: Admission, *, keep_alive_s: int = 5) -> AsyncGenerator[tuple[int, HotApp]]:
    """Its port and its application, while it serves."""
    app = HotApp(admission)
    async with serving(hot_config(admission, app, keep_alive_s=keep_alive_s)) as port:
        yield port, app


async def answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """Status, headers, body of one answer."""
    async with asyncio.timeout(NET_S):
        status = int((await reader.readline()).split()[1])
        headers: dict[str, str] = {}
        while (line := await reader.readline()) != b"\r\n":
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return status, headers, await reader.readexactly(int(headers["content-length"]))


async def until(condition: Callable[[], object]) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(NET_S):
        while not condition():
            await asyncio.sleep(0.01)


async def twenty(port: int) -> list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connections of people who have not said anything yet."""
    return [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
