"""`wenyue restore`: a moment of the past as a new installation."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from wenyue.ops.backup.checking import complaints
from wenyue.ops.backup.command import folder_of
from wenyue.ops.backup.folder import Folder, existing, for_writing, told
from wenyue.ops.backup.keys import find
from wenyue.ops.backup.restoring import plan, restore, shown
from wenyue.ops.backup.rules import TimeUnclear, parse_time
from wenyue.ops.backup.showing import bars, counted
from wenyue.ops.backup.source import opened
from wenyue.ops.backup.streaming import fetch, runs
from wenyue.ops.backup.venue.command import restore_venue
from wenyue.ops.backup.vouching import trust_of
from wenyue.platform.config import Settings, load
from wenyue.platform.embedded_server import find_running
from wenyue.platform.fault import SetupError

app = typer.Typer(invoke_without_command=True, help="Bring a moment back, into a new home (恢复).")
app.command("venue")(restore_venue)


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
    """Bring a moment back, into a new home, never over a living one (恢复)."""
    if ctx.invoked_subcommand is not None:
        return
    if into is None:
        raise SetupError(
            "--into is missing: name the new home, or restore one venue with `wenyue restore venue CODE`",
            "请用 --into 指定新目录, 或用 restore venue 恢复单个景区",
        )
    settings, console = load(), Console()
    is_bare = to == "backup"
    try:
        at = parse_time(to) if to and not is_bare else None
    except TimeUnclear as error:
        raise SetupError(str(error), "时间不明确, 请注明时区") from error
    folder = existing(folder_of(settings, source))
    with told(folder.path), bars(console) as report:
        fetch_the_rest(settings, folder, report.print_line)
        wanted = plan(folder, at, base, is_bare=is_bare, accepted=frozenset(accept_unsigned or ()))
        files = {} if without_keys else find(wanted.base.key_prints, keys, settings.home)
        report.print_line(f"from {wanted.base.name} until {shown(wanted.until)} into {into} · 开始恢复")
        began = time.monotonic()
        trust = trust_of(settings.home, files, accept_unsigned or ())
        found = restore(wanted, into, files, report, trust=trust, even_if_unsound=even_if_unsound)
        report.print_line(f"{counted(found.counts)}")
        wrong = complaints(found, wanted.base.counts)
        for line in wrong:
            report.print_line(f"{line} · 检查未通过")
        if not wrong:
            report.print_line(
                "counters equal bookings, nothing oversold, the record's chain is whole · 各项检查通过"
            )
        if without_keys:
            report.print_line(
                f"new keys first: WENYUE_HOME={into} wenyue migrate --accept-keys; cards need new PINs · 请先生成新密钥"
            )
        report.print_line(
            f"restored in {time.monotonic() - began:.1f} s. Stop the old installation before the new one sends messages: "
            f"WENYUE_HOME={into} wenyue up · 恢复完成"
        )


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
        say(f"the newest log could not be fetched, what the folder has is used ({fault}) · 无法取得最新日志")
