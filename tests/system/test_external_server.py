"""A PostgreSQL of the operator's own: checked, its application role made or asked for, faults in one line."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
import pytest

from wenyue.ops.ports import free_port
from wenyue.platform.database.external import External, prepare_external
from wenyue.platform.database.migrate import migrate
from wenyue.platform.embedded_server import ServerInfo, ensure_started, erase, stop
from wenyue.platform.fault import SetupError

Login = Callable[[str, str], str]


@pytest.fixture
def foreign() -> Iterator[ServerInfo]:
    """A server that stands for the operator's own: it does not know the role wenyue_app."""
    with tempfile.TemporaryDirectory(prefix="wy-") as folder:
        home = Path(folder, "foreign")
        info = ensure_started(home, overrides={"fsync": "off", "shared_buffers": "32MB"})
        try:
            with psycopg.connect(info.superuser_url, autocommit=True) as connection:
                connection.execute("DROP ROLE wenyue_app")
            yield info
        finally:
            stop(info)
            erase(home)


@pytest.fixture
def login(foreign: ServerInfo) -> Login:
    """Make a login with given attributes that owns a database of its own; return the database's URL."""

    def make(name: str, attributes: str) -> str:
        with psycopg.connect(foreign.superuser_url, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'open sesame' {attributes}".encode())
            connection.execute(f"CREATE DATABASE {name}_db OWNER {name}".encode())
        where = urlsplit(foreign.superuser_url).query
        return f"postgresql://{name}:{quote('open sesame')}@/{name}_db?{where}"

    return make


def run_as_application(external: External, statement: str) -> None:
    """One statement with the rights that the application has."""
    options = f"-c role={external.role}" if external.role else ""
    with psycopg.connect(external.app_url, options=options, autocommit=True) as connection:
        connection.execute(statement.encode())


def assert_keeps_bookings(external: External) -> None:
    run_as_application(external, "SELECT id FROM booking.booking")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run_as_application(external, "DELETE FROM booking.booking")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run_as_application(external, "TRUNCATE booking.booking")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run_as_application(external, "DROP TABLE booking.booking")


@pytest.mark.parametrize("attributes", ["SUPERUSER", "CREATEROLE"])
def test_the_role_is_made_where_the_login_may(login: Login, attributes: str) -> None:
    url = login("tenant", attributes)
    said: list[str] = []
    external = prepare_external(url, url, progress=said.append)
    assert (external.role, external.is_separated) == ("wenyue_app", True)
    assert "created the database role wenyue_app" in said[0]
    migrate(url)
    assert_keeps_bookings(external)
    assert prepare_external(url, url, progress=said.append).is_separated
    assert len(said) == 1  # nothing was left to do


def test_an_administrator_is_told_what_to_run(foreign: ServerInfo, login: Login) -> None:
    url = login("plain", "")
    with pytest.raises(SetupError, match=r"plain can't create it.*CREATE ROLE wenyue_app NOLOGIN") as caught:
        prepare_external(url, url)
    remedy = str(caught.value).split("run ", 1)[1]
    with psycopg.connect(foreign.superuser_url, autocommit=True) as connection:
        connection.execute(remedy.encode())
    external = prepare_external(url, url)
    assert (external.role, external.is_separated) == ("wenyue_app", True)
    migrate(url)
    assert_keeps_bookings(external)


def test_a_login_that_may_not_assume_the_role_is_reported(foreign: ServerInfo, login: Login) -> None:
    url = login("plain", "")
    with psycopg.connect(foreign.superuser_url, autocommit=True) as connection:
        connection.execute("CREATE ROLE wenyue_app NOLOGIN")
    said: list[str] = []
    external = prepare_external(url, url, progress=said.append)
    assert (external.role, external.is_separated) == ("", False)
    assert "keeps the rights of plain" in said[-1]


def test_owner_and_application_may_be_two_logins(login: Login) -> None:
    owner_url = login("owner", "CREATEROLE")
    login("runner", "")
    where = urlsplit(owner_url)
    app_url = where._replace(netloc=f"runner:{quote('open sesame')}@").geturl()
    external = prepare_external(app_url, owner_url)
    assert external.role == "wenyue_app"
    migrate(owner_url)
    assert_keeps_bookings(external)


def test_a_server_that_is_down_is_one_line() -> None:
    url = f"postgresql://somebody:secret@127.0.0.1:{free_port()}/wenyue"
    with pytest.raises(SetupError, match="reach the database in WENYUE_DATABASE_URL") as caught:
        prepare_external(url, url)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_mistyped_url_is_one_line() -> None:
    with pytest.raises(SetupError, match="reach the database"):
        prepare_external("nonsense", "nonsense")


def test_a_read_only_server_is_named(login: Login) -> None:
    url = login("tenant", "CREATEROLE")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER ROLE tenant SET default_transaction_read_only = on")
    with pytest.raises(SetupError, match=r"read-only.*target_session_attrs=read-write"):
        prepare_external(url, url)
