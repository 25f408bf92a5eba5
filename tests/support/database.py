"""What the database fixtures of ``tests/conftest.py`` hand out."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

import psycopg

from wenyue.platform.database.db import Database, Tx


class DbUrls(NamedTuple):
    """One test database as the application's role and as the schema's owner see it."""

    app_url: str
    owner_url: str


class TestServer(NamedTuple):
    """The session's server. ``superuser_url`` leads to its maintenance database."""

    app_url: str
    owner_url: str
    superuser_url: str
    programs: Path
    pid: int

    __test__ = False  # not a test class, in spite of its name

    def urls(self, database: str) -> DbUrls:
        """The URLs of another database of this server."""
        return DbUrls(with_database(self.app_url, database), with_database(self.owner_url, database))


def with_database(url: str, database: str) -> str:
    """The same URL for another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


@asynccontextmanager
async def both(urls: DbUrls, size_max: int = 4) -> AsyncGenerator[tuple[Database, Tx]]:
    """(the application's pool, the owner's connection in autocommit mode).

    What is tested runs as the application; what a test arranges runs as the owner, for the application may do no more than its
    statements do.
    """
    async with (
        Database(urls.app_url, size_max=size_max) as db,
        await psycopg.AsyncConnection.connect(urls.owner_url, autocommit=True) as tx,
    ):
        yield db, tx
