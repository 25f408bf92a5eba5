"""A web server in this process on a port of its own, for tests that talk to it in bytes."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from wenyue.platform.http.wire import BoundedHttp

_NET_S = 30.0


async def say_the_size(_scope: Any, receive: Any, send: Any) -> None:
    """An application that reads a request to its end and answers how many bytes its body had."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = b"%d" % size
    head = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def serving(config: uvicorn.Config) -> AsyncGenerator[int]:
    """The port of a server with this configuration, while it serves."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        async with asyncio.timeout(_NET_S):
            while not server.started:
                await asyncio.sleep(0.01)
        yield listener.getsockname()[1]
        server.should_exit = True
        await running


async def say_at_once(_scope: Any, _receive: Any, send: Any) -> None:
    """An application that answers and reads nothing."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def bounded_site(app: Any = say_the_size) -> AsyncGenerator[int]:
    """The port of a server that reads heads as ours do, bounded, and says the size of each body."""
    config = uvicorn.Config(app, http=BoundedHttp, lifespan="off", log_level="error")
    async with serving(config) as port:
        yield port
