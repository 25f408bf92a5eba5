"""The primary's side: let one other machine follow, tell how far it is, let commits wait for it."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.backup.folder import as_fault, write
from wenyue.ops.backup.keys import prints
from wenyue.ops.standby.state import FORMAT, ROLE, SLOT, SQL, Invitation, certificate, put
from wenyue.platform.config import Settings
from wenyue.platform.embedded_server import ServerInfo, find_running
from wenyue.platform.embedded_server.peer import Link
from wenyue.platform.fault import SetupError

_WARNING = "who has this file can copy the database; the keys that open names are not in it"


@dataclass(frozen=True)
class Terms:
    """Who may follow, and how the two reach each other."""

    let_in: str  # the standby's address
    at_host: str  # how the standby calls this machine
    listen: str
    port: int
    peer_host: str
    peer_port: int


def allow(settings: Settings, terms: Terms, target: Path) -> None:
    """Make the login, the certificates and this side's files; write the invitation to `target`. Raises SetupError."""
    server = running(settings)
    _require_address(terms.let_in)
    _require_address(terms.listen)
    password = secrets.token_urlsafe(24)
    mine, theirs = certificate("wenyue primary"), certificate("wenyue standby")
    with psycopg.connect(server.superuser_url, autocommit=True, connect_timeout=10) as connection:
        row = connection.execute(SQL["has_role"], {"role": ROLE}).fetchone()
        verb = sql.SQL("ALTER" if row is not None and row[0] else "CREATE")
        verifier = connection.pgconn.encrypt_password(password.encode(), ROLE.encode(), b"scram-sha-256")
        statement = sql.SQL("{} ROLE {} LOGIN REPLICATION CONNECTION LIMIT 8 PASSWORD {}")
        connection.execute(statement.format(verb, sql.Identifier(ROLE), sql.Literal(verifier.decode())))
    here = Link(
        role="primary",
        listen=terms.listen,
        port=terms.port,
        let_in=terms.let_in,
        peer_host=terms.peer_host,
        peer_port=terms.peer_port,
        password=password,
    )
    there = Link(
        role="standby",
        listen="0.0.0.0",  # noqa: S104 - the other machine's, which lets in this one's address only
        port=terms.peer_port,
        let_in="0.0.0.0/0",
        peer_host=terms.at_host,
        peer_port=terms.port,
        password=password,
    )
    put(settings.home, here, mine, theirs[0])
    invitation = Invitation(
        format=FORMAT,
        warning=_WARNING,
        link=there,
        own_certificate=theirs[0],
        own_key=theirs[1],
        peer_certificate=mine[0],
        key_prints=prints(settings.home),
    )
    try:
        write(target.expanduser().absolute(), invitation)
    except OSError as error:
        raise as_fault(error, target) from error


def synchronous(settings: Settings, *, is_on: bool) -> None:
    """Let every commit wait for the standby, or for nobody. Raises SetupError when none follows."""
    server = running(settings)
    with psycopg.connect(server.superuser_url, autocommit=True, connect_timeout=10) as connection:
        if is_on:
            rows = connection.execute(SQL["followers"], {"role": ROLE}).fetchall()
            if not any(row[1] == "streaming" for row in rows):
                raise SetupError(
                    Message(
                        "no standby is following, so commits would wait forever: start "
                        "`wenyue standby run` there first"
                    ),
                )
        value = sql.Literal(ROLE if is_on else "")
        connection.execute(sql.SQL("ALTER SYSTEM SET synchronous_standby_names = {}").format(value))
        connection.execute("SELECT pg_reload_conf()")


def lines(server: ServerInfo) -> list[str]:
    """How the followers of this primary stand."""
    with psycopg.connect(server.superuser_url, autocommit=True, connect_timeout=10) as connection:
        rows = connection.execute(SQL["followers"], {"role": ROLE}).fetchall()
        slot = connection.execute(SQL["slot"], {"slot": SLOT}).fetchone()
        waits = connection.execute(SQL["waits_for"]).fetchone()
    said = [
        f"{name}: {state}, {mode}; {unsafe} bytes not yet safe there ({lag:.3f} s), {unseen} bytes not yet replayed"
        for name, state, mode, unsafe, unseen, lag in rows
    ]
    if not rows:
        said.append(gettext("no standby is following"))
    if slot is not None and not slot[0]:
        said.append(f"{slot[2] or 0} bytes of log are kept for it ({slot[1]})")
    if slot is not None and slot[1] == "lost":
        said.append("the standby was away for too long: make it anew with `wenyue standby init`")
    said.append(
        gettext("commits wait for the standby")
        if waits is not None and waits[0]
        else gettext(
            "commits don't wait for the standby: whatever it hasn't received is lost if this machine fails"
        )
    )
    return said


def running(settings: Settings) -> ServerInfo:
    """The embedded server, which must run. Raises SetupError."""
    if settings.database.url:
        raise SetupError(
            Message(
                "this installation uses your own server (WENYUE_DATABASE_URL): set up a "
                "standby with that server's tools"
            ),
        )
    server = find_running(settings.home)
    if server is None:
        raise SetupError(
            Message("the database of {home} isn't running: start it with `wenyue up`", home=settings.home)
        )
    return server


def _require_address(text: str) -> None:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise SetupError(
            Message(
                "{text} isn't an address: give one such as 10.0.0.2, or a network such as 10.0.0.0/30",
                text=repr(text),
            )
        ) from error
