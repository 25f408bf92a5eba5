"""`wenyue events`: what happened, who was told of it, and what to do when somebody could not be."""

import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Final, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from wenyue import events
from wenyue.application.forget_subscriber import forget_subscriber
from wenyue.application.operating import Operator
from wenyue.application.replay_events import ReplayEvents, replay_events
from wenyue.application.retry_events import RetryEvents, retry_events
from wenyue.application.skip_events import SkipEvents, skip_events
from wenyue.events import operating
from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.acting_as import Acting, acting_as
from wenyue.ops.as_owner import reading
from wenyue.platform.database.db import Tx
from wenyue.platform.fault import SetupError
from wenyue.platform.program import Program

app = Program(
    no_args_is_help=True,
    help="What happened, who was told, and what is stuck: look, replay, retry, skip.",
)
T = TypeVar("T")
_LIMIT_MAX: Final = 1_000
_SHOWN_MAX: Final = 20
_LOOK_EVERY_S: Final = 1.0
_Name = Annotated[str, typer.Option("--subscriber", help="its name, as `wenyue events subscribers` shows it")]
_About = Annotated[str | None, typer.Option("--subject", help="booking:ID, card:7, venue:3 …")]


@app.command("list")
def list_(
    *,
    limit: Annotated[int, typer.Option(min=1, max=_LIMIT_MAX)] = 20,
    kind: Annotated[str | None, typer.Option(help="such as booking.confirmed")] = None,
    subject: _About = None,
) -> None:
    """What happened, the newest first."""
    if kind is not None and kind not in events.TYPES:
        raise SetupError(
            Message(
                "--kind {kind}: must be one of {known}",
                kind=repr(kind),
                known=", ".join(sorted(events.TYPES)),
            )
        )

    async def work(tx: Tx) -> list[operating.Row]:
        try:
            return await operating.newest(tx, limit, kind=kind, subject=subject)
        except ValueError:
            raise SetupError(
                Message("--subject {subject}: write a booking as booking:ID", subject=repr(subject))
            ) from None

    rows = _do(work)
    _print(
        ("id", gettext("at"), gettext("kind"), gettext("about")),
        [(str(one.id), _at(one.at), one.kind, _about(one.subject, one.bookings)) for one in rows],
        gettext("nothing happened"),
    )


@app.command("show")
def show(event_id: Annotated[int, typer.Argument(min=1)]) -> None:
    """One row of the log, and where each subscriber stands with it."""
    found = _do(lambda tx: operating.detail(tx, event_id))
    if found is None:
        raise SetupError(Message("event {event_id} not found: old events are deleted", event_id=event_id))
    typer.echo(f"{event_id}  {_at(found.at)}  {found.kind}  version {found.version}")
    for booking_id in (found.booking_ids or ())[:_SHOWN_MAX]:
        typer.echo(f"  booking:{booking_id}")
    if found.booking_ids is not None and len(found.booking_ids) > _SHOWN_MAX:
        typer.echo(gettext("  … {n} bookings in all", n=len(found.booking_ids)))
    if found.subject is not None:
        typer.echo(f"  {found.subject}")
    for name, value in (found.body or {}).items():
        typer.echo(f"  {name}: {value}")
    for name, is_past, count in found.standings:
        said = (
            gettext("{count} stuck", count=count)
            if count
            else gettext("told")
            if is_past
            else gettext("not yet")
        )
        typer.echo(f"  {name}: {said}")


@app.command("subscribers")
def subscribers() -> None:
    """How far each subscriber has come, and what is stuck with it."""

    async def work(tx: Tx) -> tuple[list[events.Lag], list[operating.Stuck]]:
        return await events.lags(tx), await operating.stuck(tx)

    lags, stuck = _do(work)
    _print(
        (
            gettext("subscriber"),
            gettext("behind"),
            gettext("oldest"),
            gettext("tried again"),
            gettext("parked"),
            gettext("lost"),
        ),
        [
            (
                one.name,
                f"{one.waiting:,}",
                f"{one.oldest_s:.0f} s",
                str(one.undelivered),
                str(one.parked),
                str(one.lost),
            )
            for one in lags
        ],
        gettext("no subscribers: no worker has run yet"),
    )
    for one in lags:
        if one.failures:
            typer.echo(
                gettext(
                    "{name}: failed {n} times in a row: {error}",
                    name=one.name,
                    n=one.failures,
                    error=one.error,
                )
            )
    if stuck:
        typer.echo("")
        _print(
            (
                "subscriber",
                gettext("about"),
                gettext("first"),
                gettext("events"),
                gettext("tries"),
                gettext("state"),
                gettext("what failed"),
            ),
            [
                (
                    one.subscriber,
                    one.subject,
                    str(one.first_id),
                    str(one.events),
                    str(one.tries),
                    gettext("parked") if one.is_parked else gettext("tried again"),
                    one.error,
                )
                for one in stuck
            ],
            "",
        )


@app.command("replay")
def replay(
    *,
    subscriber: _Name,
    from_id: Annotated[int, typer.Option("--from", min=1, help="the first event to tell again")],
    wait: Annotated[
        bool, typer.Option("--wait", help="until the subscriber has been told of everything")
    ] = False,
) -> None:
    """Tell a subscriber of everything from an event on once more."""

    async def work(works: Acting, operator: Operator) -> int:
        try:
            return await replay_events(works, operator, ReplayEvents(subscriber, from_id))
        except operating.NotComeTo as fault:
            raise SetupError(
                Message(
                    "{subscriber} hasn't reached event {first} yet and will receive everything from there on",
                    first=fault.first,
                    subscriber=subscriber,
                ),
            ) from None

    count = _act(work)
    typer.echo(
        gettext("{subscriber} will receive {count} rows again", count=f"{count:,}", subscriber=subscriber)
    )
    while wait:
        [left] = [one for one in _do(events.lags) if one.name == subscriber]
        if left.waiting == 0:
            typer.echo(
                gettext(
                    "done: {undelivered} retried, {parked} parked",
                    undelivered=left.undelivered,
                    parked=left.parked,
                )
            )
            return
        typer.echo(
            gettext(
                "{waiting}{value} left",
                waiting=f"{left.waiting:,}",
                value="+" if left.waiting >= 10000 else "",
            )
        )
        # Subscribers are told by workers in other processes, and nothing tells how far they have come but their rows.
        time.sleep(_LOOK_EVERY_S)


@app.command("retry")
def retry(*, subscriber: _Name, subject: _About = None) -> None:
    """Try at once what is stuck, of everybody or of one subject."""

    async def work(works: Acting, operator: Operator) -> int:
        return await retry_events(works, operator, RetryEvents(subscriber, subject))

    typer.echo(gettext("{act} events are being retried", act=_act(work)))


@app.command("skip")
def skip(
    *,
    subscriber: _Name,
    subject: Annotated[str, typer.Option("--subject", help="booking:ID, card:7, venue:3 …")],
    whole: Annotated[
        bool, typer.Option("--all", help="all that is stuck of it; otherwise its first event")
    ] = False,
) -> None:
    """Give up an event that cannot be handled; what waited behind it is tried at once."""

    async def work(works: Acting, operator: Operator) -> list[int]:
        return await skip_events(works, operator, SkipEvents(subscriber, subject, whole))

    skipped = _act(work)
    if not skipped:
        raise SetupError(
            Message(
                "nothing of {subject} is stuck at {subscriber}: see `wenyue events subscribers`",
                subject=subject,
                subscriber=subscriber,
            ),
        )
    typer.echo(gettext("skipped: {ids}", ids=", ".join(map(str, skipped))))


@app.command("forget")
def forget(*, subscriber: _Name) -> None:
    """Wait no more for a subscriber that no version of Wenyue knows any more."""

    async def work(works: Acting, operator: Operator) -> None:
        await forget_subscriber(works, operator, subscriber)

    _act(work)
    typer.echo(
        gettext(
            "{subscriber} was removed; a worker that knows it will register it again", subscriber=subscriber
        )
    )


def _do(work: Callable[[Tx], Awaitable[T]]) -> T:
    """Something read."""
    return reading(lambda tx, _: work(tx))


def _act(work: Callable[[Acting, Operator], Awaitable[T]]) -> T:
    """Something done. Raises SetupError."""
    try:
        return acting_as(work)
    except operating.NoSubscriber as fault:
        raise SetupError(
            Message(
                "subscriber {subscriber} not found: see `wenyue events subscribers`",
                subscriber=repr(fault.args[0]),
            )
        ) from None


def _print(columns: tuple[str, ...], rows: list[tuple[str, ...]], nothing: str) -> None:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console(markup=False, emoji=False).print(table if rows else nothing)


def _about(subject: str, bookings: int) -> str:
    return subject if bookings == 1 else f"{subject} + {bookings - 1:,}"


def _at(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
