"""What the application's database role may do: read and write rows. Not delete what happened, not change structure."""

from typing import Any, Final

import psycopg
import pytest
from psycopg import errors

from tests.support.database import DbUrls

APP: Final = "wenyue_app"
MAY_DELETE: Final = {
    "booking.outbox",  # notes that were handed on
    "emergency.load_signal",  # of processes that ended
}
QUEUE: Final = "public.procrastinate_"  # the job queue's own tables
APPEND_ONLY: Final = {
    "audit.entry",
    "audit.seal",
    "cards.dead_number",
    "emergency.arrival",
    "emergency.exchange",
    "emergency.step",
    "gate.undo",
    "public.schema_migration",
}
_TABLES: Final = """
    SELECT n.nspname || '.' || c.relname, p.privilege
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace,
         unnest(ARRAY['DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER', 'UPDATE', 'INSERT']) AS p (privilege)
    WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND has_table_privilege(%s, c.oid, p.privilege)
"""


@pytest.fixture(scope="module")
def granted(db_urls: DbUrls) -> dict[str, set[str]]:
    """Privilege → the tables on which the role has it."""
    found: dict[str, set[str]] = {}
    with psycopg.connect(db_urls.owner_url) as tx:
        for table, privilege in tx.execute(_TABLES, [APP]).fetchall():
            if not table.startswith(QUEUE):
                found.setdefault(privilege, set()).add(table)
    return found


def test_it_deletes_only_what_is_work_and_not_record(granted: dict[str, set[str]]) -> None:
    assert granted.get("DELETE", set()) == MAY_DELETE
    assert not granted.keys() & {"TRUNCATE", "REFERENCES", "TRIGGER"}


def test_what_is_append_only_is_not_rewritten(granted: dict[str, set[str]]) -> None:
    assert not granted["UPDATE"] & APPEND_ONLY
    assert "public.schema_migration" not in granted["INSERT"]
    assert {"booking.booking", "cards.card", "accounts.login"} <= granted["UPDATE"]


def test_it_owns_and_makes_nothing(db_urls: DbUrls) -> None:
    with psycopg.connect(db_urls.owner_url) as tx:
        checks: list[tuple[Any, ...]] = tx.execute(
            "SELECT n.nspname FROM pg_namespace AS n WHERE has_schema_privilege(%s, n.oid, 'CREATE')", [APP]
        ).fetchall()
        assert checks == []
        [(is_super, may_make, may_role, may_bypass, may_replicate)] = tx.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls, rolreplication FROM pg_roles WHERE rolname = %s",
            [APP],
        ).fetchall()
        assert not any((is_super, may_make, may_role, may_bypass, may_replicate))
        memberships = tx.execute(
            "SELECT roleid FROM pg_auth_members JOIN pg_roles AS r ON r.oid = member WHERE rolname = %s",
            [APP],
        ).fetchall()
        assert memberships == []
        owned = tx.execute(
            "SELECT relname FROM pg_class JOIN pg_roles AS r ON r.oid = relowner WHERE rolname = %s", [APP]
        ).fetchall()
        assert owned == []


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM booking.booking",
        "TRUNCATE booking.line",
        "UPDATE audit.entry SET actor = 'nobody'",
        "DELETE FROM audit.entry",
        "UPDATE audit.seal SET digest = ''",
        "UPDATE cards.dead_number SET reason = ''",
        "ALTER TABLE booking.pool DROP CONSTRAINT pool_never_oversold",
        "DROP INDEX booking.place_one_person_idx",
        "CREATE TABLE public.mine (id int)",
        "DELETE FROM public.schema_migration",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY accounts.staff TO PROGRAM 'cat'",
        "ALTER ROLE wenyue_app CREATEDB",
        "SET ROLE wenyue_owner",
        "SELECT rolpassword FROM pg_authid",
    ],
)
def test_what_an_injection_could_try_is_refused(db_urls: DbUrls, statement: str) -> None:
    with psycopg.connect(db_urls.app_url) as tx, pytest.raises(errors.InsufficientPrivilege):
        tx.execute(statement.encode())


def test_it_reaches_no_other_database(db_urls: DbUrls) -> None:
    from tests.support.database import with_database

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(with_database(db_urls.app_url, "postgres"))
