"""Keeps a standby following: its server, its way to the primary, and a note of how far it is, until it is ended or promoted."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Final

import psycopg

from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.backup.folder import write
from wenyue.ops.backup.programs import ending_with_parent
from wenyue.ops.standby.state import OUT_PORT, ROLE, SLOT, SQL, Standing
from wenyue.platform.embedded_server import hold_home
from wenyue.platform.embedded_server.cluster import TRUST, configure
from wenyue.platform.embedded_server.owning import change_plain
from wenyue.platform.embedded_server.peer import FOLDER, Link, half_promoted, is_half_promoted, read_link
from wenyue.platform.embedded_server.place import Place, settle
from wenyue.platform.embedded_server.postmaster import halt, is_alive, launch
from wenyue.platform.fault import SetupError

LOOK_EVERY_S: Final = 1.0
NOTE_EVERY_S: Final = 5.0
AGAIN_AFTER_S: Final = 2.0


class Runner:
    """One standby at work."""

    def __init__(self, place: Place, link: Link, say: Callable[[str], None]) -> None:
        self._place = place
        self._link = link
        self._say = say
        self._ended = threading.Event()
        self._server: subprocess.Popen[bytes] | None = None
        self._way: subprocess.Popen[bytes] | None = None
        self._again_at = 0.0
        self._noted_at = 0.0
        self._is_following: bool | None = None

    def follow_primary(self) -> bool:
        """Follow until SIGTERM, or until the server was promoted: then True. Everything that was started is stopped."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._end)
        try:
            while not self._ended.is_set():
                self._keep()
                if self._note():
                    return True
                self._ended.wait(LOOK_EVERY_S)
        finally:
            if self._server is not None:
                halt(self._server.pid, self._server)
            if self._way is not None:
                self._way.terminate()
                self._way.wait(10)
        return False

    def _keep(self) -> None:
        now = time.monotonic()
        if self._way is None or (self._way.poll() is not None and now >= self._again_at):
            command = [
                *ending_with_parent(),
                sys.executable,
                "-m",
                "wenyue.cli",
                "standby",
                "link",
                str(self._place.home),
            ]
            self._way = subprocess.Popen(command, stdin=subprocess.DEVNULL)
            self._again_at = now + AGAIN_AFTER_S
        if self._server is None or not is_alive(self._server.pid, self._server):
            follow(self._place, self._link)
            self._server = launch(self._place, self._say)

    def _note(self) -> bool:
        """Write how far we are, now and then; True when the server was promoted."""
        now = time.monotonic()
        try:
            standing, is_standby = read_standing(self._place)
        except psycopg.Error:
            return False  # it is starting, or ending; the next look tells
        if not is_standby:
            return True
        if standing.is_following != self._is_following:
            self._is_following = standing.is_following
            self._say(
                gettext("following the primary")
                if standing.is_following
                else gettext(
                    "not connected to the primary ({says}); existing data is kept", says=standing.says
                )
            )
            self._noted_at = 0.0
        if now - self._noted_at >= NOTE_EVERY_S:
            self._noted_at = now
            write(self._place.home / FOLDER / "status.json", standing)
        return False

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._ended.set()


def run_standby(home: Path, say: Callable[[str], None]) -> bool:
    """Keep the standby of `home` following; True when it was promoted meanwhile. Raises SetupError."""
    place, link = standby_place(home)
    if is_half_promoted(place, link):
        raise half_promoted(home)
    with hold_home(home, "standby run"):
        say(gettext("standby of {peer_host}:{peer_port}", peer_host=link.peer_host, peer_port=link.peer_port))
        return Runner(place, link, say).follow_primary()


def standby_place(home: Path) -> tuple[Place, Link]:
    """The place and link of a standby's home, one whose takeover was cut off included. Raises SetupError when it is none."""
    link = read_link(home)
    if link is None or not (home / "database.json").exists():
        raise SetupError(
            Message(
                "{home} isn't a standby: create one with `wenyue standby init`, or set WENYUE_HOME to it",
                home=home,
            ),
        )
    if link.role != "standby":
        raise SetupError(Message("{home} is a primary, not a standby: start it with `wenyue up`", home=home))
    place = settle(home, lambda _: None)
    if not (place.data / "PG_VERSION").exists():
        raise SetupError(
            Message(
                "copying the primary to {home} didn't finish: remove that folder and run "
                "`wenyue standby init` again",
                home=home,
            ),
        )
    return place, link


def follow(place: Place, link: Link) -> None:
    """Settings and access of a standby. Its own programs come in without a password, through its private socket only."""
    conninfo = f"host='{place.socket}' port={OUT_PORT} user={ROLE} password='{link.password}' application_name={ROLE}"
    configure(
        place,
        {
            "hot_standby": "on",
            "primary_conninfo": conninfo,
            "primary_slot_name": SLOT,
            "wal_receiver_status_interval": "1s",
            "wal_receiver_timeout": "10s",
            "wal_retrieve_retry_interval": "1s",
            "recovery_target_timeline": "latest",
        },
    )
    change_plain(place.data / "pg_hba.conf", TRUST)  # keeps owner and mode


def read_standing(place: Place) -> tuple[Standing, bool]:
    """How far the standby's running server is, and whether it still is one. Raises psycopg.Error."""
    with psycopg.connect(place.url("postgres", "postgres"), autocommit=True, connect_timeout=5) as connection:
        row = connection.execute(SQL["following"]).fetchone()
    if row is None:
        raise psycopg.OperationalError("no answer")
    is_standby, status, unstored, unreplayed, behind_s, heard_s = row
    standing = Standing(
        at=datetime.now(UTC),
        is_following=status == "streaming",
        says=status,
        stored_behind_bytes=max(0, unstored),
        replayed_behind_bytes=max(0, unreplayed),
        behind_s=None if behind_s is None else round(max(0.0, behind_s), 3),
        heard_s_ago=None if heard_s is None else round(heard_s, 3),
    )
    return standing, bool(is_standby)


def await_ended(condition: Callable[[], bool], deadline_s: float) -> bool:
    """Wait until the condition holds; False after the deadline."""
    until = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > until:
            return False
        with suppress(InterruptedError):
            time.sleep(0.1)
    return True
