"""Processes of the release before go on while the schemas `emergency` and `watch` are called `waiting_room` and `monitoring`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final, LiteralString, cast

import psycopg
import pytest
from psycopg import sql

from tests.support.database import DbUrls, TestServer, with_database
from tests.support.grants import FORMER_SCHEMAS, SOURCE
from tests.support.room_fixtures import at_the_room, pass_of
from wenyue import monitoring, waiting_room
from wenyue.monitoring import store
from wenyue.platform.database.migrate import MIGRATIONS_FOLDER, migrate
from wenyue.waiting_room import TokenGiven

RENAMING: Final = "0069_schema_names.sql"
_NAMED: Final = re.compile(r"^-- name: (\w+)[ \t]*$", re.MULTILINE)
_PARAMETER: Final = re.compile(r"%\((\w+)\)s")


def former_statements(schema: str) -> dict[str, LiteralString]:
    """The statements of this schema's slice as the release before has them."""
    text = (SOURCE / schema / "store.sql").read_text(encoding="utf-8")
    text = re.sub(rf"\b{schema}\.(?=\w)", f"{FORMER_SCHEMAS[schema]}.", text)
    parts = _NAMED.split(text)
    return dict(zip(parts[1::2], cast(list[LiteralString], parts[2::2]), strict=True))


FORMER: Final = [
    pytest.param(statement, id=f"{schema}:{name}")
    for schema in FORMER_SCHEMAS
    for name, statement in former_statements(schema).items()
    if re.search(rf"\b{FORMER_SCHEMAS[schema]}\.", statement)
]


@pytest.mark.parametrize("statement", FORMER)
def test_the_application_may_run_the_former_statements(db_urls: DbUrls, statement: str) -> None:
    """The server checks names, types and rights of a statement when it explains its plan."""
    numbers: dict[str, int] = {}
    text = _PARAMETER.sub(lambda found: f"${numbers.setdefault(found[1], len(numbers) + 1)}", statement)
    text = re.sub(r"--[^\n]*\n", "", text).replace("%%", "%").strip().rstrip(";")
    with psycopg.connect(db_urls.app_url, autocommit=True) as app:
        answer = app.pgconn.exec_(f"EXPLAIN (GENERIC_PLAN) {text}".encode())
    assert answer.status == psycopg.pq.ExecStatus.TUPLES_OK, answer.error_message.decode()


@pytest.mark.anyio
async def test_a_queue_that_the_release_before_began_goes_on_under_both_names(
    make_database: Callable[[], DbUrls], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_the_room(make_database(), tmp_path) as fixtures:
        with monkeypatch.context() as before:
            before.setattr("wenyue.waiting_room.store._SQL", former_statements("waiting_room"))
            await fixtures.open()
            old = await fixtures.web()
            given = await pass_of(old, 42)
            await fixtures.release(old)
            assert (await pass_of(old, 43)).epoch == 1
            await fixtures.run(3, old)
        new = await fixtures.web()
        await fixtures.run(3, new)
        assert await pass_of(new, 42) == given
        assert isinstance(await new.exchange("golden-week", 42, given.text), TokenGiven)
        async with fixtures.db.connection() as tx:
            assert (await waiting_room.crowd_of(tx, 1)).epochs == ((0, 1), (1, 1))
        with monkeypatch.context() as before:
            before.setattr("wenyue.waiting_room.store._SQL", former_statements("waiting_room"))
            assert isinstance(await old.exchange("golden-week", 42, given.text), TokenGiven)


@pytest.mark.anyio
async def test_monitors_of_both_releases_share_beats_and_turns(
    make_database: Callable[[], DbUrls], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_the_room(make_database(), tmp_path) as fixtures, fixtures.db.connection() as tx:
        with monkeypatch.context() as before:
            before.setattr("wenyue.monitoring.store._SQL", former_statements("monitoring"))
            await monitoring.beat(tx, "ota:one", 60, "old")
            assert await store.take_turn(tx, "old")
        assert [one.partner for one in await store.beats(tx)] == ["ota:one"]
        assert not await store.take_turn(tx, "new")
        await monitoring.beat(tx, "ota:two", 60, "new")
        with monkeypatch.context() as before:
            before.setattr("wenyue.monitoring.store._SQL", former_statements("monitoring"))
            assert {one.partner for one in await store.beats(tx)} == {"ota:one", "ota:two"}
            assert await monitoring.retire(tx, "ota:two")


def test_the_new_names_come_while_the_release_before_is_at_work(
    database_server: TestServer, tmp_path: Path
) -> None:
    """The migration waits for nobody who reads or writes; a role made by hand keeps what it has, under both names."""
    for path in MIGRATIONS_FOLDER.glob("0*.sql"):
        if path.name < RENAMING:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    name = f"former_{abs(hash(str(tmp_path))) % 10**12}"
    with psycopg.connect(database_server.superuser_url, autocommit=True) as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 OWNER wenyue_owner").format(sql.Identifier(name))
        )
        admin.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name)))
    urls = database_server.urls(name)
    migrate(urls.owner_url, folder=tmp_path)
    role = sql.Identifier(name)
    with psycopg.connect(urls.owner_url, autocommit=True) as owner:
        owner.execute(sql.SQL("GRANT USAGE ON SCHEMA watch TO {}").format(role))
        owner.execute(sql.SQL("GRANT EXECUTE ON FUNCTION watch.beat(text, integer, text) TO {}").format(role))
        owner.execute(sql.SQL("GRANT SELECT (partner, at) ON watch.heartbeat TO {}").format(role))
    with psycopg.connect(urls.owner_url) as busy:
        busy.execute("SELECT watch.beat('ota:one', 60, 'before')")
        busy.execute("SELECT count(*) FROM emergency.room")
        (tmp_path / RENAMING).write_bytes((MIGRATIONS_FOLDER / RENAMING).read_bytes())
        assert migrate(urls.owner_url, folder=tmp_path) == [RENAMING.removesuffix(".sql")]
        busy.execute("SELECT watch.beat('ota:two', 60, 'after')")
        busy.execute("UPDATE watch.heartbeat SET is_retired = true WHERE partner = 'ota:one'")
    with psycopg.connect(with_database(database_server.superuser_url, name)) as admin:
        rows = admin.execute("SELECT partner, is_retired FROM monitoring.heartbeat ORDER BY 1").fetchall()
        assert rows == [("ota:one", True), ("ota:two", False)]
        admin.execute(sql.SQL("SET LOCAL ROLE {}").format(role))
        for schema in FORMER_SCHEMAS["monitoring"], "monitoring":
            admin.execute(sql.SQL("SELECT {}.beat('ota:hand', 60)").format(sql.Identifier(schema)))
            read = sql.SQL("SELECT partner, at FROM {}.heartbeat").format(sql.Identifier(schema))
            assert len(admin.execute(read).fetchall()) == 3
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            admin.execute("SELECT says FROM watch.heartbeat")
