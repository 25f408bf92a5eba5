"""The record against a real server: appended in order, sealed without loss, tampering found."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, LiteralString

import psycopg
import pytest

from tests.support.database import DbUrls
from wenyue import audit
from wenyue.audit import Entry
from wenyue.core.personal import SealKeys
from wenyue.platform.database.db import Tx

pytestmark = pytest.mark.anyio
KEYS = SealKeys({1: b"k" * 32}, 1)
NOW = datetime(2026, 11, 22, 9, 0, 0, 123456, tzinfo=UTC)


def entry(subject: str, **detail: object) -> Entry:
    return Entry(NOW, "staff:3", "test.happened", subject, detail or None)


@pytest.fixture
async def tx(make_database: Any) -> AsyncIterator[tuple[Tx, DbUrls]]:
    urls = make_database()
    async with await psycopg.AsyncConnection.connect(urls.app_url, autocommit=True) as connection:
        yield connection, urls


async def settle(tx: Tx) -> None:
    """Wait until every transaction before the last entry has ended; other tests share the server."""
    open_ones = """SELECT count(*) FROM audit.entry WHERE xid >= pg_snapshot_xmin(pg_current_snapshot())"""
    async with asyncio.timeout(30):
        while (await (await tx.execute(open_ones)).fetchall())[0][0]:
            await asyncio.sleep(0.01)


async def seal_all(tx: Tx, *, is_settled: bool = True) -> int:
    if is_settled:
        await settle(tx)
    total = 0
    while True:
        async with tx.transaction():
            sealed = await audit.seal(tx, NOW, KEYS)
        total += sealed
        if not sealed:
            return total


def as_owner(urls: DbUrls, statement: LiteralString) -> None:
    with psycopg.connect(urls.owner_url, autocommit=True) as owner:
        changed = owner.execute(statement)
        assert changed.rowcount == 1, statement


async def test_entries_keep_their_order_and_their_content(tx: tuple[Tx, DbUrls]) -> None:
    connection, _ = tx
    numbered = [entry(f"booking:{n}", n=n, 原因='闭园 "x"') for n in range(3)]
    await audit.record(connection, [*numbered, entry("bare")])
    await audit.record(connection, [])
    rows = await (
        await connection.execute("SELECT at, actor, action, subject, detail FROM audit.entry ORDER BY id")
    ).fetchall()
    assert [row[3] for row in rows] == ["booking:0", "booking:1", "booking:2", "bare"]
    assert rows[1] == (NOW, "staff:3", "test.happened", "booking:1", {"n": 1, "原因": '闭园 "x"'})
    assert rows[3][4] is None


async def test_sealing_covers_each_entry_once(tx: tuple[Tx, DbUrls], monkeypatch: pytest.MonkeyPatch) -> None:
    connection, _ = tx
    assert await seal_all(connection) == 0
    monkeypatch.setattr("wenyue.audit.store.ENTRIES_PER_SEAL_MAX", 4)
    monkeypatch.setattr("wenyue.audit.store._PAGE", 3)
    for size in (1, 2, 3, 9, 1):  # 9: one transaction larger than the bound
        await audit.record(connection, [entry(f"{size}/{n}") for n in range(size)])
    assert await seal_all(connection) == 16
    sizes = await (await connection.execute("SELECT entries FROM audit.seal ORDER BY no")).fetchall()
    assert [row[0] for row in sizes] == [3, 3, 9, 1]
    assert await audit.verify(connection, KEYS) is None
    assert await seal_all(connection) == 0


async def test_an_entry_that_commits_late_is_neither_lost_nor_breaks_the_chain(tx: tuple[Tx, DbUrls]) -> None:
    connection, urls = tx
    async with await psycopg.AsyncConnection.connect(urls.app_url) as slow:
        await audit.record(slow, [entry("slow")])  # smaller id and transaction, not committed yet
        await audit.record(connection, [entry("quick")])
        assert await seal_all(connection, is_settled=False) == 0  # "quick" may not overtake "slow"
        await slow.commit()
    assert await seal_all(connection) == 2
    assert await audit.verify(connection, KEYS) is None


async def test_only_one_sealer_runs(tx: tuple[Tx, DbUrls]) -> None:
    connection, urls = tx
    await audit.record(connection, [entry("one")])
    await settle(connection)
    async with (
        await psycopg.AsyncConnection.connect(urls.app_url) as other,
        connection.transaction(),
    ):
        assert await audit.seal(connection, NOW, KEYS) == 1
        assert await audit.seal(other, NOW, KEYS) == 0
    assert await audit.verify(connection, KEYS) is None


@pytest.mark.parametrize(
    ("tampering", "broken"),
    [
        ("UPDATE audit.entry SET detail = '{\"n\": 7}' WHERE subject = 'b'", 2),
        ("UPDATE audit.entry SET at = at + interval '1 microsecond' WHERE subject = 'a'", 1),
        ("DELETE FROM audit.entry WHERE subject = 'c'", 3),
        (
            """INSERT INTO audit.entry (at, actor, action, subject, xid)
            SELECT at, actor, action, 'slipped in', xid FROM audit.entry WHERE subject = 'b'""",
            2,
        ),
        ("DELETE FROM audit.seal WHERE no = 2", 2),
        ("UPDATE audit.seal SET digest = '\\x00' WHERE no = 3", 3),
        ("UPDATE audit.seal SET at = at + interval '1 day' WHERE no = 1", 1),
    ],
)
async def test_tampering_by_the_owner_is_found(
    tx: tuple[Tx, DbUrls], tampering: LiteralString, broken: int
) -> None:
    connection, urls = tx
    for subject in "abc":
        await audit.record(connection, [entry(subject, n=1)])
        assert await seal_all(connection) == 1
    assert await audit.verify(connection, KEYS) is None
    as_owner(urls, tampering)
    assert await audit.verify(connection, KEYS) == broken


@pytest.mark.parametrize("table", ["audit.entry", "audit.seal"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET at = now()", "TRUNCATE {}"])
async def test_the_application_cannot_rewrite_the_record(
    tx: tuple[Tx, DbUrls], table: LiteralString, statement: LiteralString
) -> None:
    connection, _ = tx
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await connection.execute(statement.format(table))


async def test_a_chain_from_another_server_is_named(tx: tuple[Tx, DbUrls]) -> None:
    connection, urls = tx
    as_owner(urls, "INSERT INTO audit.seal VALUES (1, '999999999999', 0, '\\x00', now())")
    with pytest.raises(audit.ChainAhead):
        await seal_all(connection)
