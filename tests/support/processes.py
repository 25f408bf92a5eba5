"""Waiting for processes and conditions in tests, always with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

DEADLINE_S = 30.0
POLL_S = 0.02


def await_true(condition: Callable[[], bool], *, deadline_s: float = DEADLINE_S) -> None:
    """Return when the condition holds; fail after the deadline."""
    until = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < until, f"not within {deadline_s} s"
        time.sleep(POLL_S)


def is_living(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] not in {"Z", "X"}


def await_end(pid: int, *, deadline_s: float = DEADLINE_S) -> None:
    """Wait until the process is gone."""
    await_true(lambda: not is_living(pid), deadline_s=deadline_s)


def descendants(pid: int) -> list[int]:
    """Process ids of all living descendants, as far as they are still attached."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                rest = (
                    (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
                )
            except OSError:
                continue
            parents.setdefault(int(rest[1]), []).append(int(entry.name))
    found: list[int] = []
    queue = [pid]
    while queue:
        children = parents.get(queue.pop(), [])
        found += children
        queue += children
    return found
