"""`wenyue retention`: what is due to be erased, erasing it now, and the periods."""

from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from wenyue import retention
from wenyue.application.jobs.erase_due import erase_due
from wenyue.application.operating import Operator
from wenyue.application.set_retention import SetRetention, set_retention
from wenyue.core.personal import Vault
from wenyue.locale import Message
from wenyue.locale.terminal import gettext, pgettext
from wenyue.ops.acting_as import Acting, acting_as
from wenyue.ops.arguments import reason_of
from wenyue.ops.as_owner import reading
from wenyue.platform.database.db import Tx
from wenyue.platform.fault import SetupError
from wenyue.platform.program import Program
from wenyue.retention import Kind, Period

app = Program(no_args_is_help=True, help="Personal data past its period: preview, erase, set periods.")
T = TypeVar("T")


@app.command()
def preview() -> None:
    """Count what is due, by kind, and change nothing; reads whole tables."""

    async def work(tx: Tx, _: Vault) -> tuple[list[Period], dict[Kind, int]]:
        return await retention.periods(tx), await retention.count_due(tx)

    found, due = reading(work, is_long=True)
    table = Table(box=None, pad_edge=False)
    for column in (
        pgettext("ops retention", "kind"),
        gettext("kept, days"),
        gettext("due before"),
        gettext("due"),
    ):
        table.add_column(column)
    for one in found:
        table.add_row(one.kind, str(one.days), one.due_before.isoformat(), f"{due[one.kind]:,}")
    Console().print(table)


@app.command("run")
def erase_now() -> None:
    """Erase what is due now, as the worker does every day."""
    for kind, count in acting_as(_erase_all).items():
        typer.echo(gettext("{kind}: {count} erased", kind=kind, count=f"{count:,}"))


@app.command("set")
def set_(
    kind: Annotated[str, typer.Argument(help=" · ".join(Kind))],
    days: Annotated[int, typer.Argument(min=30, max=3660, help="days that it is kept")],
    *,
    why: Annotated[str, typer.Option("--why", help="the reason, for the record")],
) -> None:
    """Set a period of your own."""
    try:
        wanted = Kind(kind)
    except ValueError:
        raise SetupError(
            Message("KIND {kind}: must be one of {kinds}", kind=repr(kind), kinds=", ".join(Kind))
        ) from None
    request = SetRetention(wanted, days, reason_of(why))

    async def work(works: Acting, operator: Operator) -> int:
        return await set_retention(works, operator, request)

    was = acting_as(work)
    typer.echo(gettext("{wanted}: kept for {days} days (was {was})", wanted=wanted, days=days, was=was))


async def _erase_all(works: Acting, _: Operator) -> dict[Kind, int]:
    counts = dict.fromkeys(Kind, 0)
    is_done = False
    while not is_done:
        done, is_done = await erase_due(works, takes_turns=False)
        counts = {kind: count + done[kind] for kind, count in counts.items()}
    return counts
