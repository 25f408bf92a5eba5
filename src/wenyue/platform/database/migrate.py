"""Schema migrations: plain SQL files applied in order, each in its own transaction, never twice, never edited.

The job queue's own schema (Procrastinate) is kept up to date in the same run.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString, cast

import psycopg

from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.platform.database import grants
from wenyue.platform.fault import SetupError

# Inside the package, so that an installed wheel has them too.
MIGRATIONS_FOLDER = Path(__file__).resolve().parents[2] / "migrations"
FILE_NAME = re.compile(r"^(\d{4})_([a-z0-9_]+)\.sql$")
MIGRATIONS_MAX = 9999
LOCK_TIMEOUT_S = 5
CONNECT_DEADLINE_S = 10
ADVISORY_LOCK = 7_395_001  # any constant; the same for every version of this program
JOBS_VERSION = "jobs"
JOBS_GUARD_VERSION = "jobs_guard"
JOBS_GUARD_FILE = MIGRATIONS_FOLDER / "grants" / "jobs.sql"

_CREATE_TABLE: LiteralString = """
CREATE TABLE IF NOT EXISTS public.schema_migration (
    version     text PRIMARY KEY,
    name        text NOT NULL,
    sha256      text NOT NULL,
    applied_at  timestamptz NOT NULL DEFAULT now()
)
"""
_RECORD: LiteralString = """
INSERT INTO public.schema_migration (version, name, sha256) VALUES (%s, %s, %s)
ON CONFLICT (version) DO UPDATE SET name = excluded.name, sha256 = excluded.sha256, applied_at = now()
"""


@dataclass(frozen=True)
class Migration:
    """One file: ``0001_foundation.sql`` has the version ``0001`` and the name ``foundation``."""

    version: str
    name: str
    text: str

    @property
    def sha256(self) -> str:
        """Fingerprint of the file as it was applied."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def read_migrations(folder: Path = MIGRATIONS_FOLDER) -> list[Migration]:
    """Every migration of ``folder`` in order; misnamed files and doubled numbers are refused."""
    if not folder.is_dir():
        raise SetupError(
            Message("no migrations in {folder}: reinstall wenyue", folder=folder),
        )
    found: dict[str, Migration] = {}
    for path in sorted(folder.glob("*.sql"))[:MIGRATIONS_MAX]:
        match = FILE_NAME.match(path.name)
        if match is None:
            raise SetupError(Message("{path} isn't named NNNN_name.sql: rename it", path=path))
        version, name = match.groups()
        if version in found:
            raise SetupError(
                Message("two migrations have the number {version}: renumber one", version=version)
            )
        found[version] = Migration(version, name, path.read_text(encoding="utf-8"))
    return list(found.values())


def pending(owner_url: str, folder: Path = MIGRATIONS_FOLDER) -> list[str]:
    """Names of migrations that this database still lacks (all of them when it was never migrated)."""
    with psycopg.connect(owner_url, connect_timeout=CONNECT_DEADLINE_S, autocommit=True) as connection:
        done = _applied(connection)
    return [f"{one.version}_{one.name}" for one in read_migrations(folder) if one.version not in done]


def migrate(
    owner_url: str,
    *,
    progress: Callable[[str], None] = lambda _line: None,
    folder: Path = MIGRATIONS_FOLDER,
    is_granting: bool = True,
) -> list[str]:
    """Apply what is missing, then the application's grants where they differ; return the names of what was applied.

    One process at a time (advisory lock). Refuses when a file that was applied has since changed.
    """
    migrations = read_migrations(folder)
    applied: list[str] = []
    with psycopg.connect(owner_url, connect_timeout=CONNECT_DEADLINE_S, autocommit=True) as connection:
        connection.execute("SELECT set_config('lock_timeout', %s, false)", [f"{LOCK_TIMEOUT_S}s"])
        _take_advisory_lock(connection)
        if not _has_table(connection):
            connection.execute(_CREATE_TABLE)
        done = _applied(connection)
        _refuse_edited(migrations, done)
        for number, one in enumerate(migrations, start=1):
            if one.version in done:
                continue
            progress(
                gettext(
                    "migration {number}/{n} {version}_{name}",
                    number=number,
                    n=len(migrations),
                    version=one.version,
                    name=one.name,
                )
            )
            _apply(connection, one.version, one.name, one.text, one.sha256)
            applied.append(f"{one.version}_{one.name}")
        applied += _migrate_jobs(connection, done, progress)
        if is_granting and folder == MIGRATIONS_FOLDER and _grant(connection):
            progress(gettext("what the application may do"))
    return applied


def decide_once(connection: psycopg.Connection, subject: str, decide: Callable[[], str]) -> str:
    """Return this database's decision about ``subject``; take and keep it when there is none yet."""
    version = f"decision:{subject}"
    found = _applied(connection).get(version)
    if found is not None:
        return found[0]
    decision = decide()
    connection.execute(_RECORD, [version, decision, ""])
    return decision


def decided(connection: psycopg.Connection, subject: str) -> str | None:
    """This database's decision about ``subject``, None when there is none yet."""
    found = _applied(connection).get(f"decision:{subject}")
    return None if found is None else found[0]


def redecide(connection: psycopg.Connection, subject: str, decision: str) -> None:
    """Replace this database's decision about ``subject``."""
    connection.execute(_RECORD, [f"decision:{subject}", decision, ""])


def _take_advisory_lock(connection: psycopg.Connection) -> None:
    try:
        connection.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
    except psycopg.errors.LockNotAvailable as error:
        raise SetupError(
            Message(
                "another migration has been running for {lock_timeout_s} s: wait until it "
                "finishes and run again",
                lock_timeout_s=LOCK_TIMEOUT_S,
            ),
        ) from error


def _has_table(connection: psycopg.Connection) -> bool:
    row = connection.execute("SELECT to_regclass('public.schema_migration') IS NOT NULL").fetchone()
    return row is not None and bool(row[0])


def _applied(connection: psycopg.Connection) -> dict[str, tuple[str, str]]:
    """Version → (name, fingerprint) of what this database has."""
    if not _has_table(connection):
        return {}
    rows = connection.execute("SELECT version, name, sha256 FROM public.schema_migration").fetchall()
    return {str(version): (str(name), str(digest)) for version, name, digest in rows}


def _refuse_edited(migrations: list[Migration], done: dict[str, tuple[str, str]]) -> None:
    known = {one.version: one for one in migrations}
    for version, (name, digest) in done.items():
        if not version.isdecimal():
            continue  # the job queue's row, or a decision
        if version not in known:
            raise SetupError(
                Message(
                    "the database has migration {version}_{name}, which this version lacks: run the "
                    "newer version of wenyue, or restore a backup",
                    version=version,
                    name=name,
                ),
            )
        if known[version].sha256 != digest:
            raise SetupError(
                Message(
                    "migration {version}_{name} was changed after it was applied: restore the file and "
                    "write a new migration instead",
                    version=version,
                    name=name,
                ),
            )


def _apply(connection: psycopg.Connection, version: str, name: str, text: str, digest: str) -> None:
    try:
        with connection.transaction():
            connection.execute(cast("LiteralString", text))  # a file of this repository, never input
            connection.execute(_RECORD, [version, name, digest])
    except psycopg.errors.LockNotAvailable as error:
        raise SetupError(
            Message(
                "migration {version}_{name} waited {lock_timeout_s} s for a lock and was undone: run "
                "it again at a quieter moment",
                version=version,
                name=name,
                lock_timeout_s=LOCK_TIMEOUT_S,
            ),
        ) from error
    except psycopg.Error as error:
        reason = " ".join(str(error).split())[:300]
        raise SetupError(
            Message(
                "migration {version}_{name} failed and was undone: {reason}",
                version=version,
                name=name,
                reason=reason,
            )
        ) from error


def _migrate_jobs(
    connection: psycopg.Connection, done: dict[str, tuple[str, str]], progress: Callable[[str], None]
) -> list[str]:
    """Bring the job queue's tables to the installed release; it names its steps in ascending order."""
    steps = sorted(_jobs_folder().glob("*.sql"), key=lambda path: path.name)
    newest = steps[-1].stem
    have = done.get(JOBS_VERSION, ("", ""))[0]
    applied: list[str] = []
    if have < newest:
        from procrastinate.schema import SchemaManager  # noqa: PLC0415 - a fifth of a second, and hardly ever needed

        progress(gettext("job queue tables"))
        newer = [step.read_text(encoding="utf-8") for step in steps if step.stem > have]
        text = ";\n".join(newer if have else [SchemaManager.get_schema()])
        _apply(connection, JOBS_VERSION, newest, text, hashlib.sha256(text.encode()).hexdigest())
        applied.append(f"{JOBS_VERSION}_{newest}")
    guard = JOBS_GUARD_FILE.read_text(encoding="utf-8")
    digest = hashlib.sha256(guard.encode()).hexdigest()
    if done.get(JOBS_GUARD_VERSION) != (max(have, newest), digest):
        _apply(connection, JOBS_GUARD_VERSION, max(have, newest), guard, digest)
    return applied


def _grant(connection: psycopg.Connection) -> bool:
    try:
        return grants.apply(connection)
    except psycopg.Error as error:
        reason = " ".join(str(error).split())[:300]
        raise SetupError(
            Message(
                "the application's grants failed and were undone: {reason}; whoever changed a table "
                "or a statement runs scripts/write_grants.py",
                reason=reason,
            ),
        ) from error


def _jobs_folder() -> Path:
    """Where the job queue's release keeps its steps, found without loading it."""
    spec = importlib.util.find_spec("procrastinate")
    if spec is None or spec.origin is None:
        raise SetupError(Message("the package procrastinate is missing: run scripts/bootstrap"))
    return Path(spec.origin).with_name("sql") / "migrations"
