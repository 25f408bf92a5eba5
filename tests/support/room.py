"""A waiting room in front of a product of the small installation, and a clock that is moved by hand."""

from datetime import date, datetime, timedelta
from typing import Final

from tests.support.api_site import ApiSite
from wenyue.emergency import NewRoom, Room, keep_rooms, open_room
from wenyue.infra.db import Tx
from wenyue.services import Services

ROOM: Final = "golden-week"


class Clock:
    """The only source of now."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Now."""
        return self.now

    def forward(self, seconds: float) -> None:
        """Later."""
        self.now += timedelta(seconds=seconds)


async def open_room_for(
    services: Services, product_id: int, day: date, *, days: int = 1, onward: str = "/venues/lake"
) -> Room:
    """A room that releases in ten minutes, for one product, known to this process."""
    now = services.clock()
    new = NewRoom(
        ROOM,
        "黄金周放票",
        "Golden Week release",
        None,
        (product_id,),
        day,
        day + timedelta(days=days - 1),
        onward,
        now + timedelta(minutes=10),
    )
    async with services.db.transaction() as tx:
        room = await open_room(tx, services.vault, new, now, actor="test")
    await look(services)
    return room


async def open_a_room(site: ApiSite, product_id: int, *, in_days: int = 20) -> Room:
    """A room of the API's site that guards a day far ahead, so that it disturbs nothing else."""
    services = site.app.services
    return await open_room_for(services, product_id, services.clock().date() + timedelta(days=in_days))


async def look(services: Services) -> None:
    """Let this process read the rooms now, and say how it fares."""
    async with services.db.connection() as tx:
        await services.room.refresh(tx)


async def keep(services: Services, places_left: int | None = None) -> None:
    """Let the keeper look after the rooms now."""

    async def left(_tx: Tx, _room: Room) -> int | None:
        return places_left

    async with services.db.transaction() as tx:
        await keep_rooms(tx, services.vault, services.clock(), places_left=left)
    await look(services)
