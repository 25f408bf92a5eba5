"""What every act of an operator shares: who acts and where, the transaction, and why nothing was done."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from wenyue.accounts import Login, LoginEnded, acting_as
from wenyue.core.duties import NOTHING, Duties, Right, may
from wenyue.platform.database.db import Database, Tx


class Works(Protocol):
    """What an act needs; `Services` has it, and so has a command."""

    @property
    def db(self) -> Database:
        """Where it is done."""
        ...

    @property
    def clock(self) -> Callable[[], datetime]:
        """The only source of `now`."""
        ...


class Operator(Struct, frozen=True):
    """Who acts. `name`: as the record names them (`staff:3`, `operator:command`).

    `login`: `Login.key`, looked at again in the act's transaction; empty for a command on the server, which holds every duty.
    """

    name: str
    login: str = ""
    duties: Duties = NOTHING

    def may(self, right: Right, venue_id: int | None) -> bool:
        """Whether they may do it at the venue; None: for the whole destination."""
        return may(self.duties, right, venue_id)


class NotDone(StrEnum):
    """Why an operator's act changed nothing."""

    VENUE_UNKNOWN = "venue_unknown"  # there is none, or they may not do it there
    EVERY_VENUE = "every_venue"  # it concerns every venue, and they may do it at some at most
    PRODUCT_UNKNOWN = "product_unknown"  # there is none at this venue
    SLOT_UNKNOWN = "slot_unknown"
    CLOSURE_UNKNOWN = "closure_unknown"  # there is none, or it was lifted
    DAY_UNKNOWN = (
        "day_unknown"  # the venue has no day's capacity then, neither in the calendar nor in what is open
    )
    BAD_DATES = "bad_dates"  # the last day is before the first, or there are more than DAYS_MAX
    REASON_RESERVED = "reason_reserved"  # the calendar says so of the days that it closes itself
    REASON_NEEDED = "reason_needed"  # what travellers are told: one line, REASON_LENGTH_MAX characters
    TOO_MANY_CLOSURES = "too_many_closures"  # CLOSURES_OF_VENUE_MAX of the venue stand
    BAD_PRICE = "bad_price"
    BAD_CAPACITY = "bad_capacity"
    BELOW_TAKEN = "below_taken"  # more places are held and sold: ask for the capacity to follow
    POST_NEEDED = "post_needed"  # the name of a gate or counter, one line
    TOO_MANY_DEVICES = "too_many_devices"
    DEVICE_UNKNOWN = "device_unknown"  # there is none that they may revoke, or it was revoked
    FACTOR_OLD = "factor_old"  # whoever acts proves their second factor once more, then asks again
    BELOW_RESERVES = "below_reserves"  # fewer than the channels' reserves add up to


class Act(Struct, frozen=True):
    """An act in progress: its one transaction, its `now`, and who acts."""

    tx: Tx
    now: datetime
    operator: Operator
    login: Login | None = None  # None: a command acts

    @property
    def is_factor_old(self) -> bool:
        """Whether what is risky wants the second factor of this login first."""
        return self.login is not None and self.login.is_factor_old(self.now)

    @property
    def has_fresh_factor(self) -> bool:
        """Whether this login proved a second factor lately."""
        return self.login is not None and self.login.has_fresh_factor(self.now)


@asynccontextmanager
async def acting(works: Works, operator: Operator) -> AsyncGenerator[Act]:
    """The one transaction of an act. Raises LoginEnded (also when a duty was taken away meanwhile), DatabaseDown."""
    now = works.clock()
    if not operator.login:
        async with works.db.transaction() as tx:
            yield Act(tx, now, operator)
        return
    async with acting_as(works.db.transaction(), operator.login, now) as (tx, login):
        if login.staff is None or not operator.duties <= login.staff.duties:
            raise LoginEnded
        yield Act(tx, now, operator, login)
