"""Work that a command does with this installation's database, as the owner of its structure."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import typer

from wenyue.core.personal import Vault
from wenyue.ops.database import ready_database
from wenyue.platform.config import load
from wenyue.platform.database.db import Database, Tx
from wenyue.platform.keys import load_keys

_CONNECTIONS_MAX: Final = 4
T = TypeVar("T")


def say_aside(line: str) -> None:
    """Tell what is going on beside a command's own output."""
    typer.echo(line, err=True)


def with_database(work: Callable[[Database], Awaitable[T]], *, say: Callable[[str], None] = say_aside) -> T:
    """What `work` makes of the database, which is started if need be. Raises SetupError, and what `work` raises."""

    async def inside(url: str) -> T:
        async with Database(url, size_max=_CONNECTIONS_MAX, keeps=0) as db:
            return await work(db)

    with ready_database(load(), say) as ready:
        return asyncio.run(inside(ready.owner_url))


def reading(work: Callable[[Tx, Vault], Awaitable[T]], *, is_long: bool = False) -> T:
    """The same in one transaction that only reads, with the installation's keys. What changes something is a use case.

    `is_long`: whole tables are read, which may take ten minutes.
    """
    vault = Vault(load_keys(load().home))

    async def inside(db: Database) -> T:
        async with db.transaction() as tx:
            await tx.execute("SET TRANSACTION READ ONLY")
            if is_long:
                await tx.execute("SET LOCAL statement_timeout = '10min'")
            return await work(tx, vault)

    return with_database(inside)
