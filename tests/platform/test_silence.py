"""Servers that say nothing, several hosts in one URL, a primary that is one no more: noticed, left, and never believed."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from psycopg import OperationalError, sql
from psycopg.conninfo import conninfo_to_dict

from tests.support.database import DbUrls, TestServer
from wenyue.booking import Engine, Outcome
from wenyue.monitor import connect
from wenyue.monitoring.rounds import CONNECT_DEADLINE_S
from wenyue.platform.config import load
from wenyue.platform.database.db import Database, DatabaseDown, Tx, Unconfirmed
from wenyue.platform.database.watched import Watched, is_sound, promptly
from wenyue_lab import dataset
from wenyue_lab.chaos.proxy import ChaosProxy

pytestmark = pytest.mark.anyio
DAY = date(2026, 3, 3)
ENDS_S_MAX = 30.0


@asynccontextmanager
async def doors(url: str, came: list[object] | None = None) -> AsyncGenerator[tuple[int, int]]:
    """Two ports: one takes connections (`came`) and says nothing, the other leads to the database."""
    socket = Path(parse_qs(urlsplit(url).query)["host"][0]) / ".s.PGSQL.5432"

    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if came is not None:
            came.append(writer)
        try:
            await asyncio.sleep(60)
        finally:
            writer.transport.abort()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with ChaosProxy(("127.0.0.1", 0), socket) as good:
        address = good.address
        assert isinstance(address, tuple)
        try:
            yield int(silent.sockets[0].getsockname()[1]), address[1]
        finally:
            silent.close()


def over(url: str, *ports: int, more: str = "") -> str:
    """The same database by way of these ports of loopback."""
    parts = urlsplit(url)
    query = f"host={','.join('127.0.0.1' for _ in ports)}&port={','.join(map(str, ports))}{more}"
    return parts._replace(query=query).geturl()


async def test_a_silent_host_is_passed_by_and_then_left_out(db_urls: DbUrls) -> None:
    came: list[object] = []
    async with doors(db_urls.app_url, came) as (silent, good):
        url = promptly(over(db_urls.app_url, silent, good, more="&target_session_attrs=read-write"))
        for _ in range(2):
            connection = await Watched.connect(url)
            assert connection.info.port == good
            await connection.close()
    assert len(came) == 1, "the second try does not ask the silent host"


async def test_when_nobody_answers_it_is_told(db_urls: DbUrls) -> None:
    async with doors(db_urls.app_url) as (silent, _):
        with pytest.raises(OperationalError):
            async with asyncio.timeout(ENDS_S_MAX):  # the host itself would be silent for a minute
                await Watched.connect(promptly(over(db_urls.app_url, silent, silent)))


_OPENS = """
import asyncio, sys
from wenyue.platform.database.db import Database
asyncio.run(Database(sys.argv[1], size_max=4).open(wait_s=1))
"""
_STARTS = """
import asyncio
from wenyue.platform.config import load
from wenyue.container import build
asyncio.run(build(load()).start())
"""


async def test_the_monitor_passes_silent_hosts_by(db_urls: DbUrls) -> None:
    async with doors(db_urls.app_url) as (silent, good):
        settings = load({"WENYUE_DATABASE_URL": over(db_urls.app_url, silent, silent, good)})
        for _ in range(2):  # as a round does
            with suppress(TimeoutError):
                async with asyncio.timeout(CONNECT_DEADLINE_S):
                    async with await connect(settings) as tx:
                        assert tx.info.port == good
                        return
    pytest.fail("the database looks as if it were away")


async def test_a_program_that_cannot_reach_its_database_ends(db_urls: DbUrls) -> None:
    """The pool's workers take being cancelled for a failed try; a program that left them behind would never end."""
    async with doors(db_urls.app_url) as (silent, _):
        status, said = await _end_of(_OPENS, over(db_urls.app_url, silent))
    assert (status, said.splitlines()[-1].partition(":")[0]) == (
        1,
        "wenyue.platform.database.db.DatabaseDown",
    )


async def test_a_process_that_cannot_read_its_rules_ends(database_server: TestServer, tmp_path: Path) -> None:
    # Nothing is migrated in the maintenance database.
    status, said = await _end_of(
        _STARTS, WENYUE_HOME=str(tmp_path), WENYUE_DATABASE_URL=database_server.superuser_url
    )
    assert status == 1
    assert "\npsycopg.errors.UndefinedTable: " in said


async def _end_of(program: str, *words: str, **more: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, *words, env=os.environ | more, stderr=asyncio.subprocess.PIPE
    )
    try:
        _, said = await asyncio.wait_for(process.communicate(), ENDS_S_MAX)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, said.decode()


async def test_a_question_without_answer_ends_the_connection(db_urls: DbUrls) -> None:
    connection = await Watched.connect(db_urls.app_url, autocommit=True)
    connection.silence_s_max = 0.3
    with pytest.raises(OperationalError):
        await connection.execute(
            "SELECT pg_sleep(60)"
        )  # which the statement's own timeout would end otherwise
    assert connection.closed
    assert not is_sound(connection)


async def test_who_only_listens_is_left_alone(db_urls: DbUrls) -> None:
    connection = await Watched.connect(db_urls.app_url, autocommit=True)
    await connection.execute("LISTEN something")
    connection.silence_s_max, usual_s_max = 0.2, connection.silence_s_max
    assert [one async for one in connection.notifies(timeout=0.7)] == []
    connection.silence_s_max = (
        usual_s_max  # what follows is a question, and the machine may be slow to answer
    )
    cursor = await connection.execute("SELECT 1")
    assert await cursor.fetchone() == (1,)
    await connection.close()


async def test_connections_that_the_server_closed_are_not_handed_out(db_urls: DbUrls) -> None:
    async with Database(db_urls.app_url, size_max=6) as db:
        await asyncio.gather(*(_backend(db) for _ in range(6)))
        with psycopg.connect(db_urls.app_url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity"  # milliseconds that it waits for the end
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        assert all([await _backend(db) for _ in range(6)])


async def _backend(db: Database) -> int:
    async with db.connection() as tx:
        row = await (await tx.execute("SELECT pg_backend_pid()")).fetchone()
    assert row is not None
    return int(row[0])


async def test_a_server_that_takes_no_writes_any_more_is_left(db_urls: DbUrls) -> None:
    async with Database(db_urls.app_url, size_max=1) as db:
        first = await _backend(db)
        with pytest.raises(DatabaseDown):
            await _write_where_nothing_is_written(db)
        assert await _backend(db) != first


async def _write_where_nothing_is_written(db: Database) -> None:
    async with db.connection() as tx:
        await tx.execute("SET default_transaction_read_only = on")
        await tx.execute("DELETE FROM events.event")


async def test_a_commit_that_no_standby_confirmed_is_none(db_urls: DbUrls) -> None:
    async with Database(db_urls.app_url, size_max=2) as db:
        for way in (db.transaction, db.confirmed):
            async with way() as tx:
                await tx.execute("SELECT 1")
            with pytest.raises(Unconfirmed, match="canceling wait"):
                await _commit_with_a_warning(way())


async def _commit_with_a_warning(transaction: AbstractAsyncContextManager[Tx]) -> None:
    """As PostgreSQL warns when the wait is cancelled; the real thing is drilled on a cluster."""
    async with transaction as tx:
        await tx.execute("DO $$ BEGIN RAISE WARNING 'canceling wait for synchronous replication'; END $$")


async def test_bookings_leave_it_too_and_are_told_to_come_again(db_urls: DbUrls) -> None:
    name = sql.Identifier(str(conninfo_to_dict(db_urls.owner_url)["dbname"]))
    with psycopg.connect(db_urls.owner_url, autocommit=True) as owner:
        owner.execute(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name))
        async with Database(db_urls.app_url, size_max=4) as db:
            async with await Watched.connect(db_urls.owner_url, autocommit=True) as tx:
                await tx.execute("SET default_transaction_read_only = off")
                types = {dataset.OPEN_TYPE: await dataset.card_type(tx)}
                venue_id, product_id = await dataset.product(tx, "v-silence")
                slot = await dataset.slot(tx, venue_id, product_id, DAY, 2, 10)
                card = await dataset.card(tx, 17)
            engine = Engine(db, dataset.rulebook(types), clock=lambda: dataset.START)
            await engine.start()
            request = dataset.request(card, slot)
            assert (await engine.book(request)).outcome is Outcome.BUSY
            owner.execute(sql.SQL("ALTER DATABASE {} RESET default_transaction_read_only").format(name))
            assert (await engine.book(request)).outcome is Outcome.CONFIRMED
            await engine.drain()


def test_what_a_url_says_itself_stands() -> None:
    said = conninfo_to_dict(promptly("postgresql://a@h/d?connect_timeout=9"))
    assert said["connect_timeout"] == "9"
    assert said["tcp_user_timeout"] == "10000"
