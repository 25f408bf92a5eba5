"""`wenyue backup`: the face of backups at a terminal."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Annotated

import psycopg
import typer
from rich.console import Console

from wenyue.locale import SOURCE, Message, command_locale
from wenyue.locale.terminal import gettext
from wenyue.ops.backup.folder import existing, for_writing, told
from wenyue.ops.backup.keeping import Keeper, wanted
from wenyue.ops.backup.keys import WARNING, save
from wenyue.ops.backup.model import Kind
from wenyue.ops.backup.restoring import shown
from wenyue.ops.backup.selftesting import newest, selftest, tried
from wenyue.ops.backup.showing import bars, counted, size
from wenyue.ops.backup.source import Source, opened
from wenyue.ops.backup.streaming import fetch, runs
from wenyue.ops.backup.taking import Wish, take
from wenyue.ops.backup.vouching import trust_of
from wenyue.platform.config import Settings, load
from wenyue.platform.embedded_server import find_running
from wenyue.platform.fault import SetupError
from wenyue.platform.parent_death_signal import end_with_parent
from wenyue.platform.program import Program

app = Program(invoke_without_command=True, help="Save everything; `check` proves it.")
ToOption = Annotated[
    Path | None,
    typer.Option(
        "--to",
        help="folder for the backups; default WENYUE_BACKUP_FOLDER or WENYUE_HOME/backups",
        show_default=False,
    ),
]


@app.callback()
def backup(
    ctx: typer.Context,
    to: ToOption = None,
    *,
    full: Annotated[bool, typer.Option("--full", help="copy everything")] = False,
    incremental: Annotated[
        bool, typer.Option("--incremental", help="copy what changed since the last backup")
    ] = False,
    keep: Annotated[
        int, typer.Option(min=1, max=1000, help="full backups to keep, with what continues them")
    ] = 3,
    keys_to: Annotated[
        Path | None, typer.Option(help="also save the key files, into this folder apart from the backups")
    ] = None,
) -> None:
    """Take a backup: incremental if possible, else full."""
    if ctx.invoked_subcommand is not None:
        return
    if full and incremental:
        raise SetupError(Message("--full and --incremental exclude each other: leave one out"))
    kind: Kind | None = "full" if full else "incremental" if incremental else None
    settings, console = load(), Console()
    target = folder_of(settings, to)
    with told(target), bars(console) as report:
        with opened(settings, report.print_line) as source, for_writing(target, source) as folder:
            _warn(source, target, report.print_line)
            began = time.monotonic()
            made = take(folder, source, Wish(kind, keep), report)
        report.print_line(
            f"{made.name}: {made.files} files, {size(made.bytes)}, {time.monotonic() - began:.1f} s, in {target}"
        )
        report.print_line(
            gettext(
                "{counts}; restorable until {until}",
                counts=counted(made.counts),
                until=shown(made.finished_at),
            )
        )
        if keys_to is not None:
            report.print_line(
                gettext(
                    "keys: {path} – {warning}", path=save(settings.home, keys_to, target), warning=WARNING
                )
            )
        elif made.key_prints:
            names = " and ".join(made.key_prints)
            report.print_line(
                gettext(
                    "{names} are NOT in this backup, and without them names and documents stay "
                    "unreadable: keep a copy elsewhere, once, with --keys-to DIR",
                    names=names,
                )
            )


@app.command("list")
def list_backups(to: ToOption = None) -> None:
    """Show the complete backups."""
    folder = existing(folder_of(load(), to))
    console = Console()
    with told(folder.path):
        backups = folder.backups()
    for one in backups:
        line = f"{one.name}  {size(one.bytes)}  complete at {shown(one.finished_at)}  {counted(one.counts)}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)


@app.command()
def follow(
    to: ToOption = None,
    *,
    every: Annotated[float, typer.Option(min=1, max=3600, help="seconds between two fetches")] = 10,
) -> None:
    """Fetch the log all the time, so that a lost machine loses seconds."""
    settings, console = load(), Console()
    target = folder_of(settings, to)
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    _fetch_once(settings, target, console.print)  # what is wrong from the start ends this command
    console.print(
        gettext("following every {every} s into {target}", every=f"{every:.0f}", target=target),
        soft_wrap=True,
    )
    last_fault = ""
    while not ended.wait(every):
        try:
            _fetch_once(settings, target, console.print)
            last_fault = ""
        except (SetupError, psycopg.Error) as fault:  # a database that restarts comes back
            if str(fault) != last_fault:
                console.print(str(fault), markup=False, soft_wrap=True)
            last_fault = str(fault)


@app.command()
def check(
    to: ToOption = None,
    *,
    max_age_hours: Annotated[float, typer.Option(min=0, help="alarm when the last backup is older")] = 26,
    accept_unsigned: Annotated[
        list[str] | None,
        typer.Option(help="a backup, or log/RUN, to use although no key of this installation vouches for it"),
    ] = None,
) -> None:
    """Restore the last backup aside, count, check; status 1 is an alarm."""
    settings, console = load(), Console()
    folder = existing(folder_of(settings, to))
    last = newest(folder, timedelta(hours=max_age_hours))
    began = time.monotonic()
    with bars(console) as report:
        trust = trust_of(settings.home, {}, accept_unsigned or ())
        found = tried(folder, last, settings.home, trust, report)
        report.print_line(f"{counted(found.counts)}")
        report.print_line(
            gettext(
                "ok: {name} restored and checked in {seconds} s",
                name=last.name,
                seconds=f"{time.monotonic() - began:.1f}",
            )
        )


@app.command("selftest")
def prove(
    to: ToOption = None,
    inside: Annotated[
        Path | None, typer.Option("--in", help="where the copy is made and removed; default WENYUE_HOME")
    ] = None,
    *,
    max_age_hours: Annotated[
        float | None,
        typer.Option(min=0, help="alarm when the last backup is older; default WENYUE_BACKUP_AGE_MAX_H"),
    ] = None,
) -> None:
    """As `check`, and leave the result for the monitor; status 1 is an alarm."""
    settings, console = load(), Console()
    age = settings.backup.age_max_h if max_age_hours is None else max_age_hours
    with bars(console) as report:
        found = selftest(
            folder_of(settings, to),
            settings.home,
            (inside or settings.home).expanduser().absolute(),
            timedelta(hours=age),
            report,
        )
    if not found.is_ok:
        problem = found.problem if command_locale() == SOURCE else found.problem_zh
        raise SetupError(Message("the self-test failed: {problem}", problem=problem))
    line = gettext(
        "ok: {backup}, {bookings} bookings, restored and checked in {seconds} s",
        backup=found.backup,
        bookings=found.bookings,
        seconds=f"{found.seconds:.1f}",
    )
    console.print(line, markup=False, highlight=False, soft_wrap=True)


@app.command(hidden=True)
def keep() -> None:
    """What WENYUE_BACKUP_FOLDER asks for, beside `wenyue up`."""
    settings, console = load(), Console()
    if not wanted(settings):
        raise SetupError(Message("WENYUE_BACKUP_FOLDER is not set: nothing to do"))
    end_with_parent()
    Keeper(
        settings, lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True)
    ).keep_backups()


@app.command("fetch", hidden=True)
def fetch_once(to: ToOption = None) -> None:
    """Fetch the log once."""
    settings, console = load(), Console()
    _fetch_once(settings, folder_of(settings, to), console.print)


def _fetch_once(settings: Settings, target: Path, say: Callable[[str], None]) -> None:
    if not settings.database.url and find_running(settings.home) is None:
        raise SetupError(
            Message("the database of {home} isn't running: start it with `wenyue up`", home=settings.home)
        )
    with opened(settings, say) as source, for_writing(target, source) as folder:
        names = runs(folder)
        if not names or not folder.backups():
            raise SetupError(
                Message("{target} has no backup yet: take one first with `wenyue backup`", target=target)
            )
        fetch(folder, source, names[-1])


def folder_of(settings: Settings, to: Path | None) -> Path:
    """The backup folder that is meant: the given one, that of WENYUE_BACKUP_FOLDER, or the home's."""
    own = Path(settings.backup.folder) if settings.backup.folder else settings.home / "backups"
    return (to or own).expanduser().absolute()


def _warn(source: Source, target: Path, say: Callable[[str], None]) -> None:
    if source.data is not None:
        existing_part = next(place for place in (target, *target.parents) if place.exists())
        if existing_part.stat().st_dev == source.data.stat().st_dev:
            say(
                gettext(
                    "the backups are on the same disk as the database: choose another "
                    "with --to, or copy them elsewhere"
                )
            )
    elif source.settings.get("max_slot_wal_keep_size") == "-1":
        say(gettext("set max_slot_wal_keep_size on your server: without it, unread log can fill its disk"))
