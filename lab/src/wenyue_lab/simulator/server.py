"""A database server of the simulator's own, and a fresh database for every run."""

import itertools
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from wenyue.platform.database.migrate import migrate
from wenyue.platform.embedded_server import ensure_started, erase, stop
from wenyue_lab.simulator.run import Urls

# Only connections crash here, never the server: what a machine would lose with its power is not asked about.
SETTINGS: Final = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "autovacuum": "off",
    "deadlock_timeout": "100ms",
}


@contextmanager
def own_server(home: Path, progress: Callable[[str], None]) -> Generator[Callable[[], Urls]]:
    """Starts a server under `home`, which is deleted at the end; yields a function that makes fresh databases."""
    erase(home)
    info = ensure_started(home, progress=progress, overrides=SETTINGS)
    numbers = itertools.count(1)

    def make() -> Urls:
        name = f"sim_{next(numbers)}"
        command = sql.SQL("CREATE DATABASE {} TEMPLATE wenyue OWNER wenyue_owner STRATEGY file_copy")
        with psycopg.connect(info.superuser_url, autocommit=True) as connection:
            connection.execute(command.format(sql.Identifier(name)))
        return Urls(_with_database(info.app_url, name), _with_database(info.owner_url, name))

    try:
        migrate(info.owner_url)
        yield make
    finally:
        stop(info)
        erase(home)
        shutil.rmtree(home, ignore_errors=True)


def _with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
