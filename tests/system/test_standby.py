"""A second home follows the first over TLS and takes over; the first one, coming back, does not serve."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import msgspec
import psycopg
import pytest

from tests.support.backup_site import Site, Terminal, a_folder, a_site, booked, started, terminal
from tests.support.processes import await_true, is_living
from wenyue.booking.engine.batch import InDoubt
from wenyue.ops.ports import free_port
from wenyue.ops.processes import family
from wenyue.ops.sharing import taken_away
from wenyue.ops.standby.running import standby_place
from wenyue.ops.standby.state import Invitation, read_invitation
from wenyue.platform.embedded_server import base_folder, ensure_started, erase, find_running
from wenyue.platform.embedded_server.peer import ask, read_link
from wenyue.platform.fault import SetupError

__all__ = ["terminal"]
COMMAND = [sys.executable, "-m", "wenyue.cli", "standby"]
AS_CHILD = (
    "import subprocess, sys; subprocess.run(sys.argv[1:], check=False)"  # its parent is who gets SIGTERM
)
# Looks all the time, so that it stops the promoted server before that has told who promoted it.
HASTY = (
    "import runpy, sys\n"
    "from wenyue.ops.standby import running\n"
    "running.LOOK_EVERY_S = 0.0\n"
    "sys.argv = sys.argv[3:]\n"
    "runpy.run_module('wenyue.cli', run_name='__main__')\n"
)


@dataclass
class Pair:
    """Two homes on one machine."""

    site: Site
    standby: Path
    folder: Path
    ports: tuple[int, int]

    @property
    def invitation(self) -> Path:
        """Where `allow` writes."""
        return self.folder / "invitation.json"

    def allow(self, terminal: Terminal) -> None:
        """Let the second home follow, and save the keys for it."""
        here, there = self.ports
        words = ("--from", "127.0.0.1", "--at", "127.0.0.1", "--listen", "127.0.0.1", "--port", here)
        terminal.good(
            self.site.home, "standby", "allow", *words, "--peer-port", there, "--to", self.invitation
        )
        terminal.good(self.site.home, "backup", "--keys-to", self.folder / "safe")

    @property
    def keys(self) -> Path:
        """The saved key file."""
        return next((self.folder / "safe").iterdir())


@pytest.fixture
def pair() -> Iterator[Pair]:
    with a_folder() as folder, a_site(folder) as site:
        standby = folder / "standby"
        try:
            yield Pair(site, standby, folder, (free_port(), free_port()))
        finally:
            erase(standby)


@contextmanager
def kept(home: Path, *words: str, prefix: tuple[str, ...] = ()) -> Generator[subprocess.Popen[bytes]]:
    """A process of `wenyue standby …` for the length of the block."""
    environment = os.environ | {"WENYUE_HOME": str(home)}
    with subprocess.Popen([*prefix, *COMMAND, *words], env=environment, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=20)
            process.kill()


def reach(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def kill_server(site: Site) -> None:
    """Kill -9 the database and all its children, as a machine that loses its power would not even do."""
    everything = family(site.info.pid)
    with taken_away(everything):
        os.kill(site.info.pid, signal.SIGKILL)
        if site.info.process is not None:
            site.info.process.wait(30)
        await_true(lambda: find_running(site.home) is None)
        await_true(lambda: not any(map(is_living, everything)))


class People(threading.Thread):
    """Book one after the other; what was acknowledged is noted."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self.site = site
        self.acknowledged: list[UUID] = []

    def run(self) -> None:
        """Until the database is gone."""
        with suppress(psycopg.Error, OSError, InDoubt):
            while True:
                self.acknowledged += self.site.book(1)


def test_what_was_acknowledged_is_at_the_standby_and_the_old_primary_is_fenced(
    pair: Pair, terminal: Terminal
) -> None:
    site, standby = pair.site, pair.standby
    first = site.book(3)
    pair.allow(terminal)
    assert "doesn't have" in terminal.bad(
        site.home, "standby", "init", "--from", pair.invitation, "--into", standby, "--keys", pair.folder
    )
    with kept(site.home, "link") as link:
        await_true(lambda: reach(pair.ports[0]))
        words = ("--from", pair.invitation, "--into", standby, "--keys", pair.keys, "--listen", "127.0.0.1")
        terminal.good(standby, "standby", "init", *words)
        assert (standby / "keys.json").read_bytes() == (site.home / "keys.json").read_bytes()
        with pytest.raises(SetupError, match="is a standby"):
            ensure_started(standby)
        with kept(standby, "run", prefix=(sys.executable, "-c", HASTY)) as follower:
            await_true((standby / "standby" / "status.json").exists)
            await_true(lambda: ": streaming;" in terminal.run(standby, "standby", "status")[1])
            assert "commits don't wait for the standby" in terminal.good(site.home, "standby", "status")
            assert "lives" in terminal.bad(standby, "standby", "promote", "--no-start")
            terminal.good(site.home, "standby", "synchronous")
            await_true(
                lambda: "commits wait for the standby" in terminal.run(site.home, "standby", "status")[1]
            )
            people = People(site)
            people.start()
            await_true(lambda: len(people.acknowledged) > 20)
            kill_server(site)
            link.kill()
            people.join(30)
            said = terminal.good(standby, "standby", "promote", "--no-start")
            assert "DNS" in said
            assert follower.wait(30) == 0
    with started(standby) as new:
        there = booked(new.app_url)
        assert there >= {*first, *people.acknowledged}
        with psycopg.connect(new.owner_url) as connection:
            connection.execute("ALTER TABLE booking.booking ADD COLUMN mine int")
        with kept(standby, "link"):
            await_true(lambda: reach(pair.ports[1]))
            with pytest.raises(SetupError, match="is fenced"):
                ensure_started(site.home)
            fence = site.home / "fenced.json"
            assert fence.exists()
            fence.unlink()  # a primary that was frozen meanwhile: its link notices, and ends `wenyue up`
            with kept(site.home, "link", prefix=(sys.executable, "-c", AS_CHILD)) as up:
                await_true(fence.exists)
                assert up.wait(30) == -signal.SIGTERM
    with pytest.raises(SetupError, match="is fenced"):  # remembered when nobody can be asked
        ensure_started(site.home)


def test_a_takeover_that_was_cut_off_is_finished(pair: Pair, terminal: Terminal) -> None:
    site, standby = pair.site, pair.standby
    first = site.book(3)
    pair.allow(terminal)
    with kept(site.home, "link"):
        await_true(lambda: reach(pair.ports[0]))
        words = ("--from", pair.invitation, "--into", standby, "--keys", pair.keys, "--listen", "127.0.0.1")
        terminal.good(standby, "standby", "init", *words)
        with kept(standby, "run") as follower:
            await_true(lambda: ": streaming;" in terminal.run(standby, "standby", "status")[1])
            place, _ = standby_place(standby)
            with psycopg.connect(place.url("postgres", "postgres"), autocommit=True) as connection:
                connection.execute("SELECT pg_promote(false)")  # and no further: it was killed
            assert follower.wait(30) == 0
    kill_server(site)
    with pytest.raises(SetupError, match="promote` again"):
        ensure_started(standby)
    assert "promote` again" in terminal.bad(standby, "standby", "run")
    terminal.good(standby, "standby", "promote", "--no-start")
    with started(standby) as new:
        assert booked(new.app_url) >= set(first)
    assert "is a primary, not a standby" in terminal.bad(standby, "standby", "promote", "--no-start")


def test_a_copy_that_was_cut_off_is_told(pair: Pair, terminal: Terminal) -> None:
    pair.allow(terminal)
    with kept(pair.site.home, "link"):
        await_true(lambda: reach(pair.ports[0]))
        words = (
            "--from",
            pair.invitation,
            "--into",
            pair.standby,
            "--keys",
            pair.keys,
            "--listen",
            "127.0.0.1",
        )
        with kept(pair.standby, "init", *map(str, words)) as copying:
            await_true((base_folder(pair.standby) / "data.partial").exists)
            copying.kill()
    for word in ("run", "promote"):
        assert "standby init` again" in terminal.bad(pair.standby, "standby", word)


def test_asynchronous_is_the_default_and_the_way_lets_nobody_else_in(pair: Pair, terminal: Terminal) -> None:
    site = pair.site
    assert "no standby is following" in terminal.run(site.home, "standby", "status")[1]
    assert "would wait forever" in terminal.bad(site.home, "standby", "synchronous")
    pair.allow(terminal)
    assert pair.invitation.stat().st_mode & 0o777 == 0o600
    link = read_link(site.home)
    assert link is not None
    assert link.password not in repr(link)
    invitation = read_invitation(pair.invitation)
    assert link.password not in repr(invitation)
    with kept(site.home, "link"):
        await_true(lambda: reach(pair.ports[0]))
        _refused_without_certificate(pair.ports[0])
        other = pair.folder / "other"
        _play_standby(other, invitation)
        answer = ask(other, invitation.link)
        assert answer is not None
        assert answer.is_primary
        for hello in (
            b"\0\0\0\x08\x04\xd2\x16\x2f",
            _login("postgres"),
            _login("wenyue_standby", "database", "wenyue"),
        ):
            assert _talk(other, invitation, hello) == b""


def test_unclear_wishes_are_one_line(pair: Pair, terminal: Terminal) -> None:
    home = pair.site.home
    assert "isn't an address" in terminal.bad(
        home, "standby", "allow", "--from", "moon", "--at", "x", "--to", pair.invitation
    )
    assert "isn't a standby" in terminal.bad(home, "standby", "run")
    assert "isn't a standby" in terminal.bad(home, "standby", "promote")
    assert "your own server" in terminal.bad(
        home, "standby", "synchronous", WENYUE_DATABASE_URL="postgresql://x/y"
    )
    terminal.env = {"WENYUE_DATABASE_URL": ""}
    pair.allow(terminal)
    words = ("standby", "init", "--from", pair.invitation, "--into", pair.standby)
    assert "keys are missing" in terminal.bad(home, *words)
    assert "reach the primary" in terminal.bad(home, *words, "--keys", pair.keys)
    assert not pair.standby.exists()
    (pair.folder / "text").write_text("no", encoding="utf-8")
    assert "isn't an invitation" in terminal.bad(
        home, "standby", "init", "--from", pair.folder / "text", "--into", pair.standby
    )


def _refused_without_certificate(port: int) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (  # noqa: PT012 - TLS 1.3 tells at the first read
        pytest.raises((ssl.SSLError, ConnectionError)),
        socket.create_connection(("127.0.0.1", port)) as plain,
        context.wrap_socket(plain) as connection,
    ):
        connection.sendall(b"WYQ1\n")
        if not connection.recv(1):
            raise ConnectionError


def _play_standby(home: Path, invitation: Invitation) -> None:
    folder = home / "standby"
    folder.mkdir(parents=True)
    for name, text in (
        ("own.pem", invitation.own_certificate),
        ("own.key", invitation.own_key),
        ("peer.pem", invitation.peer_certificate),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "link.json").write_bytes(msgspec.json.encode(invitation.link))


def _login(user: str, *more: str) -> bytes:
    body = b"\0\x03\0\0" + b"\0".join(word.encode() for word in ("user", user, *more)) + b"\0\0"
    return (len(body) + 4).to_bytes(4, "big") + body


def _talk(home: Path, invitation: Invitation, hello: bytes) -> bytes:
    from wenyue.platform.embedded_server.peer import tls

    link = invitation.link
    with (
        socket.create_connection((link.peer_host, link.peer_port), timeout=10) as plain,
        tls(home, ssl.Purpose.SERVER_AUTH).wrap_socket(plain) as connection,
    ):
        connection.sendall(hello)
        with suppress(ConnectionError, ssl.SSLError):
            return connection.recv(100)
    return b""
