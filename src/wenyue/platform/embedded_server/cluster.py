"""The database cluster itself: made once by initdb, configured at every start, its roles kept in order."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg import sql

from wenyue.locale import Message
from wenyue.platform.embedded_server.binaries import MAJOR
from wenyue.platform.embedded_server.owning import change_plain
from wenyue.platform.embedded_server.place import DATABASE, SOCKET_PORT, Place, no_space
from wenyue.platform.fault import SetupError

INITDB_DEADLINE_S = 180
MB = 1024 * 1024
SHARED_BUFFERS_MAX_MB = 1024
MAX_WAL_SIZE_MB = 4096
CONFIG_NAME = "wenyue.conf"
OWNER = "wenyue_owner"
APP = "wenyue_app"
FOLLOWER = "wenyue_standby"  # copies the server, and asks it nothing else
# Where whoever reaches the private socket is trusted for a while; replication must show its password even then.
TRUST = f"local all {FOLLOWER} reject\nlocal all all trust\nlocal replication all scram-sha-256\n"
_ACCESS = f"local all {FOLLOWER} reject\nlocal all all scram-sha-256\nlocal replication all scram-sha-256\n"


def initialise(place: Place) -> bool:
    """Make the cluster if there is none; return whether it was made. A crash halfway leaves none."""
    version_file = place.data / "PG_VERSION"
    if version_file.exists():
        found = version_file.read_text(encoding="ascii").strip()
        if found != str(MAJOR):
            raise SetupError(
                Message(
                    "the data at {data} is from PostgreSQL {found}, but the programs are "
                    "{major}: dump it with PostgreSQL {found} and restore it into a new "
                    "WENYUE_HOME",
                    found=found,
                    major=MAJOR,
                    data=place.data,
                ),
            )
        return False
    partial = place.base / "data.partial"
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(mode=0o700)
    if place.account.switch:
        os.chown(partial, place.account.uid, place.account.gid)
    password_file = place.base / "initdb.password"
    _write_private(password_file, place.passwords["postgres"] + "\n", place)
    try:
        _initdb(place, partial, password_file)
    finally:
        password_file.unlink(missing_ok=True)
    change_plain(partial / "postgresql.conf", f"\ninclude '{CONFIG_NAME}'\n", adds=True)
    partial.rename(place.data)
    return True


def configure(place: Place, overrides: Mapping[str, str]) -> None:
    """Write the server's settings and its access rules: this socket, with a password, and nothing else."""
    values = _settings(place) | dict(overrides)
    quoted = {name: "'" + value.replace("'", "''") + "'" for name, value in values.items()}
    lines = ["# written at every start; change nothing here"]
    lines += [f"{name} = {value}" for name, value in quoted.items()]
    _write_private(place.data / CONFIG_NAME, "\n".join(lines) + "\n", place)
    _write_private(place.data / "pg_hba.conf", _ACCESS, place)


def provision(place: Place) -> None:
    """Make the two roles and the database, or put their passwords back in order. Runs at every start."""
    with psycopg.connect(
        place.url("postgres", "postgres"), autocommit=True, connect_timeout=10
    ) as connection:
        for role, attributes in ((OWNER, sql.SQL("LOGIN CREATEDB")), (APP, sql.SQL("LOGIN"))):
            exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
            verb = sql.SQL("ALTER") if exists else sql.SQL("CREATE")
            # As its verifier: a statement that fails stands in the server's log, and must not say the password.
            verifier = connection.pgconn.encrypt_password(
                place.passwords[role].encode(), role.encode(), b"scram-sha-256"
            )
            password = sql.Literal(verifier.decode())
            command = sql.SQL("{} ROLE {} {} PASSWORD {}")
            connection.execute(command.format(verb, sql.Identifier(role), attributes, password))
        # Figures of replication, which the monitor reads through a function of the owner's.
        connection.execute(sql.SQL("GRANT pg_monitor TO {}").format(sql.Identifier(OWNER)))
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if not found:
            name, owner = sql.Identifier(DATABASE), sql.Identifier(OWNER)
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, owner))
        connection.execute("REVOKE CONNECT ON DATABASE postgres FROM PUBLIC")


def _settings(place: Place) -> dict[str, str]:
    free = shutil.disk_usage(place.base).free
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    shared_mb = max(64, min(memory // 8 // MB, SHARED_BUFFERS_MAX_MB))
    wal_mb = max(128, min(free // 8 // MB, MAX_WAL_SIZE_MB))
    return {
        "listen_addresses": "",
        "port": str(SOCKET_PORT),
        "unix_socket_directories": _list_entry(place.socket),
        "max_connections": "200",
        "password_encryption": "scram-sha-256",
        "shared_buffers": f"{shared_mb}MB",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "wal_compression": "lz4" if _has_lz4(place) else "off",
        "max_wal_size": f"{wal_mb}MB",
        "min_wal_size": f"{min(256, wal_mb // 2)}MB",
        "summarize_wal": "on",  # incremental backups need it
        "max_slot_wal_keep_size": f"{2 * wal_mb}MB",  # a backup that is never fetched cannot fill the disk
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": "0.9",
        "commit_delay": "0",
        "random_page_cost": "1.1",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_min_messages": "warning",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "log_lock_waits": "on",
    }


def _list_entry(path: Path) -> str:
    """One member of a list setting: double-quoted, so that commas and spaces in the path are kept."""
    return '"' + str(path).replace('"', '""') + '"'


def _has_lz4(place: Place) -> bool:
    answer = subprocess.run(
        [place.program("pg_config"), "--configure"], capture_output=True, text=True, timeout=30, check=False
    )
    return "--with-lz4" in answer.stdout


def _initdb(place: Place, target: Path, password_file: Path) -> None:
    command = [place.program("initdb"), "-D", str(target), "-U", "postgres", f"--pwfile={password_file}"]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums"]
    account = place.account
    result = subprocess.run(
        command,
        cwd=place.base,
        env=program_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=INITDB_DEADLINE_S,
        check=False,
        user=account.uid if account.switch else None,
        group=account.gid if account.switch else None,
        extra_groups=[] if account.switch else None,
    )
    if result.returncode == 0:
        return
    detail = " ".join((result.stderr or result.stdout).split())[-400:]
    if "No space left" in detail:
        raise no_space(place.base)
    raise SetupError(
        Message("couldn't create the database at {data}: {detail}", data=place.data, detail=detail)
    )


def program_environment() -> dict[str, str]:
    """The small environment that PostgreSQL's programs get: nothing of the caller's leaks into them."""
    return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _write_private(path: Path, text: str, place: Place) -> None:
    """Write a 0600 file of the server's account, complete or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        if place.account.switch:
            os.fchown(file.fileno(), place.account.uid, place.account.gid)
    partial.rename(path)
