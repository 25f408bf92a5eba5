"""`wenyue standby`: the face of the warm standby at a terminal."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from rich.console import Console

from wenyue.locale.terminal import gettext, pgettext
from wenyue.ops.backup.showing import bars
from wenyue.ops.standby import running as running_module
from wenyue.ops.standby.allowing import Terms, allow, lines, running, synchronous
from wenyue.ops.standby.initialising import initialise, with_let_in
from wenyue.ops.standby.link import serve
from wenyue.ops.standby.promoting import advice, promote
from wenyue.ops.standby.running import run_standby, standby_place
from wenyue.ops.standby.state import PORT, read_invitation
from wenyue.platform.config import load
from wenyue.platform.embedded_server.peer import read_link
from wenyue.platform.parent_death_signal import end_with_parent
from wenyue.platform.program import Program

app = Program(no_args_is_help=True, help="A second machine that follows and can take over.")


@app.command("allow")
def allow_one(
    source: Annotated[str, typer.Option("--from", help="address (or network) of the second machine")],
    at: Annotated[str, typer.Option(help="how the second machine calls this one: a name or an address")],
    to: Annotated[Path, typer.Option(help="file for the invitation; carry it over, then delete it")],
    *,
    listen: Annotated[str, typer.Option(help="address of this machine to listen on")] = "0.0.0.0",  # noqa: S104 - said in the docs; only --from is let in
    port: Annotated[int, typer.Option(min=1, max=65535, help="port to listen on")] = PORT,
    peer: Annotated[
        str | None, typer.Option(help="how this machine calls the second one; default: --from")
    ] = None,
    peer_port: Annotated[int, typer.Option(min=1, max=65535, help="its port")] = PORT,
) -> None:
    """At the primary: let one machine follow, and write its invitation."""
    settings = load()
    terms = Terms(source, at, listen, port, peer or source.partition("/")[0], peer_port)
    allow(settings, terms, to)
    _say(
        f"{source} may follow over TLS at {at}:{port}; the invitation is in {to} (0600): carry it over by hand"
    )
    _say(gettext("save the keys separately: `wenyue backup --keys-to DIR`"))
    _say(gettext("restart `wenyue up` once to open the link"))


@app.command()
def init(
    source: Annotated[Path, typer.Option("--from", help="the invitation of `wenyue standby allow`")],
    into: Annotated[Path, typer.Option(help="the standby's WENYUE_HOME; it must not exist yet or be empty")],
    keys: Annotated[Path | None, typer.Option(help="the file of `wenyue backup --keys-to`")] = None,
    *,
    listen: Annotated[
        str | None, typer.Option(help="address to listen on for the primary's questions")
    ] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="its port")] = None,
    let_in: Annotated[
        str | None, typer.Option(help="address of the primary; default: whoever has its certificate")
    ] = None,
) -> None:
    """At the second machine: copy the primary into a new home."""
    invitation = with_let_in(read_invitation(source), listen, port, let_in)
    began = time.monotonic()
    with bars(Console()) as report:
        initialise(invitation, into, keys, report)
    _say(
        gettext(
            "copied in {seconds} s. Keep it following: WENYUE_HOME={into} wenyue standby run",
            seconds=f"{time.monotonic() - began:.1f}",
            into=into,
        )
    )


@app.command("run")
def follow() -> None:
    """At the second machine: follow until it is ended or promoted."""
    if run_standby(load().home, _say):
        _say(gettext("promoted: this process is ending"))


@app.command()
def status() -> None:
    """At either machine: who follows whom, and how far behind; status 1 when nobody follows."""
    settings = load()
    link = read_link(settings.home)
    if link is not None and link.role == "standby":
        place, _ = standby_place(settings.home)
        with suppress(psycopg.Error):
            found, _ = running_module.read_standing(place)
            _say(
                f"standby of {link.peer_host}:{link.peer_port}: {found.says}; {found.stored_behind_bytes} bytes not yet here, "
                f"{found.replayed_behind_bytes} bytes not yet replayed, {_seconds(found.behind_s)} behind, the primary was "
                f"heard {_seconds(found.heard_s_ago)} ago"
            )
            raise typer.Exit(0 if found.is_following else 1)
        _say(gettext("the standby isn't running: start it with `wenyue standby run`"))
        raise typer.Exit(1)
    said = lines(running(settings))
    for line in said:
        _say(line)
    raise typer.Exit(0 if "streaming" in said[0] else 1)


@app.command("synchronous")
def make_synchronous(
    *, off: Annotated[bool, typer.Option("--off", help="commits wait for nobody again")] = False
) -> None:
    """At the primary: every commit waits until the standby has it, so that no confirmed booking is lost."""
    synchronous(load(), is_on=not off)
    if off:
        _say(
            pgettext(
                "ops",
                "commits don't wait for the standby: whatever it hasn't received is "
                "lost if this machine fails",
            )
        )
    else:
        _say(
            gettext(
                "every commit waits for the standby. If it goes away, nobody can book until "
                "it is back or you run `wenyue standby synchronous --off`"
            )
        )


@app.command("promote")
def take_over(
    *,
    even_if_primary_lives: Annotated[
        bool, typer.Option("--even-if-primary-lives", help="although the primary answers")
    ] = False,
    no_start: Annotated[bool, typer.Option("--no-start", help="do not start `wenyue up` afterwards")] = False,
) -> None:
    """At the second machine: take over from the primary, and start `wenyue up`."""
    settings = load()
    began = time.monotonic()
    _, link = standby_place(settings.home)
    promote(settings.home, _say, even_if_primary_lives=even_if_primary_lives)
    _say(
        gettext(
            "{home} is now the primary, after {seconds} s",
            home=settings.home,
            seconds=f"{time.monotonic() - began:.1f}",
        )
    )
    for line in advice(settings.web.port, f"{link.peer_host}:{link.peer_port}"):
        _say(f"- {line}")
    if not no_start:
        sys.stdout.flush()
        os.execv(sys.executable, [sys.executable, "-m", "wenyue.cli", "up"])  # noqa: S606 - becomes `wenyue up`


@app.command("link", hidden=True)
def link_of(home: Annotated[Path | None, typer.Argument()] = None) -> None:
    """The way between the machines, beside `wenyue up` or `wenyue standby run`."""
    end_with_parent()
    asyncio.run(serve(home or load().home, _say))


def _seconds(count: float | None) -> str:
    return "?" if count is None else f"{count:.1f} s"


def _say(line: str) -> None:
    Console().print(line, markup=False, highlight=False, soft_wrap=True)
