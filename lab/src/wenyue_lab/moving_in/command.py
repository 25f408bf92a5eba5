"""`wenyue move-in`: the move of a made-up destination at a terminal."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table as Grid

from wenyue.core.clock import local_date, utc_now
from wenyue.locale import Message
from wenyue.platform.fault import SetupError
from wenyue.platform.program import Program
from wenyue_lab.moving_in.model import Scale
from wenyue_lab.moving_in.run import Moved, move_in
from wenyue_lab.moving_in.selling import NotSold
from wenyue_lab.moving_in.writing import Writer

_TIMEZONE: Final = "Asia/Shanghai"
app = Program()


@app.command()
def move(
    folder: Annotated[
        Path, typer.Option("--dir", help="a folder for the files and the installation: it is emptied")
    ],
    *,
    scale: Annotated[
        float, typer.Option(min=0.005, max=1.0, help="1: 42 venues, 20,000 cards, 200,000 bookings")
    ] = 0.05,
    seed: Annotated[int, typer.Option(help="the same seed writes the same files")] = 1,
    json_file: Annotated[Path | None, typer.Option("--json", help="write what was measured as JSON")] = None,
) -> None:
    """Move a made-up destination in by commands alone, count it, and sell; everything is written as offices would."""
    console = Console()
    if folder.exists() and any(folder.iterdir()) and not (folder / "truth-1").exists():
        raise SetupError(Message("{folder} holds something else: name a new folder", folder=folder))
    today = local_date(utc_now(), _TIMEZONE)

    def tell(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    try:
        moved = move_in(Writer(folder.resolve(), Scale.of(scale), seed, today, tell), tell)
    except NotSold as error:
        raise SetupError(Message("what was moved in does not sell: {error}", error=error)) from error
    _show(moved, console)
    if json_file is not None:
        json_file.write_text(json.dumps(asdict(moved), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if not moved.is_equal:
        raise typer.Exit(1)


def _show(moved: Moved, console: Console) -> None:
    grid = Grid(title="processes")
    for name in ("what", "seconds", "MB at most"):
        grid.add_column(name)
    for one in moved.ran:
        grid.add_row(one.what, f"{one.seconds:.1f}" if one.seconds else "", f"{one.peak_mb:.0f}")
    console.print(grid)
    files = Grid("file", "bytes")
    for name, size in moved.files.items():
        files.add_row(name, f"{size:,}")
    console.print(files)
