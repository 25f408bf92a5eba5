"""`wenyue staff`: who may sign in at the gate and in the console, by command.

A password is drawn and shown once, or read as one line from standard input; it never stands in the command line, where `ps` and
the shell's history would show it.
"""

import secrets
import sys
from collections.abc import Sequence
from typing import Annotated, Final, TypeVar, get_args

import typer
from rich.console import Console
from rich.table import Table

from wenyue import accounts, catalogue
from wenyue.accounts import Role, StaffRecord
from wenyue.infra.db import Tx
from wenyue.infra.fault import SetupError
from wenyue.kernel.clock import utc_now
from wenyue.kernel.documents.text import has_controls
from wenyue.kernel.personal import Vault
from wenyue.tools.as_owner import in_transaction

app = typer.Typer(no_args_is_help=True, help="Who may sign in at the gate and in the console (员工账号).")
T = TypeVar("T")
ACTOR: Final = "operator:command"
_ROLES: Final[tuple[Role, ...]] = get_args(Role)
_ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that is read as something else
_GROUPS, _GROUP = 4, 5  # 99 bits
_LINE_MAX: Final = 1000
_LoginOf = Annotated[str, typer.Argument(help="the login, such as zhang.san")]
_StdinOf = Annotated[
    bool,
    typer.Option("--password-stdin", help="read the password from standard input instead of drawing one"),
]


@app.command()
def add(
    login: _LoginOf,
    *,
    role: Annotated[str, typer.Option(help=" | ".join(_ROLES))],
    venue: Annotated[
        list[str] | None, typer.Option(help="code of a venue they work at; repeat it; none: every venue")
    ] = None,
    name: Annotated[str, typer.Option(help="as colleagues read it")] = "",
    password_stdin: _StdinOf = False,
) -> None:
    """Add a member of staff; a login that exists is refused (新增员工)."""
    wanted_role, name = _role(role), _plain(name, "--name")
    password = _password(is_given=password_stdin)

    async def work(tx: Tx, vault: Vault) -> None:
        known = await _find(tx, login)
        if known is not None and known.is_active:
            raise SetupError(
                f"there is a login {login!r} already: `wenyue staff reset` gives it a new password",
                "账号已存在",
            )
        venues = await _venue_ids(tx, venue or [])
        await _save(tx, vault, login, password, wanted_role, display_name=name, venue_ids=venues)

    in_transaction(work)
    _show_password(login, "" if password_stdin else password)


@app.command()
def retire(login: _LoginOf) -> None:
    """A member of staff leaves: what they are signed in with ends with this command (停用员工)."""

    async def work(tx: Tx, _: Vault) -> None:
        known = await _need(tx, login)
        await accounts.retire_staff(tx, known.staff.id, utc_now(), ACTOR)

    in_transaction(work)
    Console().print(
        f"{login}: retired, and signed out everywhere · 已停用并退出登录", markup=False, emoji=False
    )


@app.command()
def reset(login: _LoginOf, *, password_stdin: _StdinOf = False) -> None:
    """A new password; whoever is signed in with this login is signed out, and it is unlocked (重置密码)."""
    password = _password(is_given=password_stdin)

    async def work(tx: Tx, vault: Vault) -> None:
        staff = (await _need(tx, login)).staff
        await _save(
            tx,
            vault,
            login,
            password,
            staff.role,
            display_name=staff.display_name,
            venue_ids=tuple(sorted(staff.venue_ids)),
        )

    in_transaction(work)
    _show_password(login, "" if password_stdin else password)


@app.command()
def unlock(login: _LoginOf) -> None:
    """Wrong passwords so far make this login wait no longer (解除等待)."""

    async def work(tx: Tx, _: Vault) -> None:
        known = await _need(tx, login)
        await accounts.unlock_staff(tx, known.staff.id, utc_now(), ACTOR)

    in_transaction(work)
    Console().print(f"{login}: unlocked · 已解除", markup=False, emoji=False)


@app.command("list")
def list_() -> None:
    """Everybody with their roles and venues (员工列表)."""

    async def work(tx: Tx, _: Vault) -> tuple[list[StaffRecord], dict[int, str]]:
        found = await accounts.staffing.staff_list(tx)
        ids = sorted({id_ for one in found for id_ in one.staff.venue_ids})
        venues = await catalogue.venues_by_id(tx, ids)
        return found, {id_: one.code for id_, one in venues.items()}

    found, codes = in_transaction(work)
    table = Table(box=None, pad_edge=False)
    for head in ("login 账号", "role 角色", "venues 场馆", "name 姓名", "state 状态"):
        table.add_column(head, overflow="fold")
    for one in found:
        venues = ", ".join(codes.get(id_, str(id_)) for id_ in sorted(one.staff.venue_ids)) or "all 全部"
        state = (
            "retired 已停用"
            if not one.is_active
            else "active 在用"
            if one.has_password
            else "no password 无密码"
        )
        table.add_row(one.staff.login, one.staff.role, venues, one.staff.display_name, state)
    console = Console(markup=False, emoji=False)  # a name may hold brackets, and colons
    console.print(table if found else "nobody yet · 还没有员工：wenyue staff add")


async def _save(
    tx: Tx,
    vault: Vault,
    login: str,
    password: str,
    role: Role,
    *,
    display_name: str,
    venue_ids: tuple[int, ...],
) -> None:
    try:
        await accounts.save_staff(
            tx,
            vault,
            login=login,
            password=password,
            role=role,
            now=utc_now(),
            actor=ACTOR,
            display_name=display_name,
            venue_ids=venue_ids,
        )
    except ValueError as error:
        raise SetupError(str(error), "账号、密码或场馆不合要求") from error


async def _find(tx: Tx, login: str) -> StaffRecord | None:
    wanted = login.strip().lower()
    return next((one for one in await accounts.staffing.staff_list(tx) if one.staff.login == wanted), None)


async def _need(tx: Tx, login: str) -> StaffRecord:
    known = await _find(tx, login)
    if known is None or not known.is_active:
        what = "there is no login" if known is None else "is retired: add it again"
        raise SetupError(f"{what} {login!r}; `wenyue staff list` shows them", "没有这个在用的账号")
    return known


async def _venue_ids(tx: Tx, codes: Sequence[str]) -> tuple[int, ...]:
    ids: list[int] = []
    for code in codes:
        found = await catalogue.venue(tx, code)
        if found is None:
            raise SetupError(f"there is no venue {code!r}", f"没有场馆 {code}")
        ids.append(found.id)
    return tuple(sorted(set(ids)))


def _role(raw: str) -> Role:
    for role in _ROLES:
        if raw.strip().lower() == role:
            return role
    raise SetupError(f"--role {raw!r} is none of {', '.join(_ROLES)}", f"角色只能是 {'、'.join(_ROLES)}")


def _plain(text: str, option: str) -> str:
    if has_controls(text):
        raise SetupError(
            f"{option}: line breaks and control characters are not taken", "不能含换行或控制字符"
        )
    return text.strip()


def _password(*, is_given: bool) -> str:
    if not is_given:
        groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
        return "-".join(groups)
    line = sys.stdin.readline(_LINE_MAX).rstrip("\r\n")
    if not line:
        raise SetupError("standard input holds no password: its first line is taken", "标准输入里没有密码")
    return line


def _show_password(login: str, drawn: str) -> None:
    console = Console()
    console.print(f"{login}: saved · 已保存", markup=False, emoji=False)
    if drawn:
        console.print(
            f"password · 密码: {drawn}\nIt is shown this once. · 只显示这一次。",
            markup=False,
            highlight=False,
        )
