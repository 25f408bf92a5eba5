"""File locks between processes of one machine. The kernel drops a lock when its holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

LOCK_DEADLINE_S = 60.0
LOCK_POLL_S = 0.05


class LockHeldError(Exception):
    """Another living process holds the lock; ``note`` is what it wrote about itself."""

    def __init__(self, path: Path, note: str) -> None:
        super().__init__(f"{path} is held: {note}")
        self.note = note


@contextmanager
def held(path: Path, *, wait_s: float = LOCK_DEADLINE_S, note: str = "") -> Generator[None]:
    """Hold an exclusive lock on ``path`` (made 0600), waiting up to ``wait_s``; else ``LockHeldError``."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        _acquire(descriptor, path, wait_s)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, note.encode())
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if time.monotonic() >= deadline:
            raise LockHeldError(path, os.pread(descriptor, 200, 0).decode(errors="replace"))
        time.sleep(LOCK_POLL_S)
