"""The processes of a lab: started apart from us, noted with their number and start, found and ended again."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from wenyue.platform.embedded_server.account import Account

_POLL_S: Final = 0.05
_START_TIME: Final = 19  # of the fields behind the name in /proc/PID/stat


@dataclass(frozen=True)
class Noted:
    """One process: its number alone may by now belong to another."""

    pid: int
    began: int

    @property
    def is_alive(self) -> bool:
        """Whether exactly this process still runs."""
        return began(self.pid) == self.began


class Ledger:
    """Which processes were started, by name, in a file that later commands read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> dict[str, Noted]:
        """Every noted process that lives."""
        try:
            raw = cast("dict[str, Any]", json.loads(self._path.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError):
            return {}
        noted = {name: Noted(int(one[0]), int(one[1])) for name, one in raw.items()}
        return {name: one for name, one in noted.items() if one.is_alive}

    def note(self, name: str, pid: int) -> None:
        """Remember a process that was just started."""
        kept = {key: [one.pid, one.began] for key, one in self.all().items() if key != name}
        kept[name] = [pid, began(pid) or 0]
        partial = self._path.with_suffix(".partial")
        partial.write_text(json.dumps(kept), encoding="utf-8")
        partial.rename(self._path)


def spawn(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: Path,
    folder: Path,
    account: Account | None = None,
) -> int:
    """Start a process in a session of its own, its output appended to `log`; return its number."""
    switches = account is not None and account.switch
    with log.open("ab") as output:
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            user=account.uid if account is not None and switches else None,
            group=account.gid if account is not None and switches else None,
            extra_groups=[] if switches else None,
        )
    _children.append(process)
    return process.pid


_children: list[subprocess.Popen[bytes]] = []  # held, so that those which ended are reaped


def began(pid: int) -> int | None:
    """When the process began, in the kernel's ticks; None when it is gone (or ended and not yet reaped)."""
    for child in _children:
        if child.pid == pid and child.poll() is not None:
            _forget(child)
    try:
        fields = (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        )
    except OSError:
        return None
    return None if fields[0] in {"Z", "X"} else int(fields[_START_TIME])


def reap(pids: Iterable[int], within_s: float) -> list[int]:
    """Wait for those of these that `spawn` started here; return the numbers of those that did not end in time.

    Whoever was killed and started again by another command stands in no ledger any more: nobody else asks for it.
    """
    deadline, wanted, left = time.monotonic() + within_s, set(pids), list[int]()
    for child in [one for one in _children if one.pid in wanted]:
        try:
            child.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            left.append(child.pid)
        else:
            _forget(child)
    return left


def _forget(child: subprocess.Popen[bytes]) -> None:
    with suppress(ValueError):  # another thread saw it end as well
        _children.remove(child)


def await_gone(pids: Sequence[int], within_s: float) -> bool:
    """Whether all of them ended in time."""
    deadline = time.monotonic() + within_s
    while any(began(pid) is not None for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True
