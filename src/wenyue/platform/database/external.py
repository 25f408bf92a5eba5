"""A PostgreSQL of the operator's own (``WENYUE_DATABASE_URL``): checked, and its application role prepared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.platform.fault import SetupError

APP_ROLE = "wenyue_app"
VERSION_MIN = 15
CONNECT_DEADLINE_S = 5


@dataclass(frozen=True)
class External:
    """A checked server. ``role`` is what the application assumes after connecting ('' when it need not or cannot)."""

    app_url: str = field(repr=False)
    owner_url: str = field(repr=False)
    role: str
    is_separated: bool  # the application runs with fewer rights than the schema's owner
    version: str


def prepare_external(
    app_url: str, owner_url: str, *, progress: Callable[[str], None] = lambda _line: None
) -> External:
    """Check that the server is up, new enough and writable; make the role ``wenyue_app`` if we may.

    Raises ``SetupError`` with the line (and where needed the SQL) that mends it.
    """
    variable = "WENYUE_DATABASE_URL" if owner_url == app_url else "WENYUE_OWNER_DATABASE_URL"
    with connect_external(owner_url, variable) as owner:
        version = _require_version(owner)
        _require_writable(owner)
        if not _role_exists(owner):
            _create_role(owner, progress)
        _lend_role(owner, _login_of(app_url))
    with connect_external(app_url, "WENYUE_DATABASE_URL") as connection:
        row = connection.execute("SELECT current_user::text").fetchone()
        login = str(row[0]) if row else ""
        may_assume = login != APP_ROLE and _may_assume_role(connection)
    if not may_assume and login != APP_ROLE:
        progress(
            gettext(
                "the application keeps the rights of {login}: it can't SET ROLE {app_role} "
                "(see wenyue doctor)",
                login=login,
                app_role=APP_ROLE,
            )
        )
    return External(
        app_url=app_url,
        owner_url=owner_url,
        role=APP_ROLE if may_assume else "",
        is_separated=may_assume or login == APP_ROLE,
        version=version,
    )


def connect_external(url: str, variable: str) -> psycopg.Connection:
    """An autocommit connection to an operator's server, or the line that says that it is down."""
    try:
        return psycopg.connect(url, connect_timeout=CONNECT_DEADLINE_S, autocommit=True)
    except psycopg.Error as error:
        reason = " ".join(str(error).split())[:240]
        raise SetupError(
            Message(
                "can't reach the database in {variable} ({reason}): start it or correct the URL",
                variable=variable,
                reason=reason,
            ),
        ) from error


def _require_version(connection: psycopg.Connection) -> str:
    number = connection.info.server_version
    version = f"{number // 10000}.{number % 10000}"
    if number // 10000 < VERSION_MIN:
        raise SetupError(
            Message(
                "PostgreSQL {version_min} or newer is required, but this server is {version}: upgrade it",
                version_min=VERSION_MIN,
                version=version,
            ),
        )
    return version


def _require_writable(connection: psycopg.Connection) -> None:
    row = connection.execute("SHOW transaction_read_only").fetchone()
    if row is not None and row[0] == "on":
        raise SetupError(
            Message(
                "the database is read-only (a standby?): name every node in the URL and add "
                "target_session_attrs=read-write"
            ),
        )


def _role_exists(connection: psycopg.Connection) -> bool:
    return connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP_ROLE]).fetchone() is not None


def _create_role(connection: psycopg.Connection, progress: Callable[[str], None]) -> None:
    try:
        connection.execute("CREATE ROLE wenyue_app NOLOGIN")
    except psycopg.errors.DuplicateObject:
        return  # somebody else was faster
    except psycopg.errors.InsufficientPrivilege as error:
        user = connection.info.user
        raise SetupError(
            Message(
                "the role {app_role} is missing and {user} can't create it: as an "
                "administrator, run CREATE ROLE {app_role} NOLOGIN; GRANT {app_role} TO "
                '"{user}";',
                app_role=APP_ROLE,
                user=user,
            ),
        ) from error
    progress(gettext("created the database role {app_role}", app_role=APP_ROLE))


def _login_of(url: str) -> str:
    return psycopg.conninfo.conninfo_to_dict(url).get("user") or ""  # type: ignore[return-value] - libpq's user is text


def _lend_role(connection: psycopg.Connection, login: str) -> None:
    """Let the application's login assume the role, where we may; whether it worked is asked afterwards."""
    name = login or connection.info.user
    if name == APP_ROLE:
        return
    try:
        connection.execute(sql.SQL("GRANT wenyue_app TO {}").format(sql.Identifier(name)))
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedObject):
        return


def _may_assume_role(connection: psycopg.Connection) -> bool:
    try:
        connection.execute("SET ROLE wenyue_app")
        connection.execute("RESET ROLE")
    except psycopg.Error:
        return False
    return True
