"""`wenyue retention`: what is due to be erased, erasing it now, and the periods."""

from typing import Annotated, Final, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from wenyue import retention
from wenyue.infra.db import Database
from wenyue.infra.fault import SetupError
from wenyue.kernel.clock import utc_now
from wenyue.retention import Kind, Period
from wenyue.tools.as_owner import with_database

app = typer.Typer(
    no_args_is_help=True, help="Personal data past its period: preview, erase, set periods (到期清除)."
)
T = TypeVar("T")
ACTOR: Final = "operator:command"
_REASON_MAX: Final = 200


@app.command()
def preview() -> None:
    """Count what is due, by kind, and change nothing; reads whole tables (预览)."""

    async def work(db: Database) -> tuple[list[Period], dict[Kind, int]]:
        async with db.transaction() as tx:
            await tx.execute("SET LOCAL statement_timeout = '10min'")
            return await retention.periods(tx), await retention.count_due(tx)

    found, due = with_database(work)
    table = Table(box=None, pad_edge=False)
    for column in ("kind · 种类", "kept, days · 保留天数", "due before · 到期日", "due · 待清除"):
        table.add_column(column)
    for one in found:
        table.add_row(one.kind, str(one.days), one.due_before.isoformat(), f"{due[one.kind]:,}")
    Console().print(table)


@app.command()
def run() -> None:
    """Erase what is due now, as the worker does every day (立即清除)."""
    for kind, count in with_database(_erase_all).items():
        typer.echo(f"{kind}: {count:,} erased · 已清除")


@app.command("set")
def set_(
    kind: Annotated[str, typer.Argument(help=" · ".join(Kind))],
    days: Annotated[int, typer.Argument(min=30, max=3660, help="days that it is kept")],
    *,
    why: Annotated[str, typer.Option("--why", help="the reason, for the record")],
) -> None:
    """Set a period of your own (设定保留期)."""
    try:
        wanted = Kind(kind)
    except ValueError:
        raise SetupError(f"KIND {kind!r}: one of {', '.join(Kind)}", "没有这个种类") from None
    reason = why.strip()
    if not 1 <= len(reason) <= _REASON_MAX or not reason.isprintable():
        raise SetupError(f"--why: 1 to {_REASON_MAX} characters on one line", "请填写原因，一行，最多200字")

    async def work(db: Database) -> int:
        async with db.transaction() as tx:
            return await retention.set_period(tx, wanted, days, now=utc_now(), actor=ACTOR, reason=reason)

    was = with_database(work)
    typer.echo(f"{wanted}: kept for {days} days, {was} before · 已设定")


async def _erase_all(db: Database) -> dict[Kind, int]:
    counts = dict.fromkeys(Kind, 0)
    for kind in Kind:
        is_done = False
        while not is_done:
            async with db.transaction() as tx:
                count, is_done = await retention.erase_step(tx, kind)
            counts[kind] += count
    return counts
