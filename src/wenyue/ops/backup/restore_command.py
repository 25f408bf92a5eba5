"""`wenyue restore`: a moment of the past as a new installation."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.backup.checking import complaints
from wenyue.ops.backup.command import folder_of
from wenyue.ops.backup.folder import Folder, existing, for_writing, told
from wenyue.ops.backup.keys import find
from wenyue.ops.backup.restoring import plan, restore, shown
from wenyue.ops.backup.rules import TimeUnclear, parse_time
from wenyue.ops.backup.showing import Bars, bars, counted
from wenyue.ops.backup.source import opened
from wenyue.ops.backup.streaming import fetch, runs
from wenyue.ops.backup.venue.command import restore_venue
from wenyue.ops.backup.vouching import trust_of
from wenyue.platform.config import Settings, load
from wenyue.platform.embedded_server import find_running
from wenyue.platform.fault import SetupError
from wenyue.platform.program import Program

app = Program(invoke_without_command=True, help="Bring a moment back, into a new home.")
app.command(
    "venue",
    help="Bring one venue back to a moment, in the living installation; nobody else's rows are touched.",
)(restore_venue)


@app.callback()
def restore_into(
    ctx: typer.Context,
    *,
    into: Annotated[
        Path | None, typer.Option(help="the new WENYUE_HOME; it must not exist yet or be empty")
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            help="the moment, with its zone: 2026-11-22T12:30+08:00; default: the latest; 'backup': without the log"
        ),
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="folder of the backups; default WENYUE_HOME/backups")
    ] = None,
    base: Annotated[str | None, typer.Option(help="start from this backup instead of the best one")] = None,
    keys: Annotated[
        Path | None, typer.Option(help="the file of `wenyue backup --keys-to`, or a home")
    ] = None,
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="leave names and documents unreadable")
    ] = False,
    even_if_unsound: Annotated[
        bool, typer.Option("--even-if-unsound", help="keep what was restored although a check failed")
    ] = False,
    accept_unsigned: Annotated[
        list[str] | None,
        typer.Option(help="a backup, or log/RUN, to use although no key of this installation vouches for it"),
    ] = None,
) -> None:
    """Bring a moment back, into a new home, never over a living one."""
    if ctx.invoked_subcommand is not None:
        return
    if into is None:
        raise SetupError(
            Message("--into is missing: name the new home, or use `wenyue restore venue CODE` for one venue"),
        )
    settings, console = load(), Console()
    is_bare = to == "backup"
    at = _until(to)
    folder = existing(folder_of(settings, source))
    with told(folder.path), bars(console) as report:
        fetch_the_rest(settings, folder, report.print_line)
        wanted = plan(folder, at, base, is_bare=is_bare, accepted=frozenset(accept_unsigned or ()))
        files = {} if without_keys else find(wanted.base.key_prints, keys, settings.home)
        report.print_line(
            gettext(
                "from {name} until {shown} into {into}",
                name=wanted.base.name,
                shown=shown(wanted.until),
                into=into,
            )
        )
        began = time.monotonic()
        trust = trust_of(settings.home, files, accept_unsigned or ())
        found = restore(wanted, into, files, report, trust=trust, even_if_unsound=even_if_unsound)
        report.print_line(f"{counted(found.counts)}")
        _say_checks(complaints(found, wanted.base.counts), report)
        if without_keys:
            _say_new_keys(into, report)
        report.print_line(
            gettext(
                "restored in {seconds} s. Stop the old installation, then start the new one: "
                "WENYUE_HOME={into} wenyue up",
                seconds=f"{time.monotonic() - began:.1f}",
                into=into,
            )
        )


def _say_new_keys(into: Path, report: Bars) -> None:
    report.print_line(
        gettext(
            "set up new keys first: WENYUE_HOME={into} wenyue migrate --accept-keys; cards "
            "will need new PINs",
            into=into,
        )
    )


def _say_checks(wrong: Sequence[str], report: Bars) -> None:
    for line in wrong:
        report.print_line(gettext("check failed: {line}", line=line))
    if not wrong:
        report.print_line(
            gettext("counters match bookings, nothing is oversold, the record's chain is intact")
        )


def _until(to: str | None) -> datetime | None:
    try:
        return parse_time(to) if to and to != "backup" else None
    except TimeUnclear as error:
        raise SetupError(Message("invalid time: {problem}", problem=str(error))) from error


def fetch_the_rest(settings: Settings, folder: Folder, say: Callable[[str], None]) -> None:
    """Where the source still runs, its log since the last fetch is not lost: get it first."""
    names = runs(folder)
    is_here = bool(settings.database.url) or (
        folder.note().source == str(settings.home) and find_running(settings.home) is not None
    )
    if not names or not is_here:
        return
    try:
        with opened(settings, say) as source, for_writing(folder.path, source) as mine:
            fetch(mine, source, names[-1])
    except SetupError as fault:
        say(gettext("couldn't fetch the newest log, using what is in the folder ({fault})", fault=fault))
