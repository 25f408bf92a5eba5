"""What the database fixtures of ``tests/conftest.py`` hand out."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit


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
