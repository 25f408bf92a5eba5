"""Who has the invitation of a standby can copy the database, and ask it nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from tests.support.backup_site import Terminal, a_folder, a_site, terminal
from tests.support.processes import await_true
from wenyue.ops.ports import free_port
from wenyue.ops.standby.link import is_physical
from wenyue.ops.standby.running import follow
from wenyue.ops.standby.state import OUT_PORT, ROLE, put, read_invitation
from wenyue.platform.embedded_server.cluster import configure
from wenyue.platform.embedded_server.peer import Link
from wenyue.platform.embedded_server.place import SOCKET_PORT, Place, settle

__all__ = ["terminal"]
USER = ("user", ROLE)
PHYSICAL = (*USER, "replication", "true")


def _fields(*said: str) -> bytes:
    return b"".join(word.encode() + b"\0" for word in said) + b"\0"


@pytest.mark.parametrize(
    "said",
    [
        PHYSICAL,
        (*PHYSICAL, "database", "replication", "application_name", "walreceiver"),
        (*USER, "database", ROLE, "replication", "true", "client_encoding", "UTF8"),
        (*USER, "replication", "on"),
        (*USER, "replication", "1"),
        (*USER, "replication", "yes", "application_name", ""),
    ],
)
def test_security_eighth_F3_the_link_passes_what_replicates(said: tuple[str, ...]) -> None:
    assert is_physical(_fields(*said))


@pytest.mark.parametrize(
    "said",
    [
        _fields(*USER, "replication", "false"),
        _fields(*USER, "replication", "database", "database", "wenyue"),
        _fields(*USER, "replication", "off"),
        _fields(*USER, "replication", "t"),
        _fields(*USER, "replication", "TRUE"),
        _fields(*USER, "replication", ""),
        _fields(*USER),
        _fields("replication", "true"),
        _fields("user", "postgres", "replication", "true"),
        _fields(*PHYSICAL, "database", "wenyue"),
        _fields(*PHYSICAL, "options", "-c statement_timeout=0"),
        _fields(*PHYSICAL, "search_path", "x"),
        _fields(*PHYSICAL, "replication", "false"),
        _fields(*PHYSICAL, "user", "postgres"),
        _fields("", "", *PHYSICAL),
        _fields(*PHYSICAL, "", "x"),
        _fields(*PHYSICAL, "application_name"),
        _fields(*PHYSICAL) + b"\0",
        _fields(*PHYSICAL)[:-1],
        _fields(*PHYSICAL) + _fields("replication", "false"),
        b"",
        b"\0",
    ],
)
def test_security_eighth_F3_the_link_passes_nothing_else(said: bytes) -> None:
    assert not is_physical(said)


@contextmanager
def _linked(home: Path) -> Generator[None]:
    command = [sys.executable, "-m", "wenyue.cli", "standby", "link"]
    with subprocess.Popen(command, env=os.environ | {"WENYUE_HOME": str(home)}) as process:
        try:
            yield
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()


def _asked(place: Place, login: str) -> object:
    """The answer to a question of an ordinary session as the standby's role."""
    url = f"postgresql://{login}&host={quote(str(place.socket), safe='')}&port={SOCKET_PORT}"
    with psycopg.connect(url, connect_timeout=10) as session:
        return session.execute("SELECT pg_try_advisory_lock(1)").fetchone()


def test_security_eighth_F3_the_invitation_opens_no_session(terminal: Terminal) -> None:
    with a_folder() as folder, a_site(folder) as site:
        here, there = free_port(), free_port()
        words = ("--from", "127.0.0.1", "--at", "127.0.0.1", "--listen", "127.0.0.1", "--port", here)
        file = folder / "invitation.json"
        terminal.good(site.home, "standby", "allow", *words, "--peer-port", there, "--to", file)
        found = read_invitation(file)
        password = found.link.password
        for more in ("&replication=false", "&replication=database", ""):
            with pytest.raises(psycopg.OperationalError, match="pg_hba"):
                _asked(settle(site.home, lambda _: None), f"{ROLE}:{password}@/wenyue?sslmode=disable{more}")
        # The same through the link: from the machine that was invited.
        link = Link("standby", "127.0.0.1", there, "127.0.0.1", "127.0.0.1", here, password)
        invited = folder / "invited"
        place = settle(invited, lambda _: None)
        put(invited, link, (found.own_certificate, found.own_key), found.peer_certificate)
        out = place.socket / f".s.PGSQL.{OUT_PORT}"
        with _linked(site.home), _linked(invited):
            await_true(out.exists)
            await_true(lambda: _says(place.socket, password, "true").startswith("cannot execute SQL"))
            for value in ("false", "database", "off"):
                assert "closed the connection" in _says(place.socket, password, value)


def _says(socket: Path, password: str, replication: str) -> str:
    """What comes of a question through the link."""
    host = quote(str(socket), safe="")
    url = f"postgresql://{ROLE}:{password}@/?host={host}&port={OUT_PORT}&sslmode=disable&gssencmode=disable"
    try:
        with psycopg.connect(
            f"{url}&replication={replication}", autocommit=True, connect_timeout=10
        ) as session:
            return (
                str(session.pgconn.exec_(b"SELECT 1").error_message, "utf-8").partition("ERROR:")[2].strip()
            )
    except psycopg.OperationalError as error:
        return str(error)


def test_security_eighth_F3_nobody_is_let_in_by_the_servers_own_rules() -> None:
    with a_folder() as folder, a_site(folder) as site:
        place = settle(site.home, lambda _: None)
        access = place.data / "pg_hba.conf"
        configure(place, {})
        assert access.read_text("utf-8").splitlines()[0] == f"local all {ROLE} reject"
        follow(place, Link("standby", "127.0.0.1", 1, "127.0.0.1", "127.0.0.1", 1, "x"))
        assert access.read_text("utf-8").splitlines()[0] == f"local all {ROLE} reject"
        configure(place, {})
