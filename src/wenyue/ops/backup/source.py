"""The server that is backed up: the embedded one, or the operator's own. Asked here, never changed except for its slot."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psycopg

from wenyue.locale import Message
from wenyue.ops.backup.programs import no_replication
from wenyue.ops.backup.rules import CLOCK_TOLERANCE, parse_lsn
from wenyue.platform.config import Settings
from wenyue.platform.database.db import queries
from wenyue.platform.database.external import connect_external
from wenyue.platform.embedded_server import ensure_started, stop
from wenyue.platform.embedded_server.binaries import MAJOR, wheel_programs
from wenyue.platform.embedded_server.place import DATABASE
from wenyue.platform.fault import SetupError

SQL: Final = queries("wenyue.ops.backup", "backup.sql")
STATEMENT_DEADLINE: Final = "-c statement_timeout=600000"


@dataclass(frozen=True)
class Source:
    """A reachable server and what it said about itself. `url` may copy files and carries a password."""

    url: str = field(repr=False)
    connection: psycopg.Connection = field(repr=False)
    programs: Path
    name: str  # what people call it: its home, or its address
    home: Path
    data: Path | None  # of the embedded server
    system_id: str
    version: int  # as server_version_num
    segment_bytes: int
    database: str
    bytes: int
    settings: dict[str, str]

    @property
    def major(self) -> int:
        """PostgreSQL's major version."""
        return self.version // 10000

    def one(self, name: str, **values: object) -> Any:  # noqa: ANN401 - a row of any shape
        """The one row that a named statement answers. Raises LookupError when there is none."""
        row = self.connection.execute(SQL[name], values).fetchone()
        if row is None:
            raise LookupError(name)
        return row

    def position(self) -> int:
        """Where the log ends now."""
        return parse_lsn(self.one("position")[0])

    def mark(self) -> datetime:
        """Commit a mark of this instant to the log; return the instant."""
        with self.connection.transaction():
            return self.one("mark")[1].astimezone(UTC)

    def slot_status(self, name: str) -> str | None:
        """`reserved`, `extended`, `unreserved`, `lost`; None when there is no such slot."""
        row = self.connection.execute(SQL["slot"], {"slot": name}).fetchone()
        return None if row is None else str(row[0])

    def run_statement(self, name: str, **values: object) -> None:
        """One named statement for its effect."""
        self.connection.execute(SQL[name], values)

    def counts(self) -> dict[str, int]:
        """Rows of what must never get lost; all 0 before the first migration."""
        return counts(self.connection)

    def record(self) -> str:
        """The audit record's newest seal as NO:DIGEST; '' while there is none."""
        if not self.counts():
            return ""
        row = self.connection.execute(SQL["newest_seal"]).fetchone()
        return "" if row is None else f"{row[0]}:{bytes(row[1]).hex()}"


@contextmanager
def opened(settings: Settings, progress: Callable[[str], None]) -> Generator[Source]:
    """The installation's server, started if need be (and then stopped at the end). Raises SetupError."""
    if settings.database.url:
        url = settings.database.owner_url
        programs, _ = wheel_programs()
        with connect_external(url, "WENYUE_OWNER_DATABASE_URL") as connection:
            yield _look(connection, url, programs, settings.home, None)
        return
    if not (settings.home / "database.json").exists():
        raise SetupError(
            Message(
                "no database in {home}: set WENYUE_HOME to the installation you want to back up",
                home=settings.home,
            ),
        )
    server = ensure_started(settings.home, progress=progress)
    try:
        url = _with_database(server.superuser_url)
        with psycopg.connect(
            url, autocommit=True, connect_timeout=10, options=STATEMENT_DEADLINE
        ) as connection:
            yield _look(connection, url, server.programs, settings.home, server.data)
    finally:
        stop(server)


def counts(connection: psycopg.Connection) -> dict[str, int]:
    """Rows of what must never get lost; empty when the database has none of our tables."""
    has_tables = connection.execute(SQL["has_tables"]).fetchone()
    if has_tables is None or not has_tables[0]:
        return {}
    answer = connection.execute(SQL["counts"])
    row = answer.fetchone() or ()
    names = [column.name for column in answer.description or ()]
    return dict(zip(names, row, strict=True))


def _look(connection: psycopg.Connection, url: str, programs: Path, home: Path, data: Path | None) -> Source:
    facts = connection.execute(SQL["facts"]).fetchone()
    if facts is None:
        raise LookupError("facts")
    system_id, version, wal_level, segment_bytes, is_standby, database, may_copy, now, spaces, size = facts
    _require(version, wal_level, is_standby=is_standby, may_copy=may_copy, spaces=spaces)
    apart = abs(datetime.now(UTC) - now)
    if apart > CLOCK_TOLERANCE:
        raise SetupError(
            Message(
                "this machine's clock is {apart} s off the database's: synchronise both, or "
                "times in backups will be wrong",
                apart=f"{apart.total_seconds():.0f}",
            ),
        )
    rows = connection.execute(SQL["settings"]).fetchall()
    return Source(
        url=url,
        connection=connection,
        programs=programs,
        name=str(home) if data else _address(connection),
        home=home,
        data=data,
        system_id=system_id,
        version=version,
        segment_bytes=segment_bytes,
        database=database,
        bytes=int(size or 0),
        settings={str(name): str(value) for name, value in rows},
    )


def _require(version: int, wal_level: str, *, is_standby: bool, may_copy: bool, spaces: int) -> None:
    """Stop with the line that mends it where a server cannot be backed up like this."""
    if not may_copy:
        raise no_replication("the role has no REPLICATION attribute")
    if version // 10000 > MAJOR:
        raise SetupError(
            Message(
                "the server is PostgreSQL {version}, but the backup programs are {major}: "
                "upgrade wenyue first",
                version=version // 10000,
                major=MAJOR,
            ),
        )
    if wal_level == "minimal":
        raise SetupError(
            Message("the server writes too little log for backups: set wal_level = replica and restart it"),
        )
    if is_standby:
        raise SetupError(
            Message("this is a standby: name the primary, or add target_session_attrs=read-write to the URL"),
        )
    if spaces > 0:
        raise SetupError(
            Message(
                "the server has its own tablespaces, which can't be restored: back it up with its own tools"
            ),
        )


def _address(connection: psycopg.Connection) -> str:
    info = connection.info
    return f"{info.host}:{info.port}/{info.dbname}"


def _with_database(url: str) -> str:
    head, mark, tail = url.partition("/postgres?")
    return f"{head}/{DATABASE}{mark and '?'}{tail}"
