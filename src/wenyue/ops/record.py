"""`wenyue record`: who did what and when, the newest first; reading it is recorded, too."""

from datetime import time, timedelta
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from wenyue.application.operating import Operator
from wenyue.application.read_record import Found, NotRead, ReadRecord, read_record
from wenyue.core.clock import at_local, zone
from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.acting_as import Acting, AsOf, acting_as
from wenyue.ops.arguments import day_of
from wenyue.platform.fault import SetupError
from wenyue.platform.program import Program

app = Program(no_args_is_help=True, help="Who did what and when; reading it is recorded, too.")
_TIMEZONE: Final = "Asia/Shanghai"
_SAYS: Final = {
    NotRead.WHO_UNKNOWN: Message(
        "--who: login not found; write others as in the record, such as system:expiry"
    ),
    NotRead.WHAT_WRONG: Message("--what: give an action or its first part, such as staff or slots.closed"),
    NotRead.VENUE_UNKNOWN: Message("--venue: venue not found"),
}


@app.callback()
def main() -> None:
    """A command of its own, so that more may follow."""


@app.command("list")
def list_(
    *,
    who: Annotated[str, typer.Option(help="a login, or an actor as the record has it: system:expiry")] = "",
    what: Annotated[str, typer.Option(help="an action or its beginning: staff, slots.closed")] = "",
    venue: Annotated[str, typer.Option(help="a venue's code: what was done to it and its products")] = "",
    day: Annotated[str, typer.Option(help="YYYY-MM-DD, in China")] = "",
    before: Annotated[str, typer.Option(help="as the page before said it")] = "",
    by: AsOf = "",
) -> None:
    """Fifty entries at most, the newest first."""
    wanted = day_of(day, "--day") if day else None
    from_at = None if wanted is None else at_local(wanted, time.min, _TIMEZONE)
    to_at = None if wanted is None else at_local(wanted + timedelta(days=1), time.min, _TIMEZONE)
    request = ReadRecord(who, what, venue, from_at, to_at, _cursor(before))

    async def work(works: Acting, operator: Operator) -> Found | NotRead:
        return await read_record(works, operator, request)

    found = acting_as(work, by)
    if isinstance(found, NotRead):
        raise SetupError(_SAYS[found])
    table = Table(box=None, pad_edge=False)
    for column in (gettext("at"), gettext("who"), gettext("what"), gettext("about"), gettext("detail")):
        table.add_column(column, overflow="fold")
    for one, detail in zip(found.page.entries, found.page.details, strict=True):
        at = f"{one.at.astimezone(zone(_TIMEZONE)):%Y-%m-%d %H:%M:%S}"
        table.add_row(at, found.logins.get(one.actor, one.actor), one.action, one.subject, detail)
    console = Console(markup=False, emoji=False)
    console.print(table if found.page.entries else gettext("nothing found"))
    if found.page.before is not None:
        older = f"{found.page.before[0]}-{found.page.before[1]}"
        console.print(gettext("older entries: --before {older}", older=older))


def _cursor(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    xid, dash, id_ = text.partition("-")
    if not dash or not all(one.isascii() and one.isdecimal() and int(one) < 2**63 for one in (xid, id_)):
        raise SetupError(
            Message("--before {text}: use the value that the previous page printed", text=repr(text))
        )
    return int(xid), int(id_)
