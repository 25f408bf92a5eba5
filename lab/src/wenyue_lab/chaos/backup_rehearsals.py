"""The rehearsals: restore to a point in time, restore one venue, let the standby take over, notice a bad backup."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import psycopg

from wenyue.locale import Message
from wenyue.ops.backup.folder import existing
from wenyue.ops.ports import free_port
from wenyue.ops.processes import family, send
from wenyue.ops.sharing import taken_away
from wenyue.platform.database.db import queries
from wenyue.platform.embedded_server import ensure_started, stop
from wenyue.platform.embedded_server.peer import read_link
from wenyue_lab.chaos.backup_rehearsal import Act, Scene, books_of, clean, installation_of, rehearse_backup
from wenyue_lab.chaos.installation import HOST
from wenyue_lab.chaos.kind import Drill, Terms
from wenyue_lab.chaos.record import Run
from wenyue_lab.chaos.runbook import AFTERWARDS, CHECK, FIX

VENUE: Final = "bench-1"
PROMISE_S: Final = 30 * 60.0
SQL: Final = queries("wenyue_lab.chaos", "backup_rehearsal.sql")
_LOSE: Final = (
    "lose_places",
    "lose_bookings",
    "lose_lines",
    "lose_slots",
    "lose_pools",
    "lose_products",
    "lose_venue",
)


async def restore_point(scene: Scene) -> None:
    """A full backup, the log, a moment; then somebody drops tables. A new home holds the moment, and nothing later."""
    async with installation_of(scene):
        async with scene.load(is_dropped=True):
            await scene.rest(0.4)
            await _back_up(scene)
            await scene.rest(0.4)
            scene.moment()
            await scene.rest(0.2)
            at = scene.history.now()
            await asyncio.to_thread(_destroy, scene)
            scene.history.mark("DROP TABLE booking.line, booking.place")
            await asyncio.sleep(1.0)
            scene.faults.append((at, scene.history.now()))
            await scene.follow(CHECK)
        await scene.follow(FIX)
    scene.check_until_moment(await asyncio.to_thread(books_of, Path(scene.words["NEW"])))
    await scene.follow(AFTERWARDS)


async def restore_venue(scene: Scene) -> None:
    """A venue is deleted with everything that belongs to it, while people book; it comes back, and others never notice."""
    scene.words["VENUE"] = VENUE
    async with installation_of(scene):
        async with scene.load(is_dropped=False):
            await scene.rest(0.3)
            await _back_up(scene)
            await scene.rest(0.2)
            at = scene.history.now()
            lost = await asyncio.to_thread(_lose_venue, scene)
            scene.extra["bookings deleted"] = lost
            await scene.follow(CHECK)
            await scene.follow(FIX)
            scene.faults.append((at, scene.history.now()))
            await scene.rest(0.2)
        await scene.follow(AFTERWARDS)
    if scene.history.now() - at > PROMISE_S:
        scene.findings.append(f"it took longer than {PROMISE_S / 60:.0f} minutes")
    scene.check_all(await asyncio.to_thread(books_of, scene.home))


async def promote_standby(scene: Scene) -> None:
    """A standby follows, commits wait for it; the primary's processes are killed; the standby takes over."""
    standby = Path(scene.words["STANDBY"])
    await asyncio.to_thread(_allow, scene)
    async with installation_of(scene) as installation:
        await scene.until(lambda: _answers(scene.home), "the link")
        await asyncio.to_thread(_save_keys, scene)
        words = ("--into", standby, "--keys", scene.words["KEY_FILE"], "--listen", HOST)
        await scene.must("standby", "init", "--from", scene.home / "invitation.json", *words)
        follower = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "wenyue.cli",
            "standby",
            "run",
            env=clean({"WENYUE_HOME": str(standby)}),
            stdout=subprocess.DEVNULL,
        )
        try:
            await scene.until(lambda: _good(scene, "standby", "synchronous"), "the standby follows")
            async with scene.load(is_dropped=True):
                await scene.rest(1.0)
                everything = await asyncio.to_thread(family, installation.process.pid)
                with taken_away(everything):
                    at = scene.moment_s = scene.history.now()
                    send(everything, signal.SIGKILL)  # the supervisor first, so that it restarts nothing
                    scene.history.mark("kill -9 every process of the primary")
                    await scene.follow(CHECK)
                    await scene.follow(FIX)
                scene.faults.append((at, scene.history.now()))
        finally:
            with suppress(ProcessLookupError):
                follower.terminate()
            await asyncio.wait_for(follower.wait(), 60)
    scene.check_until_moment(await asyncio.to_thread(books_of, standby))
    await scene.follow(AFTERWARDS)


async def bad_backup(scene: Scene) -> None:
    """A file of the newest backup is damaged on its disk: the self-test alarms; a new backup is good again."""
    async with installation_of(scene):
        async with scene.load(is_dropped=False):
            await scene.rest(0.5)
            await _back_up(scene)
            await scene.must("backup", "selftest", "--to", scene.backups)
            await scene.rest(0.5)
        at = scene.history.now()
        data = scene.backups / existing(scene.backups).backups()[-1].name / "data" / "base"
        largest = max((one for one in data.rglob("*") if one.is_file()), key=lambda one: one.stat().st_size)
        content = bytearray(largest.read_bytes())
        content[len(content) // 2] ^= 1
        largest.write_bytes(content)
        status, _ = await scene.wenyue("backup", "selftest", "--to", scene.backups)
        if status != 1:
            scene.findings.append("a damaged backup passed its self-test")
        for section in (CHECK, FIX, AFTERWARDS):
            await scene.follow(section)
        scene.faults.append((at, scene.history.now()))
    scene.check_all(await asyncio.to_thread(books_of, scene.home))


async def _back_up(scene: Scene) -> None:
    began = scene.history.now()
    await scene.must("backup", "--full", "--to", scene.backups, "--keys-to", scene.words["KEYS"])
    scene.extra["seconds of the full backup under load"] = round(scene.history.now() - began, 2)
    await asyncio.to_thread(_save_keys, scene)


def _save_keys(scene: Scene) -> None:
    scene.words["KEY_FILE"] = str(max(Path(scene.words["KEYS"]).iterdir()))


def _destroy(scene: Scene) -> None:
    with psycopg.connect(scene.server.owner_url, autocommit=True) as connection:
        connection.execute(SQL["drop_tables"])


def _lose_venue(scene: Scene) -> int:
    """Delete under a lock, so that the moment before it holds everything that was acknowledged."""
    with psycopg.connect(scene.server.owner_url) as connection:
        connection.execute(SQL["stop_writers"])
        scene.moment()
        lost = [connection.execute(SQL[name], {"code": VENUE}).rowcount for name in _LOSE]
    scene.history.mark(f"{lost[1]} bookings of {VENUE} were deleted")
    return lost[1]


def _allow(scene: Scene) -> None:
    """`standby allow` needs the server; `wenyue up` then starts with the link."""
    here, there = free_port(), free_port()
    server = ensure_started(scene.home)
    try:
        words = [
            "--from",
            HOST,
            "--at",
            HOST,
            "--listen",
            HOST,
            "--port",
            str(here),
            "--peer-port",
            str(there),
        ]
        words += ["--to", str(scene.home / "invitation.json")]
        command = [sys.executable, "-m", "wenyue.cli"]
        environment = clean({"WENYUE_HOME": str(scene.home)})
        subprocess.run(
            [*command, "standby", "allow", *words], env=environment, check=True, capture_output=True
        )
        saving = ["backup", "--to", str(scene.backups), "--keys-to", scene.words["KEYS"]]
        subprocess.run([*command, *saving], env=environment, check=True, capture_output=True)
    finally:
        stop(server)


async def _answers(home: Path) -> bool:
    """Whether the primary's link listens: its own port takes a connection."""
    link = await asyncio.to_thread(read_link, home)
    if link is None:
        return False
    try:
        _, writer = await asyncio.open_connection(HOST, link.port)
    except OSError:
        return False
    writer.close()
    return True


async def _good(scene: Scene, *words: str) -> bool:
    status, _ = await scene.wenyue(*words)
    return status == 0


def _nothing_more(*_: object) -> list[str]:
    return []


async def _not_here(_: object) -> None:
    raise LookupError("this drill is performed by wenyue_lab.chaos.backup_rehearsals.perform")


def _drill(name: str, title: Message, says: Message, to_do: Message) -> Drill:
    return Drill(name, title, says, to_do, _not_here, _nothing_more, rate_per_s=100.0, seconds=20.0)


DRILLS: Final = {
    drill.name: drill
    for drill in (
        _drill(
            "restore-point",
            Message("Restore everything to a moment"),
            Message(
                "Under load a full backup and the log; then tables are dropped. A new home holds everything acknowledged"
                " before."
            ),
            Message("Practise it on your own data: the time that it takes grows with the database."),
        ),
        _drill(
            "restore-venue",
            Message("Restore one venue"),
            Message(
                "A venue, its sessions and all its bookings are deleted under load; they come back while people book"
                " everywhere."
            ),
            Message("Look at the conflicts that it names: these people must be told."),
        ),
        _drill(
            "standby-promote",
            Message("The standby takes over"),
            Message(
                "Commits wait for a standby; every process of the primary is killed; the standby takes over by one"
                " command."
            ),
            Message(
                "When it is slow, look at the standby's disk; when a booking is missing, commits did not wait for it."
            ),
        ),
        _drill(
            "backup-selftest",
            Message("The backup's self-test alarms"),
            Message(
                "A file of the newest backup is damaged: the daily self-test alarms, a new backup passes it."
            ),
            Message("Replace the backup disk when sums differ without anybody's doing."),
        ),
    )
}
ACTS: Final[dict[str, Act]] = {
    "restore-point": restore_point,
    "restore-venue": restore_venue,
    "standby-promote": promote_standby,
    "backup-selftest": bad_backup,
}


def perform(drill: Drill, home: Path, terms: Terms) -> Run:
    """Rehearse one of DRILLS. Raises SetupError."""
    return rehearse_backup(drill, ACTS[drill.name], home, terms)
