"""`wenyue restore venue`: one venue of the living installation back to a moment."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
import psycopg
import typer
from rich.console import Console

from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.backup.folder import existing, told, write
from wenyue.ops.backup.restoring import plan, restore, shown
from wenyue.ops.backup.rules import TimeUnclear, parse_time
from wenyue.ops.backup.showing import Bars, bars
from wenyue.ops.backup.venue.applying import Done, apply
from wenyue.ops.backup.venue.comparing import compare
from wenyue.ops.backup.venue.model import Plan, Wish
from wenyue.ops.backup.venue.past import Past, fetch
from wenyue.ops.backup.vouching import trust_of
from wenyue.ops.database import ReadyDatabase
from wenyue.platform.config import Settings, load
from wenyue.platform.database.migrate import migrate
from wenyue.platform.embedded_server import ensure_started, erase, stop
from wenyue.platform.fault import SetupError

SHOWN: Final = 20
_SCRATCH: Final = {
    "fsync": "off",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "summarize_wal": "off",
    "shared_buffers": "128MB",
}
_OPTIONS: Final = "-c statement_timeout=0 -c idle_in_transaction_session_timeout=60000"


def restore_venue(
    code: Annotated[str, typer.Argument(help="the venue's code, as in the catalogue")],
    source: Annotated[
        Path | None, typer.Option("--from", help="folder of the backups; default WENYUE_HOME/backups")
    ] = None,
    to: Annotated[
        str | None, typer.Option(help="the moment, with its zone; default: the latest that the backups know")
    ] = None,
    inside: Annotated[
        Path | None, typer.Option("--in", help="where the copy is made and removed; default WENYUE_HOME")
    ] = None,
    *,
    settings_too: Annotated[
        bool,
        typer.Option(
            "--settings", help="capacities, prices, hours and templates go back to what they were, too"
        ),
    ] = False,
    preview: Annotated[bool, typer.Option("--preview", help="only show what would be done")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="do it")] = False,
    accept_unsigned: Annotated[
        list[str] | None,
        typer.Option(help="a backup, or log/RUN, to use although no key of this installation vouches for it"),
    ] = None,
) -> None:
    """Bring one venue back to a moment, in the living installation; nobody else's rows are touched."""
    if preview and yes:
        raise SetupError(Message("--preview and --yes exclude each other: leave one out"))
    settings, console = load(), Console()
    began = time.monotonic()
    with (
        bars(console) as report,
        _past(
            settings,
            code,
            (source, inside),
            to,
            report,
            settings_too=settings_too,
            accepted=accept_unsigned or (),
        ) as past,
    ):
        report.print_line(gettext("compared after {seconds} s", seconds=f"{time.monotonic() - began:.1f}"))
        found = compare(past)
        _show(found, past, report)
        if found.is_empty:
            report.print_line(gettext("nothing to restore: nothing was written"))
            return
        if not yes:
            report.print_line(gettext("nothing was written; run the same command with --yes to do it"))
            return
        done = apply(past, lambda count: report.print_line(gettext("{count} bookings restored", count=count)))
        kept = _note(settings.home, past, found, done)
    _tell(done, kept, time.monotonic() - began, console)


@contextmanager
def _past(
    settings: Settings,
    code: str,
    places: tuple[Path | None, Path | None],
    to: str | None,
    report: Bars,
    *,
    settings_too: bool,
    accepted: Sequence[str],
) -> Generator[Past]:
    """The venue's past beside the living rows; the restored copy is gone when the block begins to write."""
    from wenyue.ops.backup.restore_command import (  # noqa: PLC0415 - it registers this command
        fetch_the_rest,
        folder_of,
    )

    try:
        at = parse_time(to) if to else None
    except TimeUnclear as error:
        raise SetupError(Message("invalid time: {problem}", problem=str(error))) from error
    source, inside = places
    folder = existing(folder_of(settings, source))
    database = ReadyDatabase(settings, report.print_line)
    try:
        with psycopg.connect(
            database.owner_url, autocommit=True, connect_timeout=10, options=_OPTIONS
        ) as living:
            with told(folder.path):
                fetch_the_rest(settings, folder, report.print_line)
                wanted = plan(folder, at, accepted=frozenset(accepted))
            report.print_line(
                gettext(
                    "from {name} until {shown}: venue {code}",
                    name=wanted.base.name,
                    shown=shown(wanted.until),
                    code=code,
                )
            )
            aside = Path(tempfile.mkdtemp(prefix=".venue-restore-", dir=inside or settings.home))
            try:
                restore(
                    wanted,
                    aside / "home",
                    {},
                    report,
                    trust=trust_of(settings.home, {}, accepted),
                    even_if_unsound=True,
                    is_scratch=True,
                )
                copy = ensure_started(aside / "home", overrides=_SCRATCH)
                try:
                    migrate(copy.owner_url, progress=lambda _: None)
                    wish = Wish(
                        code=code, until=wanted.until, backup=wanted.base.name, settings_too=settings_too
                    )
                    with psycopg.connect(copy.owner_url, autocommit=True, options=_OPTIONS) as then:
                        past = fetch(then, living, wish)
                finally:
                    stop(copy)
            finally:
                erase(aside / "home")
                shutil.rmtree(aside, ignore_errors=True)
            yield past
    finally:
        database.close()


def _show(found: Plan, past: Past, report: Bars) -> None:
    report.print_line(f"venue {found.wish.code} {past.name}, as it was {shown(found.wish.until)}")
    for name, count in found.tables.items():
        if count.missing or count.changed or count.newer:
            report.print_line(
                f"  {name}: {count.missing} missing, {count.changed} changed since, {count.newer} newer (kept)"
            )
    for one in found.settings[:SHOWN]:
        report.print_line(
            f"  {one.table}.{one.column}: {one.rows} rows, first {one.where}: was {one.was}, is {one.now}"
        )
    if found.settings:
        report.print_line(
            gettext("  these settings go back")
            if found.wish.settings_too
            else gettext("  these settings stay as they are now; --settings puts them back")
        )
    report.print_line(
        gettext(
            "bookings with missing data: {bookings}; to be restored: {returning}; conflicts: "
            "{conflicts_in_all}",
            bookings=found.bookings,
            returning=found.returning,
            conflicts_in_all=found.conflicts_in_all,
        )
    )
    for conflict in found.conflicts[:SHOWN]:
        report.print_line(f"  stays away: {conflict.booking_id} ({conflict.reason}, {conflict.at})")
    if found.counters:
        report.print_line(f"counters that differ from their bookings: {found.counters}, will be counted anew")
    if found.oversold:
        report.print_line(
            f"pools {found.oversold[:SHOWN]} hold more bookings than their capacity: left alone, raise the capacity first"
        )
    if found.orphans:
        report.print_line(
            f"{found.orphans} lines belong to bookings that neither the database nor the backup has: use a later --to"
        )
    if found.elsewhere:
        report.print_line(
            f"these bookings miss lines at other venues too: {', '.join(found.elsewhere[:SHOWN])}"
        )


def _note(home: Path, past: Past, found: Plan, done: Done) -> Path:
    """What was done, with every conflict, for those who must tell the travellers."""
    folder = home / "restores"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{past.wish.code}.json"
    conflicts = [
        {"booking_id": str(one.booking_id), "reason": str(one.reason), "at": one.at} for one in done.conflicts
    ]
    write(
        path,
        {
            "venue": past.wish.code,
            "until": past.wish.until,
            "backup": past.wish.backup,
            "settings": done.settings,
            "rows": done.rows,
            "bookings": done.bookings,
            "counters": done.counters,
            "conflicts_in_all": done.conflicts_in_all,
            "conflicts": conflicts,
            "plan": msgspec.structs.replace(found, conflicts=[]),
        },
    )
    return path


def _tell(done: Done, kept: Path, seconds: float, console: Console) -> None:
    lines = [f"  {line}" for line in done.kept]
    lines.append(
        gettext(
            "bookings restored: {bookings}, conflicts: {conflicts_in_all}, settings: "
            "{total}, counters: {counters}; longest transaction {longest_s} s, total "
            "{seconds} s",
            bookings=done.bookings,
            conflicts_in_all=done.conflicts_in_all,
            total=sum(done.settings.values()),
            counters=done.counters,
            longest_s=f"{done.longest_s:.2f}",
            seconds=f"{seconds:.1f}",
        )
    )
    lines.append(f"every conflict is in {kept}")
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
