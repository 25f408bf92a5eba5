"""An installation with bookings whose backups are tested: its own home, server, venue and cards."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest
import typer
import typer.main

from wenyue.audit import seal
from wenyue.booking import Outcome
from wenyue.cli import run_guarded
from wenyue.core.clock import utc_now
from wenyue.core.ids import uuid7
from wenyue.core.personal import SealKeys
from wenyue.ops.backup import app as backup_app
from wenyue.ops.backup import existing
from wenyue.ops.backup.folder import write
from wenyue.ops.backup.restore_command import app as restore_app
from wenyue.ops.standby import app as standby_app
from wenyue.platform.database.migrate import migrate
from wenyue.platform.embedded_server import ServerInfo, ensure_started, erase, stop
from wenyue.platform.keys import load_keys
from wenyue_lab import dataset
from wenyue_lab.simulator.seams import Views, execute

FAST = {"fsync": "off", "shared_buffers": "32MB"}
DAY = date(2026, 3, 3)
CAPACITY = 1000
MEMORY_BYTES_MIN = 4 << 30


class Site:
    """A home with a running server."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.info: ServerInfo = ensure_started(home, overrides=FAST)
        migrate(self.info.owner_url)
        load_keys(home)
        self._slot = 0
        self._venue = 0

    @property
    def backups(self) -> Path:
        """Where its backups go by default."""
        return self.home / "backups"

    def book(self, count: int) -> list[UUID]:
        """Make so many bookings with a card each; return their ids."""
        return asyncio.run(self._book(count))

    async def _book(self, count: int) -> list[UUID]:
        async with await psycopg.AsyncConnection.connect(self.info.owner_url, autocommit=True) as tx:
            book = dataset.rulebook({dataset.OPEN_TYPE: await dataset.card_type(tx)})
            if not self._slot:
                self._venue, product_id = await dataset.product(tx, "hill")
                self._slot = await dataset.slot(tx, self._venue, product_id, DAY, 2, CAPACITY)
            cards = [await dataset.card(tx, uuid7().int % 10**9) for _ in range(count)]
            batch = [dataset.request(card, self._slot) for card in cards]
            answers = await execute(tx, batch, now=dataset.START, rulebook=book, views=Views())
            assert {answer.outcome for answer in answers} == {Outcome.CONFIRMED}
            async with tx.transaction():
                await seal(tx, utc_now(), SealKeys({1: b"k" * 32}, 1))
            return [request.id for request in batch]

    def switch(self) -> None:
        """End the current segment of the log: what is written from now on is in the next one."""
        with psycopg.connect(self.info.superuser_url, autocommit=True) as connection:
            connection.execute("SELECT pg_switch_wal()")

    def lose_bookings(self) -> None:
        """What nobody should do: as the owner, delete every booking."""
        with psycopg.connect(self.info.owner_url) as connection:
            connection.execute("TRUNCATE booking.booking, booking.line, booking.place")
            connection.execute("UPDATE booking.pool SET held = 0, sold = 0")

    def mend(self) -> None:
        """After `lose_bookings`: nothing was used either, so that the invariants hold again."""
        with psycopg.connect(self.info.owner_url) as connection:
            connection.execute("TRUNCATE booking.booking, booking.line, booking.place")
            connection.execute("UPDATE booking.pool SET held = 0, sold = 0")
            connection.execute("UPDATE cards.entitlement SET used = 0")


@contextmanager
def a_folder() -> Generator[Path]:
    """A private folder, in memory where there is room: these tests write a thousand files per backup, and sync each."""
    memory = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a private folder in it
    has_room = memory.is_dir() and shutil.disk_usage(memory).free > MEMORY_BYTES_MIN
    with tempfile.TemporaryDirectory(prefix="wy-", dir=memory if has_room else None) as made:
        yield Path(made)


@contextmanager
def a_site(folder: Path) -> Generator[Site]:
    """A site in `folder`/home; its server ends and its data goes with the block."""
    home = folder / "home"
    site: Site | None = None
    try:
        site = Site(home)
        yield site
    finally:
        if site is not None:
            stop(site.info)
        erase(home)


@contextmanager
def a_copy_of_backups(site: Site) -> Generator[Path]:
    """A copy to be damaged, gone after the block; it says that its source is elsewhere: its newest log is not fetched."""
    copy = site.home.with_name(f"copy-{time.monotonic_ns()}")
    shutil.copytree(site.backups, copy)
    note = existing(copy).note()
    write(copy / "wenyue-backups.json", msgspec.structs.replace(note, source="/elsewhere"))
    yield copy
    shutil.rmtree(copy)


@contextmanager
def started(home: Path) -> Generator[ServerInfo]:
    """The server of a restored home, for the length of the block."""
    info = ensure_started(home, overrides=FAST)
    try:
        yield info
    finally:
        stop(info)


def booked(url: str) -> set[UUID]:
    """The ids of all stored bookings."""
    with psycopg.connect(url, autocommit=True) as connection:
        return {row[0] for row in connection.execute("SELECT id FROM booking.booking").fetchall()}


class Terminal:
    """Runs commands as `wenyue` does, in this process: exit status, what was printed, the line of a fault."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch
        self.env: dict[str, str] = {}

    def run(self, home: Path, *words: object, **env: str) -> tuple[int, str, str]:
        """(status, output, errors) of `wenyue backup …`, `wenyue restore …` or `wenyue standby …` in `home`."""
        tool, *arguments = [str(word) for word in words]
        self._set({"WENYUE_HOME": str(home), **self.env, **env})
        tools = {"backup": backup_app, "restore": restore_app, "standby": standby_app}
        command: Any = typer.main.get_command(tools[tool])
        self._capsys.readouterr()
        status = run_guarded(lambda: command.main(args=arguments, standalone_mode=False))
        printed = self._capsys.readouterr()
        return status, printed.out, printed.err

    def good(self, home: Path, *words: object, **env: str) -> str:
        """The output of a command that must succeed."""
        status, out, err = self.run(home, *words, **env)
        assert status == 0, out + err
        return out

    def bad(self, home: Path, *words: object, **env: str) -> str:
        """The one line of a command that must fail: in one language, without a traceback."""
        status, out, err = self.run(home, *words, **env)
        assert status == 1, out
        lines = err.strip().splitlines()
        assert len(lines) == 1, err
        assert lines[0].startswith("wenyue: ")
        assert not any("一" <= letter <= "鿿" for letter in lines[0])
        return lines[0]

    def _set(self, env: Mapping[str, str]) -> None:
        for name, value in env.items():
            self._monkeypatch.setenv(name, value)
        self._monkeypatch.setenv("COLUMNS", "300")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A site of the module's own, without bookings and without backups."""
    with a_folder() as folder, a_site(folder) as made:
        yield made


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Where a test types commands."""
    return Terminal(capsys, monkeypatch)


def a_terminal_with_a_backup(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Terminal:
    """The terminal of an operator whose folder has a full backup already."""
    one = Terminal(capsys, monkeypatch)
    if not site.backups.exists():
        site.book(1)
        one.good(site.home, "backup", "--full")
    return one
