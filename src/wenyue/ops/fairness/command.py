"""`wenyue fairness verify`: recompute a waiting room's order, from the database or from the public file alone."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from wenyue import waiting_room
from wenyue.core.clock import utc_now
from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.database import ready_database
from wenyue.ops.fairness.record import Record, write_record
from wenyue.platform.config import Settings, load
from wenyue.platform.database.db import Database
from wenyue.platform.fault import SetupError
from wenyue.platform.program import Program
from wenyue.waiting_room import Exchange, find_cheats

app = Program(no_args_is_help=True, help="Prove that a waiting room was fair.")
_SHOWN_MAX: Final = 20


@app.callback()
def main() -> None:
    """A command of its own, so that more may follow."""


@app.command()
def verify(
    event: Annotated[str, typer.Argument(help="the room's code")],
    *,
    file: Annotated[
        Path | None,
        typer.Option(help="a public record; no database is asked then", exists=True, dir_okay=False),
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="write the public record here: it names nobody", dir_okay=False)
    ] = None,
    promise: Annotated[
        str, typer.Option(help="the promise as you noted it when the room opened: 64 hex digits")
    ] = "",
    code: Annotated[str, typer.Option(help="your own code, as the page showed it: says how you fared")] = "",
) -> None:
    """Check promise, seed, ranks, thresholds and every token that was given; status 1 when something is wrong."""
    if file is not None and export is not None:
        raise SetupError(Message("--file and --export exclude each other: leave one out"))
    console = Console()

    def print_line(line: str) -> None:
        _say(console, line)

    if file is not None:
        found = check(Record(file), event, promise=promise, code=code, say=print_line)
    else:
        with tempfile.TemporaryDirectory(prefix="wenyue-fairness-") as folder:
            path = export or Path(folder, "record.jsonl")
            _export(load(), event, path, console)
            found = check(Record(path), event, promise=promise, code=code, say=print_line)
    for line in found[:_SHOWN_MAX]:
        _say(console, f"✗ {line}")
    if found:
        _say(console, gettext("NOT FAIR: {n} findings", n=len(found)))
        raise typer.Exit(1)
    _say(console, gettext("fair: every turn was given in the committed order"))


def check(record: Record, event: str, *, promise: str, code: str, say: Callable[[str], None]) -> list[str]:
    """What is wrong, in words; says on the way what was looked at."""
    found = record.damage()
    if record.room.event != event:
        found.append(f"the record is of the room {record.room.event!r}, not of {event!r}")
    if promise and promise.strip().lower() != record.room.commitment:
        found.append(f"the promise of the record is {record.room.commitment}, not the one that you noted")
    steps = record.read_steps()
    own = code.replace("-", "").replace(" ", "").upper()
    seen = _Seen(own)
    found += find_cheats(
        seed=record.seed,
        commitment=record.commitment,
        release_at=record.room.release_at,
        steps=steps,
        exchanges=map(seen.note_exchange, record.tokens()),
    )
    say(
        f"{event}: {seen.count} tokens, {len(steps)} rises of the threshold, promise {record.room.commitment}",
    )
    if own:
        for one in seen.own:
            say(
                gettext(
                    "{code}: epoch {epoch}, rank {rank}; let in at {at} (turn {turn})",
                    code=code,
                    epoch=one.place.epoch,
                    rank=one.place.rank,
                    at=one.at.isoformat(),
                    turn=one.turn,
                ),
            )
        if not seen.own:
            rank = waiting_room.rank_of(record.seed, own) if own.isascii() else None
            say(gettext("{code}: not let in; this code's rank is {rank}", code=code, rank=rank))
    return found


class _Seen:
    """Counts tokens as they pass, and keeps those of one code."""

    def __init__(self, own: str) -> None:
        self._own = own
        self.count = 0
        self.own: list[Exchange] = []

    def note_exchange(self, one: Exchange) -> Exchange:
        self.count += 1
        if one.code == self._own and len(self.own) < _SHOWN_MAX:
            self.own.append(one)
        return one


def _export(settings: Settings, event: str, path: Path, console: Console) -> None:
    async def work(database: Database) -> None:
        async with database as db, db.transaction() as tx:
            await waiting_room.freeze(tx)
            room = await waiting_room.room_by_code(tx, event)
            if room is None:
                raise SetupError(Message("room {event} not found: see `wenyue room list`", event=repr(event)))
            steps = await waiting_room.steps_of(tx, room.id)
            await write_record(path, room, steps, waiting_room.exchanges_of(tx, room.id), utc_now())

    with ready_database(settings, lambda line: _say(console, line)) as ready:
        try:
            asyncio.run(work(Database(ready.app_url, size_max=1, keeps=0, role=ready.role or None)))
        except OSError as error:
            raise SetupError(
                Message("cannot write {path}: {strerror}", path=path, strerror=error.strerror)
            ) from error


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
