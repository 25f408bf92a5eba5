"""What the application's database role may do: read and write rows. Not delete what happened, not change structure."""

from typing import Any, Final

import psycopg
import pytest
from psycopg import errors

from tests.support.database import DbUrls
from tests.support.grants import FORMER_SCHEMAS

APP: Final = "wenyue_app"


def former_names(tables: set[str]) -> set[str]:
    """Those of these tables that have a view under a former name, by it."""
    split = (table.split(".") for table in tables)
    return {f"{FORMER_SCHEMAS[schema]}.{name}" for schema, name in split if schema in FORMER_SCHEMAS}


_MAY_DELETE: Final = {
    "booking.outbox",  # notes of an earlier version
    "abuse.pair",
    "abuse.tally",  # counts of hours that are over
    "waiting_room.load_signal",  # of processes that ended
    "events.event",  # what everybody was told of
    "events.undelivered",  # what was told at last
    "gate.gone_through",  # sessions gone by
    "gate.term",  # what bookings gone by were looked up by
}
_APPEND_ONLY: Final = {
    "audit.entry",
    "audit.seal",
    "cards.dead_number",
    "waiting_room.arrival",
    "waiting_room.exchange",
    "waiting_room.step",
    "gate.lookup",
    "gate.term",
    "gate.undo",
    "gate.undo_refused",
    "public.schema_migration",
}
# What the release before finds under the schemas' former names has the rights of the tables behind it.
MAY_DELETE: Final = _MAY_DELETE | former_names(_MAY_DELETE)
APPEND_ONLY: Final = _APPEND_ONLY | former_names(_APPEND_ONLY)
_TABLES: Final = """
    SELECT n.nspname || '.' || c.relname, p.privilege
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace,
         unnest(ARRAY['DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER', 'UPDATE', 'INSERT']) AS p (privilege)
    WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND (has_table_privilege(%(role)s, c.oid, p.privilege)
           OR p.privilege IN ('UPDATE', 'INSERT') AND has_any_column_privilege(%(role)s, c.oid, p.privilege))
"""


@pytest.fixture(scope="module")
def granted(db_urls: DbUrls) -> dict[str, set[str]]:
    """Privilege → the tables on which the role has it."""
    found: dict[str, set[str]] = {}
    with psycopg.connect(db_urls.owner_url) as tx:
        for table, privilege in tx.execute(_TABLES, {"role": APP}).fetchall():
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
        "UPDATE accounts.staff SET role = 'admin'",
        "UPDATE accounts.staff SET password_hash = ''",
        "UPDATE accounts.staff SET venue_ids = '{}'",
        "UPDATE accounts.staff SET is_active = true",
        "INSERT INTO accounts.duty (staff_id, role, granted_by) VALUES (1, 'administrator', 'staff:1')",
        "UPDATE accounts.duty SET role = 'administrator'",
        "DELETE FROM accounts.duty",
        "UPDATE accounts.staff SET tries_from = now()",
        "UPDATE accounts.staff SET display_name = ''",
        "SELECT accounts.unlock_staff(NULL, 'operator:command', now(), 1)",  # tests/security/test_staff_functions.py
        "DELETE FROM accounts.clerk_pin",
        "INSERT INTO accounts.staff (login, password_hash, role) VALUES ('mine', '', 'admin')",
        "UPDATE booking.booking SET party = ''",
        "UPDATE booking.booking SET holder_id = 1",
        "UPDATE booking.pool SET capacity = 1000000",
        "UPDATE booking.line SET price_minor = 0",
        "UPDATE booking.place SET person_key = ''",
        "UPDATE booking.redemption SET at = now()",
        "UPDATE accounts.traveller SET person_key = NULL",
        "UPDATE accounts.login SET expires_at = 'infinity'",
        "UPDATE policy.preset SET rules = '{}'",
        "INSERT INTO abuse.rule (pattern, rules) VALUES ('guessed_secrets', '{}')",
        "UPDATE abuse.rule SET rules = '{}'",
        "UPDATE abuse.finding SET reason = ''",
        "INSERT INTO policy.preset (code, rules, source) VALUES ('mine', '{}', '')",
        "UPDATE cards.card_type SET rules = '{}'",
        "INSERT INTO cards.card (card_no, type_code, state, pin_hash) VALUES ('1', 'demo', 2, '')",
        "UPDATE cards.card SET extended_days = 1000",
        "UPDATE cards.entitlement SET granted = 1000",
        "UPDATE catalogue.product SET price_minor = 0",
        "UPDATE catalogue.venue SET name = '{}'",
        "INSERT INTO catalogue.price (product_id, on_date, price_minor) VALUES (1, now(), 0)",
        "UPDATE catalogue.calendar_template SET sessions = '[]'",
        "INSERT INTO catalogue.closure (venue_id, from_date, to_date) VALUES (1, now(), now())",
        "UPDATE booking.booking SET body_hash = ''",
        "UPDATE monitoring.heartbeat SET at = now()",
        "INSERT INTO public.procrastinate_jobs (queue_name, task_name) VALUES ('default', 'mine')",
        "UPDATE public.procrastinate_jobs SET args = '{}'",
        "DELETE FROM public.procrastinate_jobs",
        "DELETE FROM public.procrastinate_workers",
        "TRUNCATE public.procrastinate_jobs CASCADE",
        "SELECT public.procrastinate_cancel_job_v1(1, false, true)",
        "SELECT nextval('public.procrastinate_jobs_id_seq')",
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
def test_security_M7_what_an_injection_could_try_is_refused(db_urls: DbUrls, statement: str) -> None:
    with psycopg.connect(db_urls.app_url) as tx, pytest.raises(errors.InsufficientPrivilege):
        tx.execute(statement.encode())


def test_security_M7_a_job_that_waits_is_not_deleted(db_urls: DbUrls) -> None:
    """The queue's functions run with their owner's rights: they finish what runs, and delete nothing that waits."""
    with psycopg.connect(db_urls.app_url, autocommit=True) as tx:
        [(job,)] = tx.execute(
            "SELECT unnest(procrastinate_defer_jobs_v1(ARRAY[('default', 'a', 0, NULL, NULL, '{}', NULL)]"
            "::procrastinate_job_to_defer_v1[]))"
        ).fetchall()
        finish = "SELECT procrastinate_finish_job_v1(%s, 'succeeded', true)"
        with pytest.raises(errors.InsufficientPrivilege):
            tx.execute(finish, [job])
        [(forgotten,)] = tx.execute("SELECT forget_failed_jobs(0)").fetchall()
        [(worker,)] = tx.execute("SELECT worker_id FROM procrastinate_register_worker_v1()").fetchall()
        [(fetched,)] = tx.execute("SELECT id FROM procrastinate_fetch_job_v2(NULL, %s)", [worker]).fetchall()
        tx.execute(finish, [job])
        [(left,)] = tx.execute("SELECT count(*) FROM procrastinate_jobs").fetchall()
    assert (forgotten, fetched, left) == (0, job, 0)


def test_security_M7_a_capacity_changes_only_with_an_entry_in_the_record(db_urls: DbUrls) -> None:
    with psycopg.connect(db_urls.app_url) as tx:
        [(pool,)] = tx.execute(
            "INSERT INTO booking.pool (kind, venue_id, on_date, capacity) VALUES ('day', 1, '2026-01-01', 5) RETURNING id"
        ).fetchall()
        tx.execute(
            "SELECT booking.set_capacities(json_build_array(json_build_object('id', %s::bigint, 'capacity', 9)))",
            [pool],
        )
        found = tx.execute(
            "SELECT capacity, detail FROM booking.pool p JOIN audit.entry e ON e.subject = 'pool:' || p.id WHERE p.id = %s",
            [pool],
        ).fetchall()
        assert found == [(9, {"from": 5, "to": 9})]


def test_it_reaches_no_other_database(db_urls: DbUrls) -> None:
    from tests.support.database import with_database

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(with_database(db_urls.app_url, "postgres"))


@pytest.mark.parametrize("actor", ["system:database", "operator:command", "operator:restore"])
def test_security_M7_the_application_signs_no_entry_as_the_database_or_an_operator(
    db_urls: DbUrls, actor: str
) -> None:
    entry = "INSERT INTO audit.entry (at, actor, action, subject) VALUES (now(), %s, 'x', 'x')"
    with psycopg.connect(db_urls.app_url) as tx, pytest.raises(errors.CheckViolation):
        tx.execute(entry, [actor])
    with psycopg.connect(db_urls.owner_url) as tx:
        tx.execute(entry, [actor])
        tx.rollback()


def test_security_M7_a_staff_login_leaves_an_entry_that_nobody_can_leave_out(db_urls: DbUrls) -> None:
    with psycopg.connect(db_urls.owner_url, autocommit=True) as tx:
        [[staff_id]] = tx.execute(
            "INSERT INTO accounts.staff (login, password_hash, role) VALUES ('noted', '-', 'admin') RETURNING id"
        ).fetchall()
    login = "INSERT INTO accounts.login (token_hash, staff_id, created_at, expires_at) VALUES (%s, %s, now(), 'infinity')"
    with psycopg.connect(db_urls.app_url, autocommit=True) as tx:
        tx.execute(login, [b"of my own", staff_id])
    with psycopg.connect(db_urls.owner_url) as tx:
        found = tx.execute("SELECT actor, action FROM audit.entry WHERE subject = %s", [f"staff:{staff_id}"])
        assert found.fetchall() == [("system:database", "login.staff_started")]


def test_security_M7_a_card_that_has_a_holder_keeps_them(db_urls: DbUrls) -> None:
    with psycopg.connect(db_urls.owner_url, autocommit=True) as tx:
        tx.execute(
            """INSERT INTO cards.card_type (code, name, rules, source) VALUES ('kept', '{"en": "kept"}', '{}', '')"""
        )
        people = tx.execute(
            "INSERT INTO accounts.traveller (person_key, sealed) VALUES ('p1', ''), ('p2', '') RETURNING id"
        ).fetchall()
        [[card_id]] = tx.execute(
            "INSERT INTO cards.card (card_no, type_code, state, pin_hash) VALUES ('kept-1', 'kept', 2, '') RETURNING id"
        ).fetchall()
    hand_over = "UPDATE cards.card SET holder_id = %s, holder_key = %s WHERE id = %s"
    with psycopg.connect(db_urls.app_url, autocommit=True) as tx:
        tx.execute(hand_over, [people[0][0], b"p1", card_id])
        tx.execute(hand_over, [people[0][0], b"p1", card_id])  # activation again
        for holder_id, key in ((people[1][0], b"p2"), (people[0][0], b"p2"), (None, None)):
            with pytest.raises(errors.CheckViolation):
                tx.execute(hand_over, [holder_id, key, card_id])
