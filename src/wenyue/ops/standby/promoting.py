"""Lets a standby take over: only when the primary is gone (or on insistence), with this home's own passwords."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import psycopg

from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.backup.folder import write
from wenyue.ops.backup.recovering import adopt
from wenyue.ops.standby.running import await_ended, follow, standby_place
from wenyue.ops.standby.state import SQL
from wenyue.platform.embedded_server import hold_home
from wenyue.platform.embedded_server.cluster import TRUST, configure
from wenyue.platform.embedded_server.locks import LockHeldError, held
from wenyue.platform.embedded_server.owning import change_plain
from wenyue.platform.embedded_server.peer import FOLDER, Link, ask
from wenyue.platform.embedded_server.place import DATABASE, Place
from wenyue.platform.embedded_server.postmaster import halt, is_alive, launch, running_pid
from wenyue.platform.fault import SetupError

RUNNER_DEADLINE_S: Final = 90.0


def promote(home: Path, say: Callable[[str], None], *, even_if_primary_lives: bool) -> None:
    """From now on `home` is a primary on a timeline of its own; it does not run when this returns. Raises SetupError.

    Whenever it was cut off, run it again: every step finds what the last try has done.
    """
    place, link = standby_place(home)
    answer = ask(home, link)
    if answer is not None and answer.is_primary and not even_if_primary_lives:
        raise SetupError(
            Message(
                "the primary at {peer_host}:{peer_port} is still running: stop `wenyue up` "
                "there first, so that nobody can book in two places; to go ahead anyway, use "
                "--even-if-primary-lives",
                peer_host=link.peer_host,
                peer_port=link.peer_port,
            ),
        )
    if running_pid(place.data, tidies=False) is not None:
        _promote_under(place)
        say(gettext("promoted; waiting for `wenyue standby run` to end"))
        await_ended(lambda: _is_free(home), RUNNER_DEADLINE_S)
    with hold_home(home, "standby promote"):
        _adopt(place, link, say)
        write(home / FOLDER / "link.json", replace(link, role="primary"))
        (home / FOLDER / "status.json").unlink(missing_ok=True)


def _adopt(place: Place, link: Link, say: Callable[[str], None]) -> None:
    """Start once behind the private socket, promote if that is still to do, set this home's passwords, stop."""
    if (place.data / "standby.signal").exists():
        follow(place, link)
    else:
        configure(place, {})
    change_plain(place.data / "pg_hba.conf", TRUST)
    process = launch(place, say)
    try:
        _promote(place)
        adopt(place, DATABASE)
    finally:
        halt(process.pid, process)
    await_ended(lambda: not is_alive(process.pid, process), RUNNER_DEADLINE_S)
    configure(place, {})


def _promote_under(place: Place) -> None:
    """Promote the server of `standby run`, which stops it as soon as it sees that: often before the server has answered us."""
    try:
        _promote(place)
    except psycopg.OperationalError as error:
        if (place.data / "standby.signal").exists():
            raise SetupError(
                Message(
                    "the standby's server isn't responding ({error}): stop `wenyue standby "
                    "run` and try again",
                    error=error,
                ),
            ) from error


def _promote(place: Place) -> None:
    with psycopg.connect(
        place.url("postgres", "postgres"), autocommit=True, connect_timeout=10
    ) as connection:
        row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
        if row is None or not row[0]:
            return
        done = connection.execute(SQL["promote"]).fetchone()
        if done is None or not done[0]:
            raise SetupError(Message("the server didn't finish its promotion within 60 s: see its log"))


def _is_free(home: Path) -> bool:
    with suppress(LockHeldError), held(home / "up.lock", wait_s=0):
        return True
    return False


def advice(port: int, old: str) -> list[str]:
    """What people do with names and addresses after a takeover."""
    off = gettext(
        "the old primary ({old}) must not serve: switch it off, or leave it fenced; when it "
        "comes back and reaches this machine, it fences itself",
        old=old,
    )
    name = gettext(
        "point the travellers' address at this machine, port {port}: change the DNS record "
        "(a TTL of 60 s or less helps), or the backend's server line in HAProxy and reload it",
        port=port,
    )
    return [
        off,
        name,
        gettext(
            "set up a new standby: `wenyue standby allow` here, `wenyue standby init` into a new home there"
        ),
        gettext("take a full backup now: `wenyue backup --full`"),
    ]
