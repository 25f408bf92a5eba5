"""Progress of long commands: a bar at a terminal, a line now and then into a file or a pipe."""

import re
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from wenyue.locale.terminal import gettext

LINE_EVERY_S: Final = 10.0
_RATED_FROM_S: Final = 1.0  # what takes less says nothing about the rest
_COLUMNS: Final = (
    TextColumn("{task.description:44}"),
    BarColumn(),
    MofNCompleteColumn(),
    TimeElapsedColumn(),
    TimeRemainingColumn(),
)


def say_pace(done: int, total: int | None, seconds: float) -> str:
    """`2,400/s, 3 s left`, as far as it can be known; '' while it cannot."""
    if seconds < _RATED_FROM_S or done <= 0:
        return ""
    rate = done / seconds
    pace = gettext("{rate}/s", rate=f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}")
    if total is None or total <= done:
        return pace
    return gettext("{pace}, {seconds} s left", pace=pace, seconds=f"{(total - done) / rate:,.0f}")


class Steps:
    """How far a command is. `at` and `next` may be called as often as one likes."""

    def __init__(self, total: int | None, show: Callable[["Steps"], None]) -> None:
        self.total = total
        self.done = 0
        self.description = ""
        self._show = show

    def at(self, done: int, description: str | None = None, *, total: int | None = None) -> None:
        """So many steps are done, of so many where that is known by now; what is being done."""
        self.done = done
        self.total = total or self.total
        if description is not None:
            self.description = description
        self._show(self)

    def next(self, description: str | None = None) -> None:
        """One more step is done."""
        self.at(self.done + 1, description)


@contextmanager
def steps(console: Console, total: int | None, description: str = "") -> Generator[Steps]:
    """Show `total` steps (None: nobody knows) until the block ends: at the beginning, and at the end how it stands.

    Without a terminal a line is printed when the description changes, and at least every LINE_EVERY_S while steps are told.
    """
    if console.is_terminal:
        with Progress(*_COLUMNS, console=console) as bars:
            task = bars.add_task(description, total=total)

            def draw(now: Steps) -> None:
                bars.update(task, description=now.description, completed=now.done, total=now.total)

            shown = Steps(total, draw)
            shown.description = description
            yield shown
        return
    lines = _Lines(console)
    shown = Steps(total, lines.show)
    shown.at(0, description)
    try:
        yield shown
    finally:
        lines.show(shown, is_last=True)


@contextmanager
def telling(console: Console, name: str) -> Generator[Callable[[str], None]]:
    """A function that says what is being done until the block ends: beside a spinner on a terminal, elsewhere in lines.

    A line that differs from the last one in its figures only is printed every LINE_EVERY_S.
    """
    if console.is_terminal:
        with console.status(name, spinner="dots") as status:
            yield lambda line: status.update(f"{name}: {line}")
        return
    began = time.monotonic()
    told, told_at = "", 0.0

    def print_line(line: str) -> None:
        nonlocal told, told_at
        now, words = time.monotonic(), re.sub(r"[\d.,]+", "", line)
        if words == told and now - told_at < LINE_EVERY_S:
            return
        told, told_at = words, now
        console.print(f"{name}: {line} · {now - began:.0f} s", markup=False, highlight=False, soft_wrap=True)
        console.file.flush()

    yield print_line


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._told: tuple[str, int] | None = None
        self._told_at = 0.0
        self._phase = ("", self._began, 0)  # what is being done, since when, and how much of it was done then

    def show(self, steps: Steps, *, is_last: bool = False) -> None:
        now, text, done = time.monotonic(), steps.description, steps.done
        if text != self._phase[0]:
            self._phase = (text, now, done)
        is_new = self._told is None or text != self._told[0]
        is_due = is_new or now - self._told_at >= LINE_EVERY_S or is_last
        if not is_due or (text, done) == self._told:
            return
        self._told, self._told_at = (text, done), now
        most = f"/{steps.total:,}" if steps.total is not None else ""
        _, since, already = self._phase
        left = None if steps.total is None else steps.total - already
        pace = say_pace(done - already, left, now - since)
        line = f"{text} {done:,}{most} · {now - self._began:.0f} s{' · ' if pace else ''}{pace}".strip()
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)
        self._console.file.flush()
