"""Processes of the release before go on reading and writing texts as pairs of columns beside the texts by language."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.support.database import DbUrls, TestServer
from wenyue.platform.database.migrate import MIGRATIONS_FOLDER, migrate

FIRST: Final = "0070_texts.sql"
LAKE: Final = {"zh-CN": "镜湖", "en": "Mirror Lake"}
# What the release before writes, and the texts that come of it: by table.
FORMER_ROWS: Final[tuple[tuple[LiteralString, str, dict[str, Any]], ...]] = (
    (
        (
            "INSERT INTO catalogue.venue (id, code, kind, name_zh, name_en, summary_zh)"
            " VALUES (%(n)s, 'lake-' || %(n)s::text, 'attraction', '镜湖', 'Mirror Lake', '湖')"
        ),
        "catalogue.venue",
        {"name": LAKE, "summary": {"zh-CN": "湖"}},
    ),
    (
        (
            "INSERT INTO catalogue.product (id, venue_id, code, kind, name_zh, price_minor)"
            " VALUES (%(n)s, %(n)s, 'adult', 'session', '门票', 100)"
        ),
        "catalogue.product",
        {"name": {"zh-CN": "门票"}},
    ),
    (
        (
            "INSERT INTO catalogue.closure (id, venue_id, from_date, to_date, reason_zh, reason_en)"
            " OVERRIDING USER VALUE VALUES (%(n)s, %(n)s, '2026-10-01', '2026-10-01', '大雾', 'Fog')"
        ),
        "catalogue.closure",
        {"reason": {"zh-CN": "大雾", "en": "Fog"}},
    ),
    (
        (
            "INSERT INTO cards.card_type (code, name_zh, name_en, rules, source)"
            " VALUES ('card-' || %(n)s::text, '卡', 'Card', '{}', 'test')"
        ),
        "cards.card_type",
        {"name": {"zh-CN": "卡", "en": "Card"}},
    ),
    (
        (
            "INSERT INTO booking.slot (id, product_id, venue_id, on_date, starts_at, ends_at, release_at, closes_at, price_minor,"
            " label_zh, label_en, closed_reason_zh, pool_ids)"
            " VALUES (%(n)s, %(n)s, %(n)s, '2026-10-01', now(), now(), now(), now(), 1, '', 'Morning', '检修', '{1}')"
        ),
        "booking.slot",
        {"label": {"en": "Morning"}, "closed_reason": {"zh-CN": "检修"}},
    ),
    (
        (
            "INSERT INTO emergency.room (code, title_zh, title_en, venue_id, from_day, to_day, onward, release_at, poll_s,"
            " epoch_s, rate_max, commitment, sealed_seed, created_at)"
            " VALUES ('room-' || %(n)s::text, '放票', 'Release', 1, '2026-10-01',"
            " '2026-10-01', '/', now(), 3, 5, 1, sha256('x'::bytea), '', now())"
        ),
        "waiting_room.room",
        {"title": {"zh-CN": "放票", "en": "Release"}, "message": {}},
    ),
)


@pytest.fixture(name="before")
def database_before(database_server: TestServer, tmp_path: Path) -> Iterator[str]:
    """The owner's URL of a database as the release before has it, with a row in each table."""
    for path in MIGRATIONS_FOLDER.glob("0*.sql"):
        if path.name < FIRST:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    name = f"texts_{abs(hash(str(tmp_path))) % 10**12}"
    with psycopg.connect(database_server.superuser_url, autocommit=True) as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 OWNER wenyue_owner").format(sql.Identifier(name))
        )
    url = database_server.urls(name).owner_url
    migrate(url, folder=tmp_path)
    write_as_before(url, 1)
    yield url
    with psycopg.connect(database_server.superuser_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def write_as_before(url: str, number: int) -> None:
    """The rows that the release before writes."""
    with psycopg.connect(url) as tx:
        for statement, _, _ in FORMER_ROWS:
            tx.execute(statement, {"n": number})


def rows(url: str, table: str, columns: list[str]) -> list[tuple[Any, ...]]:
    """These columns of each row of a table, the oldest first."""
    schema, _, name = table.partition(".")
    statement = sql.SQL("SELECT {} FROM {} ORDER BY {}").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.Identifier(schema, name),
        sql.Identifier("code" if table == "cards.card_type" else "id"),
    )
    with psycopg.connect(url) as tx:
        return tx.execute(statement).fetchall()


def test_rows_of_the_release_before_have_their_texts_whenever_they_were_written(
    before: str, tmp_path: Path
) -> None:
    (tmp_path / FIRST).write_bytes((MIGRATIONS_FOLDER / FIRST).read_bytes())
    migrate(before, folder=tmp_path)
    write_as_before(before, 2)  # between two migrations
    migrate(before)
    write_as_before(before, 3)
    for _, table, texts in FORMER_ROWS:
        assert rows(before, table, list(texts)) == [tuple(texts.values())] * 3


def test_names_that_nobody_gave_become_codes_and_pairs_stay_as_they_are(before: str) -> None:
    with psycopg.connect(before) as tx:
        tx.execute("UPDATE catalogue.venue SET name_zh = '', name_en = ''")
        tx.execute("UPDATE catalogue.product SET name_zh = '', name_en = 'Ticket'")
    migrate(before)
    assert rows(before, "catalogue.venue", ["name", "name_zh"]) == [({"zh-CN": "lake-1"}, "lake-1")]
    assert rows(before, "catalogue.product", ["name", "name_zh"]) == [({"en": "Ticket"}, "")]


@pytest.fixture(name="owner")
def transaction_of_the_owner(db_urls: DbUrls) -> Iterator[psycopg.Connection]:
    """A transaction that is undone."""
    with psycopg.connect(db_urls.owner_url) as tx:
        yield tx
        tx.rollback()


def change(owner: psycopg.Connection, statement: LiteralString, *values: object) -> list[tuple[Any, ...]]:
    """Run a statement on the venue `lake`; its name then, and both columns of the release before."""
    owner.execute(statement, values)
    return owner.execute("SELECT name, name_zh, name_en FROM catalogue.venue WHERE code = 'lake'").fetchall()


ADDED: Final[LiteralString] = (
    "INSERT INTO catalogue.venue (code, kind, name) VALUES ('lake', 'attraction', %s)"
)


@pytest.mark.parametrize(
    ("texts", "chinese", "english"),
    [
        (LAKE, "镜湖", "Mirror Lake"),
        ({"zh-CN": "镜湖"}, "镜湖", ""),
        ({"en": "Mirror Lake"}, "Mirror Lake", "Mirror Lake"),
        ({"ja": "鏡湖", "zh-CN": "镜湖"}, "镜湖", ""),
        ({"ja": "鏡湖"}, "鏡湖", ""),
    ],
)
def test_what_is_written_now_is_read_by_the_release_before(
    owner: psycopg.Connection, texts: dict[str, str], chinese: str, english: str
) -> None:
    assert change(owner, ADDED, Jsonb(texts)) == [(texts, chinese, english)]
    renamed = texts | {"zh-CN": "西湖", "en": "West Lake"}
    assert change(owner, "UPDATE catalogue.venue SET name = %s", Jsonb(renamed)) == [
        (renamed, "西湖", "West Lake")
    ]


def test_a_further_language_outlives_a_change_of_the_english_but_not_of_the_chinese(
    owner: psycopg.Connection,
) -> None:
    change(owner, ADDED, Jsonb(LAKE | {"ja": "鏡湖"}))
    assert change(owner, "UPDATE catalogue.venue SET name_zh = '镜湖', name_en = 'The Lake'") == [
        ({"zh-CN": "镜湖", "en": "The Lake", "ja": "鏡湖"}, "镜湖", "The Lake")
    ]
    assert change(owner, "UPDATE catalogue.venue SET name_zh = '西湖', city = '杭州'") == [
        ({"zh-CN": "西湖", "en": "The Lake"}, "西湖", "The Lake")
    ]
    assert change(owner, "UPDATE catalogue.venue SET name_en = ''") == [({"zh-CN": "西湖"}, "西湖", "")]


@pytest.mark.parametrize(
    "texts",
    [
        {},
        {"zh-CN": ""},
        {"zh_CN": "镜湖"},
        {"en": 5},
        ["镜湖"],
        "镜湖",
        {"en": "x" * 20_001},
        {"en": {"a": "b"}},
    ],
)
def test_what_is_no_text_by_language_is_refused(owner: psycopg.Connection, texts: object) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        change(owner, ADDED, Jsonb(texts))


def test_the_application_of_the_release_before_may_still_write_its_columns(db_urls: DbUrls) -> None:
    statements: tuple[LiteralString, ...] = (
        "UPDATE booking.slot SET closed_reason_zh = '', closed_reason_en = ''",
        "UPDATE waiting_room.room SET message_zh = '', message_en = ''",
        "UPDATE emergency.room SET message_zh = '', message_en = ''",
    )
    with psycopg.connect(db_urls.app_url) as app:
        for statement in statements:
            app.execute(statement)


def test_a_closure_that_the_release_before_announces_stands_by_language(
    make_database: Callable[[], DbUrls],
) -> None:
    urls = make_database()
    with psycopg.connect(urls.owner_url) as tx:
        change(tx, ADDED, Jsonb(LAKE))
    with psycopg.connect(urls.app_url) as app:
        app.execute(
            "SELECT catalogue.announce_closure(id, NULL, '2026-10-01', '2026-10-02', '大雾', 'Fog', '') FROM catalogue.venue"
        )
        assert app.execute("SELECT reason FROM catalogue.closure").fetchall() == [
            ({"zh-CN": "大雾", "en": "Fog"},)
        ]
