"""The transaction of what a member of staff does at a gate or a counter, and where they may do it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from wenyue.accounts import LoginEnded, Staff, acting_as
from wenyue.catalogue import venue
from wenyue.container import Services
from wenyue.core.duties import Right
from wenyue.platform.database.db import Tx


class OnDuty(Struct, frozen=True):
    """An act in progress: its one transaction, its `now`, and who of the staff acts, as the database has them in it."""

    tx: Tx
    now: datetime
    staff: Staff
    is_by_pin: bool = False  # a clerk whose turn began with a PIN

    @property
    def name(self) -> str:
        """As the record names them."""
        return f"staff:{self.staff.id}"


class Place(Struct, frozen=True):
    """Where somebody says that they stand: a venue by its id or its code, and perhaps which gate or counter of it."""

    venue: int | str
    post: str | None = None


class NotAtPost(StrEnum):
    """Why nothing was decided."""

    NO_VENUE = "no_venue"
    NOT_THEIRS = "not_theirs"  # they do not do this there
    NO_GATE = "no_gate"  # which gate it is was not said


@asynccontextmanager
async def on_duty(services: Services, login: str, *, makes_secret: bool = False) -> AsyncGenerator[OnDuty]:
    """The one transaction of an act. `login`: the `Login.key` of a member of staff. `makes_secret`: a PIN is made in it.

    Raises LoginEnded (also for whoever is not of the staff), DatabaseDown.
    """
    now = services.clock()
    transaction = services.secret_transaction() if makes_secret else services.db.transaction()
    async with acting_as(transaction, login, now) as (tx, fresh):
        if fresh.staff is None:
            raise LoginEnded
        yield OnDuty(tx, now, fresh.staff, is_by_pin=fresh.device_id is not None)


async def find_post(act: OnDuty, right: Right, place: Place) -> int | NotAtPost:
    """The venue's id, if they who act may do it there."""
    venue_id = place.venue
    if isinstance(venue_id, str):
        found = await venue(act.tx, venue_id)
        if found is None:
            return NotAtPost.NO_VENUE
        venue_id = found.id
    return venue_id if act.staff.may(right, venue_id, place.post) else NotAtPost.NOT_THEIRS
