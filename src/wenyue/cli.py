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
from wenyue.platform.config import Settings, load
from wenyue.platform.fault import SetupError
from wenyue.platform.program import Program, ProgramGroup, Tool, said
from wenyue.platform.variables import SettingsError

# Command → the module whose `app` is a Program, and its help. A tool is imported when it is called, not before.
TOOLS: Final[Mapping[str, Tool]] = {
    "import": Tool("wenyue.ops.imports", help="Bring venues or an old system's bookings in."),
    "pictures": Tool("wenyue.ops.pictures", help="Pictures of venues: add, list, remove, order."),
    "export": Tool("wenyue.ops.exports", help="Write what is here in the form that imports read."),
    "backup": Tool("wenyue.ops.backup", help="Save everything; `check` proves it."),
    "restore": Tool("wenyue.ops.backup.restore_command", help="Bring a moment back, into a new home."),
    "standby": Tool("wenyue.ops.standby", help="A second machine that follows and can take over."),
    "probe": Tool("wenyue.ops.probe", help="Look at one thing and say how it is, for runbooks."),
    "events": Tool("wenyue.ops.events", help="What happened, who was told, what is stuck."),
    "abuse": Tool("wenyue.ops.abuse", help="Suspicious patterns: look, block, lift, set limits."),
    "bans": Tool("wenyue.ops.bans", help="Who may not book, and lifting it."),
    "names": Tool("wenyue.ops.names", help="Names that staff saw on a document, and striking false ones."),
    "retention": Tool("wenyue.ops.retention", help="Personal data past its period: preview, erase."),
    "holidays": Tool(
        "wenyue.ops.holidays", help="What is known of a year's holidays, and corrections of it."
    ),
    "changes": Tool("wenyue.ops.changes", help="Proposals and approvals; whether one operator works alone."),
    "slots": Tool("wenyue.ops.slots", help="Close and reopen sessions, prices, capacities."),
    "record": Tool("wenyue.ops.record", help="Who did what and when; reading it is recorded, too."),
    "staff": Tool("wenyue.ops.staff", help="Who may sign in at the gate and in the console."),
    "devices": Tool("wenyue.ops.devices", help="Devices at gates and counters: enrol, list, revoke."),
    "room": Tool("wenyue.ops.waiting_rooms", help="Waiting rooms in front of scarce places."),
    "fairness": Tool("wenyue.ops.fairness", help="Prove that a waiting room was fair."),
    "keys": Tool("wenyue.ops.keys", help="Key files: make, list, rotate while everything runs."),
    "monitor": Tool("wenyue.ops.monitoring", help="Check everything each minute and tell operators."),
    "status": Tool("wenyue.ops.status", help="The public status page, and its incidents."),
}

# Of wenyue-lab, so that whoever misses one is told where it is.
LAB_COMMANDS: Final = frozenset({"replay", "bench", "scale", "sim", "lab", "drill", "move-in"})
OWN_COMMANDS: Final = frozenset({"up", "migrate", "doctor", "web", "worker", "has"})


class ToolGroup(ProgramGroup):
    """The command group; tools appear in it when their module is there."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - typer's own context, which it does not export
        """Our own commands, then the tools that this installation has."""
        return [*super().list_commands(ctx), *every_tool()]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - as above
        """Resolve a tool by importing it, unless only its name in the list is wanted."""
        tool = tool_of(cmd_name)
        if tool is None and cmd_name in LAB_COMMANDS:
            ctx.fail(
                gettext(
                    "`{name}` is part of the package wenyue-lab: install it alongside wenyue", name=cmd_name
                )
            )
        if tool is None:
            return super().get_command(ctx, cmd_name)
        if ctx.resilient_parsing or cmd_name not in sys.argv:
            return typer.core.TyperCommand(cmd_name, help=said(tool.help))
        command = typer.main.get_command(importlib.import_module(tool.module).app)
        command.name = cmd_name
        return command


app = Program(
    cls=ToolGroup,
    no_args_is_help=True,
    help="Wenyue: the reservation system for smart tourism cards.",
)


@app.command()
def up() -> None:
    """Start everything in the foreground: database, web, worker."""
    from wenyue.ops.up import up as run

    run(settings(), print_progress)


@app.command()
def migrate(
    *,
    accept_keys: Annotated[
        bool, typer.Option("--accept-keys", help="this home's keys are the installation's from now on")
    ] = False,
) -> None:
    """Bring the database's structure up to date."""
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
    """Check this installation and say how to mend it."""
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
    """One web process, for installations on several machines."""
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
    """One worker process, for installations on several machines."""
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
        return complain(gettext("the database isn't responding; try `wenyue doctor`"))
    except psycopg.Error as fault:
        return complain(
            gettext(
                "the database reported: {reason}; try `wenyue doctor`",
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


def tool_of(name: str) -> Tool | None:
    """The tool, this package's or another's; None when this installation has none of that name."""
    if name in OWN_COMMANDS:
        return None
    return TOOLS.get(name) or installed_tools().get(name)


def every_tool() -> Mapping[str, Tool]:
    """Every tool of this installation: by name."""
    return {**TOOLS, **installed_tools()}


@cache
def installed_tools() -> Mapping[str, Tool]:
    """The tools that other installed packages bring, such as wenyue-lab."""
    found: dict[str, Tool] = {}
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
