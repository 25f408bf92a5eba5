"""`wenyue bans`: who may not book after missed visits, and lifting it by hand, with the reason on record.

A person is named by the number of their document, which is read from standard input: it never stands in the command line, where
`ps` and the shell's history would show it.
"""

import re
import sys
from typing import Annotated, Final, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from wenyue import policy
from wenyue.application.lift_bans import LiftBans, lift_bans
from wenyue.application.operating import Operator
from wenyue.booking import account_subject
from wenyue.core.clock import local_date, utc_now, zone
from wenyue.core.documents import document_candidates
from wenyue.core.personal import Vault
from wenyue.locale import Message, command_locale
from wenyue.locale.terminal import gettext
from wenyue.ops.acting_as import Acting, AsOf, acting_as
from wenyue.ops.arguments import reason_of
from wenyue.ops.as_owner import reading
from wenyue.platform.database.db import Tx
from wenyue.platform.fault import SetupError
from wenyue.platform.program import Program
from wenyue.policy import BanInForce

app = Program(no_args_is_help=True, help="Who may not book after missed visits, and lifting it.")
T = TypeVar("T")
_TIMEZONE: Final = "Asia/Shanghai"
_ACCOUNT: Final = re.compile(r"account:([1-9]\d{0,17})")
_LINE_MAX: Final = 200
_EVERY_NATIONALITY: Final = Message(
    "a passport number without a nationality is every nationality's: bans of all people "
    "with this number are meant; for one of them add the country, as in `E12345678 FRA`"
)
_WhoOf = Annotated[
    str,
    typer.Argument(
        help="account:ID, or `person`: the document's number comes from standard input; a passport's without its country"
        " (`E12345678 FRA`) is every nationality's"
    ),
]


@app.command("show")
def show(who: _WhoOf) -> None:
    """The bans in force against an account or a person."""
    asked = _who(who)

    async def work(tx: Tx, vault: Vault) -> list[BanInForce]:
        return await policy.bans_behind(tx, _subjects(asked, vault), utc_now())

    found = reading(work)
    table = Table(box=None, pad_edge=False)
    for column in (gettext("preset"), gettext("until"), gettext("for"), gettext("strikes")):
        table.add_column(column)
    for one in found:
        until = one.until.astimezone(zone(_TIMEZONE)).strftime("%Y-%m-%d %H:%M")
        table.add_row(one.policy_code or gettext("every"), until, one.reason, str(one.strikes))
    console = Console(markup=False, emoji=False)
    console.print(table if found else gettext("no suspensions in force"))
    _say_nationalities(asked)


@app.command("lift")
def lift(
    who: _WhoOf,
    *,
    preset: Annotated[str, typer.Option(help="code of one preset; left out: all of them")] = "",
    why: Annotated[str, typer.Option("--why", help="the reason, for the record; no names, no numbers")],
    by: AsOf = "",
) -> None:
    """End bans and forgive the strikes behind them: they do not count towards another."""
    asked, reason = _who(who), reason_of(why)

    about = (
        asked if _ACCOUNT.fullmatch(asked) else "person"
    )  # the record keeps what it is told: nobody's document

    async def work(works: Acting, operator: Operator) -> dict[str, int]:
        subjects = tuple(_subjects(asked, works.vault))
        return await lift_bans(works, operator, LiftBans(subjects, about, preset, reason))

    forgiven = acting_as(work, by)
    if not forgiven:
        raise SetupError(Message("no such suspension in force; see `wenyue bans show`"))
    said = ", ".join(f"{code or 'every'} ({count} strikes forgiven)" for code, count in forgiven.items())
    typer.echo(gettext("lifted: {said}", said=said))
    _say_nationalities(asked)


def _who(raw: str) -> str:
    """`account:ID`, or the number of a document."""
    if _ACCOUNT.fullmatch(raw):
        return raw
    if raw != "person":
        raise SetupError(Message("WHO {raw}: `account:ID`, or `person`", raw=repr(raw)))
    return typed_document()


def typed_document() -> str:
    """The number of a document, from the first line of standard input. Raises SetupError."""
    line = sys.stdin.readline(_LINE_MAX).strip()
    if not document_candidates(line, today=local_date(utc_now(), _TIMEZONE)):
        raise SetupError(Message("standard input has no document number: give it on the first line"))
    return line


def _say_nationalities(asked: str) -> None:
    """A bare number is that of passports of many countries, and so perhaps of several people: say that all of them are meant."""
    if _ACCOUNT.fullmatch(asked):
        return
    found = document_candidates(asked, today=local_date(utc_now(), _TIMEZONE))
    if len({one.nationality for one in found if one.nationality}) > 1:
        typer.echo(_EVERY_NATIONALITY.say(command_locale()))


def _subjects(asked: str, vault: Vault) -> list[bytes]:
    account = _ACCOUNT.fullmatch(asked)
    if account:
        return [account_subject(int(account[1]))]
    return person_keys(asked, vault)


def person_keys(number: str, vault: Vault) -> list[bytes]:
    """The persons whose document may have this number."""
    found = document_candidates(number, today=local_date(utc_now(), _TIMEZONE))
    return [vault.person_key(one.key) for one in found]
