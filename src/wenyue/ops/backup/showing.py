"""What backup commands show: lines, a bar while bytes move (without a terminal a line now and then), a table of counts."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from wenyue.ops.progress import LINE_EVERY_S

REFRESH_EVERY_S = 0.1
DONE = float("inf")  # when a step was told last that needs no more lines
BYTES_UNITS = ("B", "kB", "MB", "GB")


class Bars:
    """Lines and bars on one console."""

    def __init__(self, console: Console, progress: Progress) -> None:
        self._console = console
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}
        self._shown_at = 0.0
        self._told: dict[str, float] = {}

    def print_line(self, line: str) -> None:
        """One line."""
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def bytes(self, step: str, done: int, total: int) -> None:
        """A step has done so many bytes."""
        if not self._console.is_terminal:
            self._tell(step, done, total)
            return
        if step not in self._tasks:
            self._tasks[step] = self._progress.add_task(step, total=total)
        self._progress.update(self._tasks[step], completed=min(done, total), total=total)
        now = time.monotonic()
        if done >= total or now - self._shown_at > REFRESH_EVERY_S:
            self._shown_at = now
            self._progress.refresh()

    def _tell(self, step: str, done: int, total: int) -> None:
        """A line when a step begins, every LINE_EVERY_S, and once when it is done."""
        now, is_done, told_at = time.monotonic(), done >= total, self._told.get(step)
        if told_at is not None and (told_at == DONE or (not is_done and now - told_at < LINE_EVERY_S)):
            return
        self._told[step] = DONE if is_done else now
        self.print_line(f"{step} {size(min(done, total))}/{size(total)}")


@contextmanager
def bars(console: Console) -> Generator[Bars]:
    """Bars that live while the block does. They have no thread of their own: a server may be started meanwhile, by fork."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, auto_refresh=False) as progress:
        yield Bars(console, progress)


def size(count: float) -> str:
    """Bytes for people."""
    for unit in BYTES_UNITS:
        if count < 1000 or unit == BYTES_UNITS[-1]:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return ""


def counted(counts: Mapping[str, int]) -> str:
    """Counts in one line."""
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "no tables"
