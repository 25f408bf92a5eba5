"""Migrations: in order, once, whole or not at all, and never edited afterwards."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import LiteralString, cast

import psycopg
import pytest
from psycopg import sql

from tests.support.database import DbUrls, TestServer
from wenyue.core.duties import Duty, FormerRole, Role, duties_of_role
from wenyue.platform.database.migrate import (
    MIGRATIONS_FOLDER,
    decide_once,
    migrate,
    pending,
    read_migrations,
    redecide,
)
from wenyue.platform.fault import SetupError


@pytest.fixture
def empty_url(database_server: TestServer, request: pytest.FixtureRequest) -> str:
    """A database without any structure, owned by the schema's owner."""
    name = f"empty_{abs(hash(request.node.nodeid)) % 10**12}"
    with psycopg.connect(database_server.superuser_url, autocommit=True) as connection:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        make = sql.SQL("CREATE DATABASE {} TEMPLATE template0 OWNER wenyue_owner").format(
            sql.Identifier(name)
        )
        connection.execute(drop)
        connection.execute(make)
    return database_server.urls(name).owner_url


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two small migrations, the second of which needs the first."""
    (tmp_path / "0001_one.sql").write_text("CREATE TABLE one (n int);", encoding="utf-8")
    (tmp_path / "0002_two.sql").write_text("INSERT INTO one VALUES (2); SELECT '100%';", encoding="utf-8")
    return tmp_path


def count(url: str, statement: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(statement.encode()).fetchone()
    return int(row[0]) if row else -1


def test_they_run_in_order_and_once(empty_url: str, folder: Path) -> None:
    assert pending(empty_url, folder) == ["0001_one", "0002_two"]
    first = migrate(empty_url, folder=folder)
    assert first[:2] == ["0001_one", "0002_two"]
    assert first[2].startswith("jobs_")
    assert pending(empty_url, folder) == []
    assert migrate(empty_url, folder=folder) == []
    assert count(empty_url, "SELECT count(*) FROM one") == 1


def test_the_projects_own_run_on_an_empty_database(empty_url: str) -> None:
    assert len(migrate(empty_url)) == len(read_migrations(MIGRATIONS_FOLDER)) + 1
    assert count(empty_url, "SELECT count(*) FROM booking.booking") == 0
    assert count(empty_url, "SELECT count(*) FROM procrastinate_jobs") == 0


def test_two_at_once_apply_each_file_once(empty_url: str, folder: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        turns = [pool.submit(migrate, empty_url, folder=folder) for _ in range(4)]
        answers = [turn.result() for turn in turns]
    assert sorted(len(answer) for answer in answers) == [0, 0, 0, 3]
    assert count(empty_url, "SELECT count(*) FROM one") == 1


def test_a_failing_file_leaves_nothing(empty_url: str, folder: Path) -> None:
    (folder / "0003_bad.sql").write_text("CREATE TABLE three (n int); SELECT nonsense;", encoding="utf-8")
    with pytest.raises(SetupError, match=r"migration 0003_bad failed and was undone.*nonsense"):
        migrate(empty_url, folder=folder)
    assert count(empty_url, "SELECT (to_regclass('three') IS NULL)::int") == 1
    assert pending(empty_url, folder) == ["0003_bad"]


def test_an_edited_file_is_refused(empty_url: str, folder: Path) -> None:
    migrate(empty_url, folder=folder)
    (folder / "0001_one.sql").write_text("CREATE TABLE one (n bigint);", encoding="utf-8")
    with pytest.raises(SetupError, match="0001_one was changed after it was applied"):
        migrate(empty_url, folder=folder)


def test_a_newer_database_is_refused(empty_url: str, folder: Path) -> None:
    migrate(empty_url, folder=folder)
    (folder / "0002_two.sql").unlink()
    with pytest.raises(SetupError, match="has migration 0002_two, which this version lacks"):
        migrate(empty_url, folder=folder)


@pytest.mark.slow
def test_a_locked_table_is_named_and_nothing_waits_for_long(empty_url: str, folder: Path) -> None:
    migrate(empty_url, folder=folder)
    (folder / "0003_three.sql").write_text("ALTER TABLE one ADD m int;", encoding="utf-8")
    with psycopg.connect(empty_url) as holder:
        holder.execute("SELECT n FROM one")
        with pytest.raises(SetupError, match="0003_three waited 5 s for a lock and was undone"):
            migrate(empty_url, folder=folder)
    assert migrate(empty_url, folder=folder) == ["0003_three"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["1_short.sql"], "isn't named NNNN_name.sql"),
        (["0001_a.sql", "0001_b.sql"], "two migrations have the number 0001"),
    ],
)
def test_misnamed_files_are_refused(tmp_path: Path, names: list[str], message: str) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1", encoding="utf-8")
    with pytest.raises(SetupError, match=message):
        read_migrations(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no migrations in"):
        read_migrations(tmp_path / "nowhere")


def test_a_decision_is_taken_once(make_database: Callable[[], DbUrls]) -> None:
    with psycopg.connect(make_database().owner_url, autocommit=True) as connection:
        assert decide_once(connection, "demo", lambda: "wanted") == "wanted"
        assert decide_once(connection, "demo", lambda: "declined") == "wanted"
        redecide(connection, "demo", "loaded")
        assert decide_once(connection, "demo", lambda: "declined") == "loaded"


def test_the_application_may_use_jobs_but_not_change_structure(make_database: Callable[[], DbUrls]) -> None:
    urls = make_database()
    with psycopg.connect(urls.app_url, autocommit=True) as connection:
        connection.execute("SELECT procrastinate_defer_jobs_v1(ARRAY[]::procrastinate_job_to_defer_v1[])")
        assert count(urls.app_url, "SELECT count(*) FROM schema_migration") > 0
        for statement in (
            b"CREATE TABLE x (n int)",
            b"DROP TABLE booking.booking",
            b"DELETE FROM schema_migration",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_roles_become_duties_and_nobody_loses_or_gains(make_database: Callable[[], DbUrls]) -> None:
    """The migration's own statement on logins as the release before left them."""
    text = next(one.text for one in read_migrations() if one.version == "0046")
    statement = text[text.index("INSERT INTO accounts.duty") :]
    with psycopg.connect(make_database().owner_url) as tx:
        for login, role, venues in (
            ("g", "gate", []),
            ("o", "operator", [3, 4, 4]),
            ("a", "admin", []),
            ("b", "admin", [7]),
        ):
            tx.execute(
                "INSERT INTO accounts.staff (login, password_hash, role, venue_ids) VALUES (%s, '-', %s, %s)",
                [login, role, venues],
            )
        tx.execute(cast(LiteralString, statement))
        rows = tx.execute(
            "SELECT s.login, d.role, d.venue_id FROM accounts.duty d JOIN accounts.staff s ON s.id = d.staff_id"
        )
        found = {(login, Duty(Role(role), venue)) for login, role, venue in rows.fetchall()}
    known: dict[str, tuple[FormerRole, tuple[int, ...]]] = {
        "g": ("gate", ()),
        "o": ("operator", (3, 4)),
        "a": ("admin", ()),
        "b": ("admin", (7,)),
    }
    assert found == {(login, duty) for login, held in known.items() for duty in duties_of_role(*held)}
