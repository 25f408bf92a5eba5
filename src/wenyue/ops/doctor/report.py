"""What the doctor found, a line for each check, and how it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from wenyue.locale.terminal import gettext


class Mark(Enum):
    """How a check ended."""

    GOOD = "✓"
    NOTE = "•"
    WARNING = "!"
    FAULT = "✗"


@dataclass(frozen=True)
class Finding:
    """One line of the report; ``remedy`` says what to do and is empty when nothing is."""

    mark: Mark
    subject: str
    found: str
    remedy: str = ""

    @property
    def is_fault(self) -> bool:
        """Whether the installation cannot work as it is."""
        return self.mark is Mark.FAULT


def show(findings: list[Finding], console: Console) -> None:
    """Print the report."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(4):
        table.add_column(overflow="fold")
    styles = {Mark.GOOD: "green", Mark.NOTE: "dim", Mark.WARNING: "bold yellow", Mark.FAULT: "bold red"}
    for one in findings:
        remedy = f"→ {one.remedy}" if one.remedy else ""
        mark = f"[{styles[one.mark]}]{one.mark.value}[/]"
        table.add_row(mark, one.subject, escape(one.found), escape(remedy))
    console.print(table)
    faults = sum(one.is_fault for one in findings)
    warnings = sum(one.mark is Mark.WARNING for one in findings)
    if faults or warnings:
        console.print(gettext("{faults} faults, {warnings} warnings", faults=faults, warnings=warnings))
    else:
        console.print(gettext("all good"))
