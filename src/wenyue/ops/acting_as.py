"""Who runs a command: whoever has the server, or a member of staff who proves it with their password."""

import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Final, TypeVar

import typer

from wenyue.accounts import Staff, check_staff
from wenyue.accounts.second import factors
from wenyue.accounts.second.rules import Mode
from wenyue.application.on_server import NotAllowed
from wenyue.application.operating import Operator
from wenyue.core.clock import utc_now
from wenyue.core.duties import EVERY_DUTY, needs_factor
from wenyue.core.personal import Vault
from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.as_owner import with_database
from wenyue.platform.config import load
from wenyue.platform.database.db import Database
from wenyue.platform.fault import SetupError
from wenyue.platform.keys import load_keys

SERVER: Final = Operator("operator:command", duties=EVERY_DUTY)
_LINE_MAX: Final = 1000
T = TypeVar("T")
AsOf = Annotated[
    str,
    typer.Option(
        "--as",
        help="a login: its password is asked for, its duties are the limit, and the record names it",
    ),
]


class Acting:
    """What an act needs, on the server: as the owner of the database's structure."""

    def __init__(self, db: Database, vault: Vault, clock: Callable[[], datetime] = utc_now) -> None:
        self.db, self.vault, self.clock = db, vault, clock


def acting_as(work: Callable[[Acting, Operator], Awaitable[T]], login: str = "") -> T:
    """What `work` makes of it; `login`: as this member of staff. Raises SetupError (a wrong password), and what `work` raises."""
    password = password_of(login)
    vault = Vault(load_keys(load().home))

    async def inside(db: Database) -> T:
        return await work(Acting(db, vault), await operator_of(db, vault, login, password))

    with told_rights():
        return with_database(inside)


@contextmanager
def told_rights() -> Generator[None]:
    """A right that they do not have is told as what they can mend. Raises SetupError."""
    try:
        yield
    except NotAllowed as error:
        raise SetupError(
            Message(
                "--as: your duties don't include {right} there; see docs/duties.md for who can do it",
                right=error.right,
            ),
        ) from error


async def operator_of(db: Database, vault: Vault, login: str, password: str) -> Operator:
    """Who acts; the server where no login is named. Raises SetupError: a wrong password, or no second factor."""
    if not login:
        return SERVER
    mode = load().staff.second_factor
    async with db.transaction() as tx:
        staff = await check_staff(tx, vault, login, password)
        has_factor = isinstance(staff, Staff) and bool(await factors.factors_of(tx, staff.id))
    if not isinstance(staff, Staff):
        raise SetupError(Message("--as {login}: the login or password is wrong", login=login))
    if has_factor and mode != Mode.OFF:
        await _prove(db, vault, staff, _code(login))
    elif mode == Mode.NEEDED and needs_factor(staff.duties):
        raise SetupError(
            Message("--as {login}: set up a second step first, by signing in to the console", login=login),
        )
    return Operator(f"staff:{staff.id}", duties=staff.duties)


async def _prove(db: Database, vault: Vault, staff: Staff, code: str) -> None:
    async with db.transaction() as tx:
        await factors.lock_factors(tx, staff.id)
        means = await factors.prove(tx, vault, staff.id, code, utc_now())
    if means is None:
        raise SetupError(Message("--as {login}: the code is wrong or was already used", login=staff.login))


def _code(login: str) -> str:
    """Of an authenticator app, or a recovery code: from the terminal, else the next line of standard input."""
    if sys.stdin.isatty():
        return str(typer.prompt(gettext("code of {login}", login=login), err=True))
    return sys.stdin.readline(_LINE_MAX).rstrip("\r\n")


def password_of(login: str) -> str:
    """From the terminal without showing it, else the first line of standard input; empty where no login is named."""
    if not login:
        return ""
    if sys.stdin.isatty():
        return str(typer.prompt(gettext("password of {login}", login=login), hide_input=True, err=True))
    return sys.stdin.readline(_LINE_MAX).rstrip("\r\n")
