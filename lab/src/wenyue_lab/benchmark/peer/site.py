"""The peer's tables and processes, for the benchmark and for the test that the peer is right."""

import importlib.util
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, LiteralString

import psycopg

from wenyue.platform.database.db import queries
from wenyue_lab.benchmark.site import Site, served

_SQL: Final = queries("wenyue_lab.benchmark.peer", "peer.sql")
_URL_VARIABLE: Final = "PEER_DATABASE_URL"


def is_installed() -> bool:
    """Whether what the peer is written with is there: the extra `peer` of wenyue-lab."""
    return all(importlib.util.find_spec(name) is not None for name in ("asyncpg", "sqlalchemy"))


def prepare(owner_url: str) -> None:
    """Make the peer's tables in the benchmark's database, with the sessions that were seeded."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        for name in ("tables", "slots", "settle"):
            connection.execute(_SQL[name])


def oversold(owner_url: str) -> int:
    """Places given beyond capacity plus every place that counters and bookings disagree about: 0."""
    return _number(owner_url, "oversold")


def bookings(owner_url: str) -> int:
    """Stored bookings."""
    return _number(owner_url, "bookings")


@contextmanager
def peer_site(owner_url: str, workers: int, log: Path) -> Generator[Site]:
    """`workers` processes of the peer that share one port, ready to serve; ended at the end of the block."""
    command = [sys.executable, "-m", "wenyue_lab.benchmark.peer.serve"]
    environment = {**os.environ, _URL_VARIABLE: owner_url}  # no argument: `ps` would show the password
    with served(
        lambda fd: [*command, str(fd), str(os.getpid())], lambda _port: environment, workers, log
    ) as site:
        yield site


def _number(owner_url: str, name: LiteralString) -> int:
    with psycopg.connect(owner_url, autocommit=True) as connection:
        row = connection.execute(_SQL[name]).fetchone()
    return int(row[0]) if row else 0
