"""`wenyue names`: which names staff saw on somebody's document, who saw them, and striking false ones, with the reason on record.

Names are kept as keyed hashes that nobody reads back: each is shown by the beginning of its key. Whoever knows a name finds it by
typing it after the number of the document, on standard input; neither stands in the command line.
"""

import re
import sys
from datetime import datetime
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from wenyue.accounts import names, staffing
from wenyue.application.operating import Operator
from wenyue.application.strike_name import CODE_LENGTH, StrikeName, strike_name
from wenyue.core.clock import zone
from wenyue.core.personal import Vault
from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.acting_as import Acting, AsOf, acting_as
from wenyue.ops.arguments import reason_of
from wenyue.ops.as_owner import reading
from wenyue.ops.bans import person_keys, typed_document
from wenyue.platform.database.db import Tx
from wenyue.platform.fault import SetupError
from wenyue.platform.program import Program

app = Program(no_args_is_help=True, help="Names that staff saw on a document, and striking false ones.")
_CODE: Final = re.compile(r"[0-9a-f]{12,64}")
_NAME_MAX: Final = 256


@app.command("show")
def show() -> None:
    """The names of a person: the document's number is the first line of standard input, a name to look for the second."""
    number = typed_document()
    name = "" if sys.stdin.isatty() else sys.stdin.readline(_NAME_MAX).strip()

    async def work(tx: Tx, vault: Vault) -> tuple[list[names.SeenName], set[bytes], dict[int, str]]:
        keys = person_keys(number, vault)
        found = await names.names_seen(tx, keys)
        seers = {staff for one in found for staff in (one.seen_by, one.second_by) if staff is not None}
        known = await staffing.staff_of_actors(tx, [f"staff:{staff}" for staff in seers])
        logins = {staff: known[f"staff:{staff}"].staff.login for staff in seers if f"staff:{staff}" in known}
        asked = {names.name_key(vault, key, name) for key in keys} if name else set[bytes]()
        return found, asked, logins

    found, asked, logins = reading(work)
    table = Table(box=None, pad_edge=False)
    for column in (gettext("code"), gettext("counting since"), gettext("seen by"), gettext("state")):
        table.add_column(column)
    for one in found:
        seen_by = [logins.get(staff, f"staff:{staff}") for staff in (one.seen_by, one.second_by) if staff]
        seen_by += [gettext("holder")] if one.holder_at else []
        table.add_row(
            one.key.hex()[:CODE_LENGTH],
            _when(one.seen_at),
            ", ".join(seen_by) or gettext("unknown"),
            _state(one) + (gettext(" ← the name typed") if one.key in asked else ""),
        )
    console = Console(markup=False, emoji=False, width=140 if not sys.stdout.isatty() else None)
    console.print(table if found else gettext("no names recorded"))


@app.command("strike")
def strike(
    code: Annotated[str, typer.Argument(help="as `wenyue names show` tells it")],
    *,
    why: Annotated[str, typer.Option("--why", help="the reason, for the record; no names, no numbers")],
    by: AsOf = "",
) -> None:
    """A name of a person counts no more; whoever noted it cannot note it again. The document's number: standard input."""
    if not _CODE.fullmatch(code):
        raise SetupError(Message("CODE {code}: use the code shown by `wenyue names show`", code=repr(code)))
    reason, number = reason_of(why), typed_document()

    async def work(works: Acting, operator: Operator) -> int:
        request = StrikeName(tuple(person_keys(number, works.vault)), code, reason)
        return await strike_name(works, operator, request)

    if not acting_as(work, by):
        raise SetupError(Message("name not found; see `wenyue names show`"))
    typer.echo(gettext("removed"))


def _when(at: datetime | None) -> str:
    return "-" if at is None else at.astimezone(zone("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M")


def _state(one: names.SeenName) -> str:
    if one.struck_at is not None:
        return gettext("removed")
    if one.seen_at is None:
        return gettext("waiting for a second member of staff")
    return gettext("counts")
