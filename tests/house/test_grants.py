"""What the application's role may do is what its statements do: generated from them, declared in a file, applied by `migrate`.

When this fails after you changed a statement or a table: `.venv/bin/python scripts/write_grants.py`, then read the diff.
A statement that only operators' commands run, as the owner, carries the line `-- run by: owner` in its comment and gets no
grant. What columns cannot express belongs into a function with its owner's rights (SECURITY DEFINER), which checks.
"""

from __future__ import annotations

import difflib

import psycopg
import pytest

from tests.support.database import DbUrls
from tests.support.grants import Reader, grants_text, needed
from wenyue.platform.database import grants

WRITE = ".venv/bin/python scripts/write_grants.py"


def test_security_M7_grants_are_what_the_statements_need(db_urls: DbUrls) -> None:
    declared, wanted = grants.GRANTS_FILE.read_text(encoding="utf-8"), grants_text(needed(db_urls.owner_url))
    diff = list(difflib.unified_diff(declared.splitlines(), wanted.splitlines(), "declared", "needed", n=3))
    assert diff == [], f"run {WRITE}, then read what it changed"


def test_security_M7_the_database_grants_what_is_declared(db_urls: DbUrls) -> None:
    with psycopg.connect(db_urls.owner_url, autocommit=True) as owner:
        assert grants.differences(owner) == []
        to_everybody = owner.execute(
            "SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) AS a"
            " WHERE a.grantee = 0 AND n.nspname !~ '^(pg_|information_schema$)'"
        ).fetchall()
        assert to_everybody == []


def test_security_M7_a_grant_that_came_by_hand_is_taken_away(db_urls: DbUrls) -> None:
    with psycopg.connect(db_urls.owner_url, autocommit=True) as owner:
        owner.execute("GRANT DELETE ON booking.booking TO wenyue_app")
        owner.execute("GRANT UPDATE (role) ON accounts.staff TO wenyue_app")
        owner.execute("REVOKE SELECT ON booking.pool FROM wenyue_app")
        assert grants.differences(owner) == [
            "accounts.staff: other",
            "booking.booking: other",
            "booking.pool: other",
        ]
        assert grants.apply(owner)
        assert not grants.apply(owner)


@pytest.mark.parametrize(
    ("statement", "needs"),
    [
        (
            "UPDATE booking.pool SET sold = %(n)s WHERE id = 1",
            {("SELECT", ""), ("UPDATE", "sold")},
        ),
        ("SELECT capacity FROM booking.pool WHERE id = 1 FOR UPDATE", {("SELECT", ""), ("LOCK", "")}),
        ("DELETE FROM booking.pool", {("DELETE", "")}),
        (
            """WITH a AS (INSERT INTO booking.pool AS p (kind, venue_id, on_date, capacity) VALUES ('day', 1, '2026-01-01', 5)
               ON CONFLICT ON CONSTRAINT pool_natural_key DO UPDATE SET capacity = excluded.capacity RETURNING id)
               SELECT id FROM a""",
            {("SELECT", ""), ("INSERT", "capacity kind on_date venue_id"), ("UPDATE", "capacity")},
        ),
    ],
)
def test_the_reader_sees_what_a_statement_needs(
    db_urls: DbUrls, statement: str, needs: set[tuple[str, str]]
) -> None:
    with psycopg.connect(db_urls.owner_url, autocommit=True) as owner:
        found = list(Reader(owner).needs(statement))
    assert {table for table, _, _ in found} == {"booking.pool"}
    assert {(privilege, " ".join(sorted(columns))) for _, privilege, columns in found} == needs


@pytest.mark.parametrize("statement", ["SELECT nothing FROM booking.pool", "UPDATE booking.pol SET sold = 1"])
def test_the_reader_names_what_the_server_refuses(db_urls: DbUrls, statement: str) -> None:
    with (
        psycopg.connect(db_urls.owner_url, autocommit=True) as owner,
        pytest.raises(AssertionError, match="does not exist"),
    ):
        list(Reader(owner).needs(statement))


@pytest.mark.parametrize(
    "text", ["GRANT SELECT, TRUNCATE ON a.b TO wenyue_app;", "GRANT ALL ON a.b TO wenyue_app;"]
)
def test_a_grant_that_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not understood"):
        grants.declared(text)
