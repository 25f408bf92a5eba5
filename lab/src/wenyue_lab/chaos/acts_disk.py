"""What the drills do to the disk: a small one that is filled, and flushes that take long."""

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import psycopg

from wenyue.ops.processes import send
from wenyue.platform.embedded_server import base_folder
from wenyue_lab.chaos.acts import Stage
from wenyue_lab.chaos.history import Kind, Says
from wenyue_lab.chaos.runbook import CHECK, FIX

DISK_BYTES: Final = 640 << 20
BALLAST: Final = "ballast"  # what the runbook takes away: room that was set aside in good times
BALLAST_BYTES: Final = 128 << 20
FSYNC_S: Final = 0.1  # twenty times what a healthy disk takes
_LEFT_BYTES: Final = 1 << 20  # too little for a piece of the log (16 MB), enough for the server's own lines
_FULL_S_MAX: Final = 15.0
_MOUNT_DEADLINE_S: Final = 30
_STUTTER_S: Final = (
    0.3,
    0.1,
)  # stopped, running: what stands in for slow flushes where ptrace is not allowed
_ATTACH_WITHIN_S: Final = 10.0
_NO_SPACE: Final = "No space left on device"


def cannot_mount() -> str:
    """Why no small disk can be made here."""
    if os.geteuid() != 0:
        return "it mounts a small file system, which only root may"
    if missing := [
        name for name in ("mkfs.ext4", "mount", "umount", "losetup") if shutil.which(name) is None
    ]:
        return f"{', '.join(missing)} is missing (Debian: e2fsprogs, mount)"
    found = subprocess.run(
        ["losetup", "--find"], capture_output=True, text=True, timeout=_MOUNT_DEADLINE_S, check=False
    )
    return "" if found.returncode == 0 else "there is no loop device: " + found.stderr.strip()


@contextmanager
def small_disk(home: Path) -> Generator[Mapping[str, str]]:
    """The database of `home` lies on an ext4 of DISK_BYTES in a file; unmounted and removed at the end."""
    base, image = base_folder(home), home.with_name(f"{home.name}.img")
    _unmount(base)  # what a killed drill left
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with image.open("wb") as file:
            file.truncate(DISK_BYTES)
        _call("mkfs.ext4", "-q", "-F", "-m", "0", str(image))
        _call("mount", "-o", "loop", str(image), str(base))
        yield {}
    finally:
        _unmount(base)
        with suppress(OSError):
            base.rmdir()
        image.unlink(missing_ok=True)


def _unmount(base: Path) -> None:
    for number in range(20):
        if not base.is_mount():
            return
        if number:
            time.sleep(0.25)  # its last processes are ending
        subprocess.run(["umount", str(base)], capture_output=True, timeout=_MOUNT_DEADLINE_S, check=False)
    subprocess.run(["umount", "-l", str(base)], capture_output=True, timeout=_MOUNT_DEADLINE_S, check=False)


def _call(*command: str) -> None:
    subprocess.run(command, capture_output=True, timeout=_MOUNT_DEADLINE_S, check=True)


async def fill_disk(stage: Stage) -> None:
    """The disk is filled until PostgreSQL is refused room; later the runbook makes some, and everything goes on."""
    server = stage.there()
    base, log = server.data.parent, server.log
    await asyncio.to_thread(_take, base / BALLAST, BALLAST_BYTES)
    await stage.rest(0.2)
    told = _refusals(log)
    began = stage.history.now()
    await asyncio.to_thread(_fill, base)
    stage.history.mark("the disk is full")
    filling = asyncio.create_task(_write_on(stage, base))
    try:
        await stage.until(lambda: _refusals(log) > told, "PostgreSQL being refused room")
        stage.history.mark("PostgreSQL was refused room")
        await asyncio.sleep(min(_FULL_S_MAX, max(3.0, stage.seconds * 0.2)))
        await stage.follow(CHECK)
    finally:
        filling.cancel()
    at = stage.history.now()
    stage.history.mark("room is made")
    mending = asyncio.create_task(stage.follow(FIX))
    await stage.until(lambda: _booked_since(stage, at), "a booking after room was made")
    stage.extra["first booking after room was made, s"] = round(stage.history.now() - at, 2)
    stage.extra["refusals of room in the log"] = _refusals(log) - told
    stage.extra["stops of the database"] = log.read_text(errors="replace").count(" PANIC: ")
    stage.faults.append((began, stage.history.now()))
    await mending
    await stage.rest_out()


async def _write_on(stage: Stage, base: Path) -> None:
    """The log goes on to new pieces, as in a busier hour, and what the crash freed is taken again."""
    while True:
        await asyncio.sleep(0.3)
        await asyncio.to_thread(_fill, base)
        with suppress(psycopg.Error):
            await asyncio.to_thread(_switch, stage.there().superuser_url)


def _switch(url: str) -> None:
    with psycopg.connect(
        url, autocommit=True, connect_timeout=2, options="-c statement_timeout=2000"
    ) as connection:
        connection.execute("SELECT pg_switch_wal()")


def _fill(base: Path) -> None:
    """Take all but a little of what is free."""
    filler = base / "filler"
    free = shutil.disk_usage(base).free - _LEFT_BYTES
    if free > 0:
        size = filler.stat().st_size if filler.exists() else 0
        _take(filler, size + free)


def _take(path: Path, size: int) -> None:
    """Make the file so large; as large as there is room when there is less."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        with suppress(OSError):
            os.posix_fallocate(descriptor, 0, size)
    finally:
        os.close(descriptor)


def _refusals(log: Path) -> int:
    return log.read_text(encoding="utf-8", errors="replace").count(_NO_SPACE)


def _booked_since(stage: Stage, at: float) -> bool:
    return any(
        one.says is Says.YES and one.sent > at
        for operation in stage.history.operations[-2_000:]
        if operation.kind is Kind.BOOK
        for one in operation.attempts
    )


async def slow_flushes(stage: Stage) -> None:
    """Every fsync and fdatasync of PostgreSQL takes FSYNC_S longer for more than half of the drill."""
    await stage.rest(0.2)
    pids = stage.installation.database_pids()
    at = stage.history.now()
    strace = await _attached(pids)
    if strace is not None:
        stage.history.mark(f"every flush takes {FSYNC_S:g} s longer (strace)")
        stage.extra["flush delayed by, s"] = FSYNC_S
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(stage.rest(0.6))
                group.create_task(stage.follow(CHECK))
        finally:
            strace.terminate()
            await strace.wait()
    else:
        stage.history.mark(
            f"ptrace is not allowed: PostgreSQL stops for {_STUTTER_S[0]:g} s again and again instead"
        )
        stage.extra["stopped again and again for, s"] = _STUTTER_S[0]
        async with asyncio.TaskGroup() as group:
            group.create_task(_stutter(stage))
            group.create_task(stage.follow(CHECK))
    stage.history.mark("flushes are as before")
    stage.faults.append((at, stage.history.now()))
    await stage.rest_out()


async def _attached(pids: list[int]) -> asyncio.subprocess.Process | None:
    """A strace that delays the flushes of these processes and of those that they start; None where it may not."""
    if shutil.which("strace") is None:
        return None
    flushes = "fsync,fdatasync"
    command = [
        "strace",
        "-f",
        "-e",
        f"trace={flushes}",
        "-e",
        f"inject={flushes}:delay_enter={FSYNC_S * 1e6:.0f}",
    ]
    process = await asyncio.create_subprocess_exec(
        *command,
        "--quiet=attach,exit,personality",
        "-o",
        os.devnull,
        *(word for pid in pids for word in ("-p", str(pid))),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    for _ in range(round(_ATTACH_WITHIN_S / 0.05)):
        if process.returncode is not None:
            return None
        if all(_is_traced(pid) for pid in pids[:1]):
            return process
        await asyncio.sleep(0.05)
    process.terminate()
    await process.wait()
    return None


def _is_traced(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return "TracerPid:\t0\n" not in status


async def _stutter(stage: Stage) -> None:
    until = stage.history.now() + stage.seconds * 0.6
    while stage.history.now() < until:
        pids = stage.installation.database_pids()
        try:
            send(pids, signal.SIGSTOP)
            await asyncio.sleep(_STUTTER_S[0])
        finally:
            send(pids, signal.SIGCONT)
        await asyncio.sleep(_STUTTER_S[1])
