"""Scans at the gate of the fixtures: the instant they happen at, one scan, and how many rows they left."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

import psycopg

from tests.support.database import DbUrls
from tests.support.gate_fixtures import GateFixtures
from wenyue.core.ids import uuid7
from wenyue.gate import ScanAnswer, ScanRequest, scan
from wenyue.platform.database.db import Tx

NOW: Final = datetime(2026, 10, 2, 1, 0, tzinfo=UTC)


@asynccontextmanager
async def at_the_gate(urls: DbUrls) -> AsyncGenerator[GateFixtures]:
    """The fixtures in this database, at that instant."""
    async with await psycopg.AsyncConnection.connect(urls.owner_url, autocommit=True) as tx:
        yield await GateFixtures.make(tx, NOW)


async def present(fixtures: GateFixtures, text: str, *, now: datetime = NOW, **changes: Any) -> ScanAnswer:
    """One scan of this text at the venue's gate, in a transaction of its own; `changes` to the request."""
    known: dict[str, Any] = {
        "scan_id": uuid7(),
        "venue_id": fixtures.here,
        "gate": "北门",
        "staff_id": None,
        "presented": text,
    }
    async with fixtures.tx.transaction():
        return await scan(fixtures.tx, fixtures.desk, ScanRequest(**{**known, **changes}), now)


async def count(tx: Tx, table: str) -> int:
    """Rows of this table."""
    statement: Any = f"SELECT count(*) FROM {table}"
    return (await (await tx.execute(statement)).fetchall())[0][0]
