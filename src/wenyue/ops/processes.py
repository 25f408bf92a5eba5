"""Other people's processes, by number: who started whom, and signals to those that still live."""

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def children(pid: int) -> list[int]:
    """The direct children of a process."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(one) for one in text.split()]


def family(pid: int) -> list[int]:
    """The process and everything below it, parents first."""
    found = [pid]
    for one in found:
        found.extend(children(one))
    return found


def send(pids: Iterable[int], number: signal.Signals) -> int:
    """Send a signal to every one that still lives; return how many did."""
    sent = 0
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
            sent += 1
    return sent
