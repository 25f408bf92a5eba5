"""The transaction of what a traveller changes of their own."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime

from msgspec import Struct

from wenyue.accounts import LoginEnded, acting_as
from wenyue.application.actors import Traveller
from wenyue.cards import recovery
from wenyue.container import Services
from wenyue.platform.database.db import Tx


class Own(Struct, frozen=True):
    """An act in progress: its one transaction, its `now`, and whose it is."""

    tx: Tx
    now: datetime
    traveller: Traveller


@asynccontextmanager
async def acting(
    services: Services, traveller: Traveller, *, makes_secret: bool = False
) -> AsyncGenerator[Own]:
    """The one transaction of an act. `makes_secret`: a PIN is made in it, so that it waits for its turn.

    Raises LoginEnded, DatabaseDown.
    """
    now = services.clock()
    transaction = services.secret_transaction() if makes_secret else services.db.transaction()
    async with acting_as(transaction, traveller.login, now) as (tx, login):
        if login.traveller_id != traveller.id:
            raise LoginEnded
        yield Own(tx, now, traveller)


async def own_turn(tx: Tx, holder_id: int) -> None:
    """Nobody else acts for this holder until the transaction ends.

    A report or an objection freezes what this act brought, or ended the login while it waited: whoever opened the transaction
    looks at that last.
    """
    await recovery.lock_holder(tx, holder_id)
