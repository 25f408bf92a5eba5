"""The `wenyue` command. Each command imports only what it needs.

Packages beside this one bring commands of their own: an entry point of the group `wenyue.commands` names a mapping like `TOOLS`.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import io
import os
import socket
import sys
import traceback
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, Final, NoReturn

import typer
import typer.core
import typer.main

from wenyue.locale.terminal import gettext
from wenyue.platform.config import Settings, SettingsError, load
from wenyue.platform.fault import SetupError

# Command → (module whose `app` is a typer.Typer, help). A tool is imported when it is called, not before.
TOOLS: Final[Mapping[str, tuple[str, str]]] = {
    "import": ("wenyue.ops.imports", "Bring venues or an old system's bookings in (导入)."),
    "backup": ("wenyue.ops.backup", "Save everything; `check` proves it (备份)."),
    "restore": ("wenyue.ops.backup.restore_command", "Bring a moment back, into a new home (恢复)."),
    "standby": ("wenyue.ops.standby", "A second machine that follows and can take over (备机)."),
    "probe": ("wenyue.ops.probe", "Look at one thing and say how it is, for runbooks (查看)."),
    "events": ("wenyue.ops.events", "What happened, who was told, what is stuck (事件)."),
    "abuse": ("wenyue.ops.abuse", "Suspicious patterns: look, block, lift, set limits (可疑迹象)."),
    "bans": ("wenyue.ops.bans", "Who may not book, and lifting it (限制预约)."),
    "names": (
        "wenyue.ops.names",
        "Names that staff saw on a document, and striking false ones (姓名写法).",
    ),
    "retention": ("wenyue.ops.retention", "Personal data past its period: preview, erase (到期清除)."),
    "holidays": (
        "wenyue.ops.holidays",
        "What is known of a year's holidays, and corrections of it (节假日).",
    ),
    "changes": ("wenyue.ops.changes", "Proposals and approvals; whether one operator works alone (变更)."),
    "slots": ("wenyue.ops.slots", "Close and reopen sessions, prices, capacities (场次)."),
    "record": ("wenyue.ops.record", "Who did what and when; reading it is recorded, too (操作记录)."),
    "staff": ("wenyue.ops.staff", "Who may sign in at the gate and in the console (员工账号)."),
    "devices": ("wenyue.ops.devices", "Devices at gates and counters: enrol, list, revoke (闸口设备)."),
    "room": ("wenyue.ops.waiting_rooms", "Waiting rooms in front of scarce places (排队等候)."),
    "fairness": ("wenyue.ops.fairness", "Prove that a waiting room was fair (公平核验)."),
    "keys": ("wenyue.ops.keys", "Key files: make, list, rotate while everything runs (密钥)."),
    "monitor": ("wenyue.ops.monitoring", "Check everything each minute and tell operators (监控)."),
    "status": ("wenyue.ops.status", "The public status page, and its incidents (状态页)."),
}

# Of wenyue-lab, so that whoever misses one is told where it is.
LAB_COMMANDS: Final = frozenset({"replay", "bench", "scale", "sim", "lab", "drill"})
OWN_COMMANDS: Final = frozenset({"up", "migrate", "doctor", "web", "worker", "has"})


class ToolGroup(typer.core.TyperGroup):
    """The command group; tools appear in it when their module is there."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - typer's own context, which it does not export
        """Our own commands, then the tools that this installation has."""
        return [*super().list_commands(ctx), *every_tool()]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - as above
        """Resolve a tool by importing it, unless only its name in the list is wanted."""
        tool = tool_of(cmd_name)
        if tool is None and cmd_name in LAB_COMMANDS:
            ctx.fail(
                gettext("`{name}` comes with the package wenyue-lab: install it beside wenyue", name=cmd_name)
            )
        if tool is None:
            return super().get_command(ctx, cmd_name)
        module_name, text = tool
        if ctx.resilient_parsing or cmd_name not in sys.argv:
            return typer.core.TyperCommand(cmd_name, help=text)
        command = typer.main.get_command(importlib.import_module(module_name).app)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=ToolGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="稳约 Wenyue: the reservation system for smart tourism cards.",
)


@app.command()
def up() -> None:
    """Start everything in the foreground: database, web, worker (启动)."""
    from wenyue.ops.up import up as run

    run(settings(), print_progress)


@app.command()
def migrate(
    *,
    accept_keys: Annotated[
        bool, typer.Option("--accept-keys", help="this home's keys are the installation's from now on")
    ] = False,
) -> None:
    """Bring the database's structure up to date (升级数据库结构)."""
    from wenyue.ops.database import ReadyDatabase
    from wenyue.ops.key_mark import unsaid
    from wenyue.ops.same_keys import claim_keys
    from wenyue.platform.database.migrate import migrate as run

    database = ReadyDatabase(settings(), print_progress)
    try:
        applied = run(database.owner_url, progress=print_progress)
        tell = print_progress if database.server is None else unsaid  # one machine: nothing need be copied
        claim_keys(settings().home, database.owner_url, is_accepted=accept_keys, say=tell)
    finally:
        database.close()
    print_progress(gettext("applied {n} migrations", n=len(applied)) if applied else gettext("nothing to do"))


@app.command()
def doctor() -> None:
    """Check this installation and say how to mend it (检查)."""
    from rich.console import Console

    from wenyue.ops.doctor import examine, show

    findings = examine(load)
    show(findings, Console())
    if any(finding.is_fault for finding in findings):
        raise typer.Exit(1)


@app.command()
def web(
    fd: Annotated[
        int | None, typer.Option(help="an inherited listening socket, as `wenyue up` gives it")
    ] = None,
    tls_fd: Annotated[
        int | None, typer.Option(help="likewise, for HTTPS with the certificate of our own")
    ] = None,
) -> None:
    """One web process, for installations on several machines (单个网页进程)."""
    if fd is not None:
        _end_with_supervisor()
    else:
        _require_same_keys()
    from wenyue.app import run_web
    from wenyue.platform.certificates import Certificates
    from wenyue.platform.http.web_server import TlsSocket

    tls = None
    if tls_fd is not None:
        tls = TlsSocket(socket.socket(fileno=tls_fd), Certificates(settings().home / "tls").server)
    run_web(sock=None if fd is None else socket.socket(fileno=fd), port=settings().web.port, tls=tls)


@app.command()
def worker(*, supervised: Annotated[bool, typer.Option("--supervised", hidden=True)] = False) -> None:
    """One worker process, for installations on several machines (单个后台进程)."""
    if supervised:
        _end_with_supervisor()
    else:
        _require_same_keys()
    from wenyue.app import run_worker

    run_worker()


@app.command(hidden=True)
def has(name: str) -> None:
    """Exit with status 0 when this installation has the tool NAME (for the Makefile)."""
    raise typer.Exit(1 if tool_of(name) is None else 0)


def main() -> NoReturn:
    """Run the command; a fault that the reader can mend is one line and status 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without Chinese shows marks, not a traceback
            stream.reconfigure(errors="replace")
    sys.exit(run_guarded(app))


def run_guarded(command: Callable[[], Any]) -> int:
    """Run ``command`` and return the exit status; known faults are printed as one line."""
    import psycopg

    from wenyue.platform.database.db import DatabaseDown

    try:
        command()
    except (SetupError, SettingsError) as fault:
        return complain(str(fault))
    except DatabaseDown:  # while it started: whoever keeps it starts it again
        return complain(gettext("the database does not answer; try `wenyue doctor`"))
    except psycopg.Error as fault:
        return complain(
            gettext(
                "the database answered: {reason}; try `wenyue doctor`",
                reason=" ".join(str(fault).split())[:300],
            )
        )
    except Exception as fault:
        if os.environ.get("WENYUE_TRACEBACK", "") not in {"", "0"}:
            raise
        return complain(
            gettext(
                "unexpected: {name}: {reason} ({where}); WENYUE_TRACEBACK=1 shows more",
                name=type(fault).__name__,
                reason=" ".join(str(fault).split())[:300],
                where=_where(fault),
            )
        )
    return 0


def _where(fault: BaseException) -> str:
    """The last line of ours that it passed."""
    frames = traceback.extract_tb(fault.__traceback__)
    own = [frame for frame in frames if "wenyue" in frame.filename] or frames
    return f"{own[-1].filename.rpartition('/')[2]}:{own[-1].lineno}" if own else "nowhere"


def complain(line: str) -> int:
    """Print the one line of a fault to standard error; return the status 1."""
    print(f"wenyue: {line}", file=sys.stderr, flush=True)  # noqa: T201 - this is what the command says
    return 1


def print_progress(line: str) -> None:
    """One line of progress, at once even into a pipe."""
    print(line, flush=True)  # noqa: T201 - this is what the command says


def settings() -> Settings:
    """The installation's settings from the environment."""
    return load()


def tool_of(name: str) -> tuple[str, str] | None:
    """Module and help of the tool, this package's or another's; None when this installation has none of that name."""
    if name in OWN_COMMANDS:
        return None
    return TOOLS.get(name) or installed_tools().get(name)


def every_tool() -> Mapping[str, tuple[str, str]]:
    """Every tool of this installation: name → (module, help)."""
    return {**TOOLS, **installed_tools()}


@cache
def installed_tools() -> Mapping[str, tuple[str, str]]:
    """The tools that other installed packages bring, such as wenyue-lab."""
    found: dict[str, tuple[str, str]] = {}
    for entry in importlib.metadata.entry_points(group="wenyue.commands"):
        found |= entry.load()
    return found


def _require_same_keys() -> None:
    from wenyue.ops.same_keys import require_keys

    require_keys(settings())


def _end_with_supervisor() -> None:
    from wenyue.platform.parent_death_signal import end_with_parent

    end_with_parent()


if __name__ == "__main__":
    main()
