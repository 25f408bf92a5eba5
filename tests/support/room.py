"""A waiting room in front of a product of the small installation, and a clock that is moved by hand."""

import asyncio
import threading
import time
from collections.abc import Coroutine, Generator, Iterable
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import uvicorn
from psycopg import AsyncConnection

from tests.support.api_site import ApiSite, furnish, settings_for
from tests.support.clock import Clock
from tests.support.database import DbUrls
from tests.support.traveller_site import NOW
from wenyue.app import create_app
from wenyue.container import Services
from wenyue.core.personal import Vault
from wenyue.platform.database.db import Tx
from wenyue.platform.keys import load_keys
from wenyue.waiting_room import POLL_S, NewRoom, Room, advance_waiting_rooms, open_room

ROOM: Final = "golden-week"
READY_S: Final = 30.0
T = TypeVar("T")


async def open_room_for(
    services: Services,
    product_id: int,
    day: date,
    *,
    days: int = 1,
    onward: str = "/venues/lake",
    release_in_s: int = 600,
    poll_s: int = POLL_S,
) -> Room:
    """A room that releases in ten minutes if nothing else is said, for one product, known to this process."""
    now = services.clock()
    new = _new_room(product_id, day, now + timedelta(seconds=release_in_s), days=days, onward=onward)
    new = replace(new, poll_s=poll_s)
    async with services.db.transaction() as tx:
        room = await open_room(tx, services.vault, new, now, actor="test")
    await look(services)
    return room


async def open_room_on(app_url: str, home: Path, product_id: int, day: date) -> None:
    """A room in the database of a server that runs elsewhere; it learns of it within a second."""
    async with await AsyncConnection.connect(app_url) as tx:
        new = _new_room(product_id, day, NOW + timedelta(minutes=10))
        await open_room(tx, Vault(load_keys(home)), new, NOW, actor="test")


def _new_room(
    product_id: int, day: date, release_at: datetime, *, days: int = 1, onward: str = "/venues/lake"
) -> NewRoom:
    last = day + timedelta(days=days - 1)
    return NewRoom(
        ROOM,
        {"zh-CN": "黄金周放票", "en": "Golden Week release"},
        None,
        (product_id,),
        day,
        last,
        onward,
        release_at,
    )


async def open_a_room(site: ApiSite, product_id: int, *, in_days: int = 20) -> Room:
    """A room of the API's site that guards a day far ahead, so that it disturbs nothing else."""
    services = site.app.services
    return await open_room_for(services, product_id, services.clock().date() + timedelta(days=in_days))


async def look(services: Services) -> None:
    """Let this process read the rooms now, and say how it fares."""
    async with services.db.connection() as tx:
        await services.room.refresh(tx, writes_signal=True)


async def keep(services: Services, places_left: int | None = None) -> None:
    """Let the keeper look after the rooms now."""

    async def left(_tx: Tx, _room: Room) -> int | None:
        return places_left

    async with services.db.transaction() as tx:
        await advance_waiting_rooms(tx, services.vault, services.clock(), places_left=left)
    await look(services)


class RoomServer:
    """The whole application on loopback in a thread of the test, with a clock and a keeper moved by hand."""

    def __init__(self, urls: DbUrls, home: Path) -> None:
        self.clock = Clock(NOW)
        self.app = create_app(settings_for(urls, home), clock=self.clock)
        self.loop = asyncio.new_event_loop()
        config = uvicorn.Config(
            self.app, host="127.0.0.1", port=0, log_level="error", timeout_graceful_shutdown=2
        )
        self.server = uvicorn.Server(config)

    @property
    def services(self) -> Services:
        """Of the application."""
        return self.app.services

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the server's own loop, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(READY_S)

    async def arrive(self, accounts: Iterable[int]) -> None:
        """Other people come."""
        for account in accounts:
            await self.services.room.give_pass(ROOM, account)
        await look(self.services)

    async def pass_time(self, seconds: int, places_left: int | None = None) -> None:
        """Second by second: the keeper looks after the room, while this process is well."""
        for _ in range(seconds):
            self.clock.forward(1)
            await look(self.services)
            await keep(self.services, places_left)


@contextmanager
def room_server(urls: DbUrls, home: Path) -> Generator[RoomServer]:
    """A running server, until the block ends; `url` leads to it."""
    site = RoomServer(urls, home)

    async def serve() -> None:
        await furnish(urls, home)
        await site.server.serve()

    thread = threading.Thread(target=lambda: site.loop.run_until_complete(serve()), name="room server")
    thread.start()
    try:
        until = time.monotonic() + READY_S
        while not site.server.started:
            assert thread.is_alive(), "the server ended before it was ready"
            assert time.monotonic() < until, "the server was not ready in time"
            time.sleep(0.02)  # a thread cannot be awaited
        yield site
    finally:
        site.server.should_exit = True
        thread.join(timeout=READY_S)
        site.loop.close()


def url_of(site: RoomServer) -> str:
    """The server's address."""
    [port] = [sock.getsockname()[1] for running in site.server.servers for sock in running.sockets]
    return f"http://127.0.0.1:{port}"
