"""`wenyue staff`: who may sign in at the gate and in the console, by command.

A password is drawn and shown once, or read as one line from standard input; it never stands in the command line, where `ps` and
the shell's history would show it.
"""

import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Final, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from wenyue import catalogue
from wenyue.accounts import staffing
from wenyue.accounts.staffing import StaffRecord
from wenyue.application.add_staff import NewStaff, add_staff
from wenyue.application.administering import NotStaffed
from wenyue.application.change_duties import give_duties, take_duties
from wenyue.application.operating import Operator
from wenyue.application.reset_password import reset_password
from wenyue.application.retire_staff import retire_staff
from wenyue.application.unlock_staff import unlock_staff
from wenyue.core.documents.text import has_controls
from wenyue.core.duties import FORMER, Duties, Duty, duties_of_role
from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.acting_as import SERVER, Acting, AsOf, acting_as
from wenyue.ops.duty_texts import duty_of, shown
from wenyue.platform.database.db import Tx
from wenyue.platform.fault import SetupError
from wenyue.platform.program import Program

app = Program(no_args_is_help=True, help="Who may sign in at the gate and in the console.")
T = TypeVar("T")
ACTOR: Final = SERVER.name
_LINE_MAX: Final = 1000
_LoginOf = Annotated[str, typer.Argument(help="the login, such as zhang.san")]
_StdinOf = Annotated[
    bool,
    typer.Option("--password-stdin", help="read the password from standard input instead of drawing one"),
]


_DutyOf = Annotated[
    list[str] | None,
    typer.Option(
        "--duty", help="ROLE, ROLE@venue:CODE or ROLE@venue:CODE/POST; repeat it; see docs/duties.md"
    ),
]
_Change = Callable[[Acting, Operator, str, Duties], Awaitable[Duties | NotStaffed]]
_Duties = Annotated[list[str], typer.Argument(help="ROLE, ROLE@venue:CODE or ROLE@venue:CODE/POST")]
_SAYS: Final[dict[NotStaffed, Message]] = {
    NotStaffed.LOGIN_TAKEN: Message(
        "the login {login} already exists: use `wenyue staff reset` for a new password, or `grant` for a duty"
    ),
    NotStaffed.LOGIN_UNKNOWN: Message("login {login} not found: see `wenyue staff list`"),
    NotStaffed.RETIRED: Message("{login} has left: add them again"),
    NotStaffed.DUTY_NEEDED: Message("give at least one duty: --duty gate@venue:CODE"),
    NotStaffed.TOO_MANY_DUTIES: Message("too many duties for one login"),
    NotStaffed.VENUE_UNKNOWN: Message("venue not found"),
    NotStaffed.NOT_YOURS: Message(
        "you can't grant or revoke this duty there: only duties you hold, unless you administer the place"
    ),
    NotStaffed.FACTOR_OLD: Message("verify your second step first: enter its code when asked"),
    NotStaffed.ONESELF: Message("another administrator must do this for you"),
    NotStaffed.ALREADY_DONE: Message("this was already done"),
    NotStaffed.LAST_ADMINISTRATOR: Message(
        "{login} is the last administrator of all venues: appoint another one first"
    ),
}


@app.command()
def add(
    login: _LoginOf,
    *,
    duty: _DutyOf = None,
    role: Annotated[str, typer.Option(metavar="|".join(FORMER), help="the duties that were one role")] = "",
    venue: Annotated[
        list[str] | None, typer.Option(help="with --role: code of a venue; repeat it; none: every venue")
    ] = None,
    name: Annotated[str, typer.Option(help="as colleagues read it")] = "",
    password_stdin: _StdinOf = False,
    by: AsOf = "",
) -> None:
    """Add a member of staff; a login that exists is refused."""
    name = _plain(name, "--name")
    _check_role(role)
    password = _password(is_given=password_stdin)

    async def work(works: Acting, operator: Operator) -> int | NotStaffed:
        async with works.db.connection() as tx:
            duties = await _duties(tx, duty or []) | await _former(tx, role, venue or [])
        return await add_staff(works, operator, NewStaff(login, password, duties, name))

    _run(login, work, by)
    _show_password(login, "" if password_stdin else password)


@app.command()
def grant(login: _LoginOf, duties: _Duties, *, by: AsOf = "") -> None:
    """Give duties to a member of staff, beside those that they hold."""
    _change_duties(give_duties, login, duties, by)


@app.command()
def withdraw(login: _LoginOf, duties: _Duties, *, by: AsOf = "") -> None:
    """Take duties from a member of staff, at once: they are signed out."""
    _change_duties(take_duties, login, duties, by)


@app.command()
def retire(login: _LoginOf, *, by: AsOf = "") -> None:
    """A member of staff leaves: what they are signed in with ends with this command."""
    _run(login, lambda works, operator: retire_staff(works, operator, login), by)
    Console().print(
        gettext("{login}: retired, and signed out everywhere", login=login), markup=False, emoji=False
    )


@app.command()
def reset(login: _LoginOf, *, password_stdin: _StdinOf = False, by: AsOf = "") -> None:
    """A new password; the login is signed out, unlocked, and sets up its second factor anew."""
    password = _password(is_given=password_stdin)
    _run(login, lambda works, operator: reset_password(works, operator, login, password), by)
    _show_password(login, "" if password_stdin else password)


@app.command()
def unlock(login: _LoginOf, *, by: AsOf = "") -> None:
    """Wrong passwords so far make this login wait no longer."""
    _run(login, lambda works, operator: unlock_staff(works, operator, login), by)
    Console().print(gettext("{login}: unlocked", login=login), markup=False, emoji=False)


@app.command("list")
def list_() -> None:
    """Everybody with their duties."""

    async def work(works: Acting, _: Operator) -> tuple[list[StaffRecord], dict[int, str]]:
        async with works.db.connection() as tx:
            found = await staffing.staff_list(tx)
            ids = sorted({d.venue_id for one in found for d in one.staff.duties if d.venue_id is not None})
            venues = await catalogue.venues_by_id(tx, ids)
        return found, {id_: one.code for id_, one in venues.items()}

    found, codes = acting_as(work)
    table = Table(box=None, pad_edge=False)
    for head in (gettext("login"), gettext("duties"), gettext("name"), gettext("state")):
        table.add_column(head, overflow="fold")
    for one in found:
        state = (
            gettext("retired")
            if not one.is_active
            else gettext("active")
            if one.has_password
            else gettext("no password")
        )
        duties = "\n".join(sorted(shown(duty, codes) for duty in one.staff.duties)) or gettext("none")
        table.add_row(one.staff.login, duties, one.staff.display_name, state)
    console = Console(markup=False, emoji=False)  # a name may hold brackets, and colons
    console.print(table if found else gettext("nobody yet"))


def _run(login: str, work: Callable[[Acting, Operator], Awaitable[T | NotStaffed]], by: str) -> T:
    try:
        done = acting_as(work, by)
    except ValueError as error:
        raise SetupError(
            Message("invalid login, password or duties: {problem}", problem=str(error))
        ) from error
    if isinstance(done, NotStaffed):
        raise SetupError(_SAYS[done].filled(login=repr(login)))
    return done


async def _duties(tx: Tx, texts: Sequence[str]) -> Duties:
    return frozenset([await duty_of(tx, text) for text in texts])


async def _former(tx: Tx, role: str, codes: Sequence[str]) -> Duties:
    ids: list[int] = []
    for code in codes:
        found = await catalogue.venue(tx, code)
        if found is None:
            raise SetupError(Message("venue {code} not found", code=repr(code)))
        ids.append(found.id)
    for known in FORMER:
        if role.strip().lower() == known:
            return duties_of_role(known, ids)
    return frozenset[Duty]()


def _check_role(raw: str) -> None:
    if raw and raw.strip().lower() not in FORMER:
        raise SetupError(
            Message("--role {raw} isn't one of {former}; see --duty", raw=repr(raw), former=", ".join(FORMER))
        )


def _change_duties(change: _Change, login: str, duties: Sequence[str], by: str) -> None:
    """Give or take duties, and say what they hold then."""

    async def work(works: Acting, operator: Operator) -> Duties | NotStaffed:
        async with works.db.connection() as tx:
            wanted = await _duties(tx, duties)
        return await change(works, operator, login, wanted)

    said = ", ".join(sorted(map(str, _run(login, work, by)))) or gettext("none")
    Console().print(f"{login}: {said}", markup=False, emoji=False)


def _plain(text: str, option: str) -> str:
    if has_controls(text):
        raise SetupError(
            Message("{option}: line breaks and control characters aren't allowed", option=option)
        )
    return text.strip()


def _password(*, is_given: bool) -> str:
    if not is_given:
        return staffing.draw_password()
    line = sys.stdin.readline(_LINE_MAX).rstrip("\r\n")
    if not line:
        raise SetupError(Message("standard input has no password: give it on the first line"))
    return line


def _show_password(login: str, drawn: str) -> None:
    console = Console()
    console.print(gettext("{login}: saved", login=login), markup=False, emoji=False)
    if drawn:
        console.print(
            gettext("password: {password}", password=drawn) + "\n" + gettext("It's shown only once."),
            markup=False,
            highlight=False,
        )
