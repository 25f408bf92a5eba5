"""Shared memory of a PostgreSQL that was killed: the kernel keeps it for ever, and a server that begins anew may not find it."""

from __future__ import annotations

import subprocess
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_SHARED: Final = Path("/dev/shm")  # noqa: S108 - the kernel's own place for it
_SEGMENTS: Final = Path("/proc/sysvipc/shm")
_PREFIX: Final = "PostgreSQL."
_REMOVE_S: Final = 10


def mapped(pids: Iterable[int]) -> set[str]:
    """Names below /dev/shm that these processes use as PostgreSQL's."""
    found: set[str] = set()
    for pid in pids:
        with suppress(OSError):
            for line in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace").splitlines():
                path = Path(line.rpartition(" ")[2])
                if path.parent == _SHARED and path.name.startswith(_PREFIX):
                    found.add(path.name)
    return found


@contextmanager
def taken_away(pids: Sequence[int]) -> Generator[None]:
    """Kill these processes in the block; at its end, when they are dead, what they shared is removed."""
    names = mapped(pids)
    try:
        yield
    finally:
        sweep(names, set(pids))


def sweep(names: set[str], makers: set[int]) -> None:
    """Remove these files, and the segments that these (dead) processes made, unless somebody uses them."""
    if names:
        everybody = [int(one.name) for one in Path("/proc").iterdir() if one.name.isdecimal()]
        for name in names - mapped(everybody):
            (_SHARED / name).unlink(missing_ok=True)
    with suppress(OSError, ValueError):
        for line in _SEGMENTS.read_text(encoding="ascii").splitlines()[1:]:
            _, segment, _, _, maker, _, users, *_ = line.split()
            if int(maker) in makers and int(users) == 0:
                subprocess.run(["ipcrm", "-m", segment], capture_output=True, timeout=_REMOVE_S, check=False)
