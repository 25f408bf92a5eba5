"""Who runs a command: whoever has the server, or a member of staff who proves it with their password."""

import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Final, TypeVar

import typer

from wenyue.accounts import Staff, check_staff
from wenyue.accounts.second import factors
from wenyue.accounts.second.rules import Mode
from wenyue.application.operating import Operator
from wenyue.infra.config import load
from wenyue.infra.db import Database
from wenyue.infra.fault import SetupError
from wenyue.infra.keys import load_keys
from wenyue.kernel.clock import utc_now
from wenyue.kernel.duties import EVERY_DUTY
from wenyue.kernel.personal import Vault
from wenyue.tools.as_owner import with_database

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

    def __init__(self, db: Database, vault: Vault) -> None:
        self.db, self.vault, self.clock = db, vault, utc_now


def acting_as(work: Callable[[Acting, Operator], Awaitable[T]], login: str = "") -> T:
    """What `work` makes of it; `login`: as this member of staff. Raises SetupError (a wrong password), and what `work` raises."""
    password = _asked(login) if login else ""
    vault = Vault(load_keys(load().home))

    async def inside(db: Database) -> T:
        operator = await _operator(db, vault, login, password) if login else SERVER
        return await work(Acting(db, vault), operator)

    return with_database(inside)


async def _operator(db: Database, vault: Vault, login: str, password: str) -> Operator:
    async with db.transaction() as tx:
        staff = await check_staff(tx, vault, login, password)
        has_factor = isinstance(staff, Staff) and bool(await factors.factors_of(tx, staff.id))
    if not isinstance(staff, Staff):
        raise SetupError(f"--as {login}: the login or the password is wrong", "账号或密码不对")
    if has_factor and load().staff.second_factor != Mode.OFF:
        await _prove(db, vault, staff, _code(login))
    return Operator(f"staff:{staff.id}", duties=staff.duties)


async def _prove(db: Database, vault: Vault, staff: Staff, code: str) -> None:
    async with db.transaction() as tx:
        await factors.lock_factors(tx, staff.id)
        means = await factors.prove(tx, vault, staff.id, code, utc_now())
    if means is None:
        raise SetupError(f"--as {staff.login}: the code is wrong, or was used", "验证码不对或已用过")


def _code(login: str) -> str:
    """Of an authenticator app, or a recovery code: from the terminal, else the next line of standard input."""
    if sys.stdin.isatty():
        return str(typer.prompt(f"code of {login} · 验证码", err=True))
    return sys.stdin.readline(_LINE_MAX).rstrip("\r\n")


def _asked(login: str) -> str:
    """From the terminal without showing it, else the first line of standard input."""
    if sys.stdin.isatty():
        return str(typer.prompt(f"password of {login} · 密码", hide_input=True, err=True))
    return sys.stdin.readline(_LINE_MAX).rstrip("\r\n")
