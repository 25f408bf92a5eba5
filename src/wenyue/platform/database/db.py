"""Database access: named queries from .sql files, a connection pool, transactions with a deadline. No domain words."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cache
from importlib.resources import files
from time import monotonic
from typing import Final, LiteralString, Self, cast

from psycopg import AsyncConnection, Error, IsolationLevel, OperationalError
from psycopg.errors import Diagnostic, ReadOnlySqlTransaction
from psycopg.rows import DictRow, TupleRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from wenyue.core.limits import LOCK_TIMEOUT_S, STATEMENT_TIMEOUT_S
from wenyue.platform.database.outage import Outage
from wenyue.platform.database.watched import Watched, is_sound, promptly

Tx = AsyncConnection[TupleRow]

_NAME: Final = re.compile(r"^-- name: (\w+)[ \t]*$", re.MULTILINE)
_OPTIONS: Final = (
    f"-c statement_timeout={int(STATEMENT_TIMEOUT_S * 1000)} -c lock_timeout={int(LOCK_TIMEOUT_S * 1000)}"
    " -c idle_in_transaction_session_timeout=15000 -c timezone=UTC"
)

RECONNECT_TRIES_S: Final = 1.0
_UNREPLICATED: Final = "synchronous replication"


class DatabaseDown(Exception):
    """No connection could be had in time; try again shortly."""


class Unconfirmed(DatabaseDown):
    """Committed on the primary, confirmed by no standby: it may yet be lost. Whoever asks again learns what became of it."""


class Queries:
    """The named statements of one .sql file: `Queries("wenyue.booking.persistence")["lock_pools"]`."""

    def __init__(self, package: str, name: str = "store.sql") -> None:
        text = files(package).joinpath(name).read_text(encoding="utf-8")
        parts = _NAME.split(text)
        self._by_name = dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))

    def __getitem__(self, name: str) -> LiteralString:
        # The text comes from a file of the package, never from input: that is what LiteralString vouches for.
        return cast(LiteralString, self._by_name[name])

    def names(self) -> list[str]:
        """Every statement's name, in file order."""
        return list(self._by_name)


@cache
def queries(package: str, name: str = "store.sql") -> Queries:
    """The (cached) statements of `package`/`name`."""
    return Queries(package, name)


class Database:
    """A pool of connections to one database, opened once per process; `async with` opens and closes it.

    What was opened must be closed, also when the program fails: the pool's workers survive being cancelled, and an event
    loop that is about to end would wait for them for ever.

    `keeps`: connections that are made and held ready beside everything else. A command that computes between its questions
    keeps none: what nobody waits for is not made, so nothing of it can be late and give a false alarm.
    """

    def __init__(self, url: str, *, size_max: int, role: str | None = None, keeps: int = 4) -> None:
        self.url, self.role = promptly(url), role
        self.outage = Outage()
        self.options = _OPTIONS + (f" -c role={role}" if role else "")
        self._size_max = size_max
        self._pool: AsyncConnectionPool[Tx] = AsyncConnectionPool(
            self.url,
            connection_class=Watched,
            min_size=min(keeps, size_max),
            max_size=size_max,
            open=False,
            timeout=3.0,
            kwargs={"options": self.options, "autocommit": True, "prepare_threshold": 2},
            check=None,  # ours costs no question and no pause: `_sound_connection`
            # The pool doubles its pauses between tries: after a long outage it would sleep on beside a database that is
            # back. Given up after a second, whoever asks next makes it try anew.
            reconnect_timeout=RECONNECT_TRIES_S,
        )

    async def open(self, *, wait_s: float = 10.0) -> None:
        """Connect. Raises DatabaseDown when no connection can be made in `wait_s`; then it cannot be opened again."""
        try:
            await self._open(monotonic() + wait_s, wait_s)
        except BaseException:
            await self.close()
            raise

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _open(self, until: float, wait_s: float) -> None:
        await self._pool.open(wait=False)
        while True:
            try:
                tx = await self._pool.getconn(timeout=min(RECONNECT_TRIES_S, wait_s))
            except (PoolTimeout, OperationalError) as error:
                if monotonic() >= until:
                    raise DatabaseDown(str(error)) from error
            else:
                await self._pool.putconn(tx)
                return

    async def close(self) -> None:
        """Give every connection back."""
        await self._pool.close(timeout=5)

    def pool_stats(self) -> dict[str, int]:
        """The pool's figures as psycopg_pool names them: pool_size, pool_available, requests_waiting."""
        return self._pool.get_stats()

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Tx]:
        """A connection in autocommit mode, for single statements. Raises DatabaseDown."""
        try:
            tx = await self._sound_connection()
        except (PoolTimeout, OperationalError) as error:
            raise DatabaseDown(str(error)) from error
        try:
            yield tx
        except ReadOnlySqlTransaction as error:
            await tx.close()  # a primary no more: the next connection goes to the new one
            raise DatabaseDown("the server takes no writes") from error
        finally:
            await asyncio.shield(self._pool.putconn(tx))

    async def _sound_connection(self) -> Tx:
        """One from the pool whose server has not closed it meanwhile: after a failover all of them are closed at once."""
        for _ in range(self._size_max):
            tx = await self._pool.getconn()
            if is_sound(tx):
                return tx
            await tx.close()
            await self._pool.putconn(tx)  # the pool makes another in its place
        return await self._pool.getconn()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        """One READ COMMITTED transaction: commits when the block ends well, rolls back when it raises.

        Raises DatabaseDown, and Unconfirmed when it was committed here and the wait for a standby was cut short.
        """
        hedges: list[str] = []

        def listen(notice: Diagnostic) -> None:
            if _UNREPLICATED in (notice.message_primary or ""):
                hedges.append(notice.message_primary or "")

        async with self.connection() as tx:
            tx.add_notice_handler(listen)
            try:
                async with tx.transaction():
                    yield tx
            finally:
                tx.remove_notice_handler(listen)
        if hedges:
            raise Unconfirmed(hedges[0])

    @asynccontextmanager
    async def reading(self, *, is_one_moment: bool = False) -> AsyncGenerator[Tx]:
        """One READ COMMITTED transaction in which the server refuses to write: for whatever is only shown.

        `is_one_moment`: all that is read is of the moment of the first question, however long it reads (REPEATABLE READ).

        Raises DatabaseDown; LookupError when somebody tried to write: that is a defect, and no server that takes no writes.
        """
        async with self.connection() as tx:
            await tx.set_read_only(
                True
            )  # of the transactions that begin from here on; no question to the server
            if is_one_moment:
                await tx.set_isolation_level(IsolationLevel.REPEATABLE_READ)
            try:
                async with tx.transaction():
                    yield tx
            except ReadOnlySqlTransaction as error:
                raise LookupError("a transaction that only reads was asked to write") from error
            finally:
                await self._let_write(tx)

    @staticmethod
    async def _let_write(tx: Tx) -> None:
        try:
            await tx.set_read_only(None)
            await tx.set_isolation_level(None)
        except Error:
            await tx.close()  # cut off in the middle: whoever comes next gets another one

    @asynccontextmanager
    async def confirmed(self) -> AsyncGenerator[Tx]:
        """A transaction whose reads may be told to people as the truth: for somebody's own booking, say.

        A primary shows what it has committed alone, and loses it when it dies. Here the block ends only when a standby has
        all that was read. Without standbys it is an ordinary transaction. Raises as `transaction`.
        """
        async with self.transaction() as tx:
            yield tx
            await tx.execute(queries("wenyue.platform.database", "db.sql")["confirm"])


async def connect(db: Database, *, options: str = "") -> Tx:
    """A connection of its own, outside the pool, with further server options. Raises psycopg.OperationalError."""
    return await Watched.connect(
        db.url, options=f"{db.options} {options}", autocommit=True, prepare_threshold=1
    )


async def fetch_dicts(
    tx: Tx, statement: LiteralString, params: dict[str, object] | None = None
) -> list[DictRow]:
    """Every row as a dictionary; the statement bounds their number."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, params)
        return await cursor.fetchall()


async def fetch_dict(
    tx: Tx, statement: LiteralString, params: dict[str, object] | None = None
) -> DictRow | None:
    """The first row as a dictionary, or None."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, params)
        return await cursor.fetchone()
