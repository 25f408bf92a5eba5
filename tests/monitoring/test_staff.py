"""What staff do that others must hear of: changes that one made alone, admissions taken back, demo logins."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from tests.support.database import DbUrls
from tests.support.watched import Watched, watched
from wenyue.accounts import Staff, save_staff, staffing
from wenyue.accounts.staffing import By
from wenyue.core.clock import utc_now
from wenyue.core.duties import Duty, Role, duties_of_role
from wenyue.core.personal import KeyRing, Vault

pytestmark = pytest.mark.anyio


@pytest.fixture
async def fixtures(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Watched]:
    async with watched(make_database(), tmp_path) as made:
        yield made


async def test_what_one_operator_changes_alone_is_told(fixtures: Watched) -> None:
    change = """INSERT INTO changes.change (
                    id, kind, effect, request, was, sessions, places, money_minor, places_max, money_minor_max, reason, digest,
                    proposed_by, proposed_at, expires_at, state, applies_at, decided_at, review_by)
                SELECT gen_random_uuid(), 'prices.set', %s, '{}', '{}', 0, 0, 0, 0, 0, '', '',
                       'staff:1', now(), now() + interval '1 day', %s"""
    fixtures.as_owner(change % ("'loosens'", "'waiting', NULL, NULL, NULL::timestamptz"))
    fixtures.as_owner(change % ("'restricts'", "'applied', NULL, now(), now() + interval '1 hour'"))
    assert await fixtures.says("changes") == []
    fixtures.as_owner(change % ("'restricts'", "'applied', NULL, now(), now() - interval '1 second'"))
    assert await fixtures.says("changes") == ["changes:review warning"]
    fixtures.as_owner(
        change % ("'loosens'", "'waiting', now() + interval '90 seconds', NULL, NULL::timestamptz")
    )
    assert await fixtures.says("changes") == ["changes:alone warning", "changes:review warning"]
    [_, alone] = (await fixtures.look())["changes"].findings
    assert "prices.set (2 min)" in alone.text.say("en")
    fixtures.as_owner(
        "UPDATE changes.change SET reviewed_by = 'staff:2', reviewed_at = now() WHERE review_by IS NOT NULL"
    )
    fixtures.as_owner(
        "UPDATE changes.change SET state = 'withdrawn', decided_at = now() WHERE state = 'waiting'"
    )
    assert await fixtures.says("changes") == []


async def test_security_M5_admissions_taken_back_again_and_again_are_told(fixtures: Watched) -> None:
    assert await fixtures.says("undos") == []
    fixtures.as_owner(
        """INSERT INTO gate.scan (id, venue_id, gate, staff_id, at, presented, verdict, booking_id, line_no, visitor_no, answer)
           SELECT gen_random_uuid(), 1, 'north', 3, now(), '', 'admit',
                  CASE WHEN n < 3 THEN '00000000-0000-0000-0000-000000000001'::uuid ELSE gen_random_uuid() END, 0, 0, '{}'
             FROM generate_series(1, 9) AS n""",
        "INSERT INTO gate.undo (scan_id, at, staff_id, reason) SELECT id, now(), 3, 'x' FROM gate.scan",
    )
    assert await fixtures.says("undos") == ["undos warning"]
    fixtures.as_owner(
        """INSERT INTO gate.scan (id, venue_id, gate, staff_id, at, presented, verdict, booking_id, line_no, visitor_no, answer)
           VALUES (gen_random_uuid(), 1, 'north', 3, now(), '', 'admit', gen_random_uuid(), 0, 0, '{}')""",
        "INSERT INTO gate.undo SELECT id, now(), 3, 'x' FROM gate.scan ON CONFLICT DO NOTHING",
        "INSERT INTO gate.undo_refused (scan_id, staff_id, at) SELECT id, 3, now() FROM gate.scan LIMIT 1",
    )
    assert await fixtures.says("undos") == ["undos warning", "undos:keeper warning"]
    [first, _] = (await fixtures.look())["undos"].findings
    assert "for lack of a second person: 1" in first.text.say("en")


async def test_security_L_demo_logins_are_told_until_they_are_retired_or_have_a_new_password(
    fixtures: Watched,
) -> None:
    assert await fixtures.says("demo") == []
    fixtures.as_owner(
        """INSERT INTO accounts.staff (login, password_hash, role, is_demo)
           VALUES ('gate', 'x', 'gate', true), ('operator', 'x', 'operator', true), ('own', 'x', 'gate', false)"""
    )
    assert await fixtures.says("demo") == ["demo warning"]
    assert "gate, operator" in (await fixtures.look())["demo"].findings[0].text.say("en")
    fixtures.scene = replace(fixtures.scene, is_demo=True)
    assert await fixtures.says("demo") == ["demo note"]
    vault = Vault(KeyRing({1: b"k" * 32}, 1, b"i" * 32))
    async with await psycopg.AsyncConnection.connect(fixtures.urls.owner_url) as tx:
        await save_staff(
            tx,
            vault,
            login="gate",
            password="quite another",
            duties=duties_of_role("gate"),
            now=utc_now(),
            actor="test",
        )
    assert "gate" not in (await fixtures.look())["demo"].findings[0].text.say("en")
    fixtures.as_owner("UPDATE accounts.staff SET is_active = false WHERE login = 'operator'")
    assert await fixtures.says("demo") == []


async def test_what_an_administrator_does_with_the_staff_is_told_person_by_person(fixtures: Watched) -> None:
    vault = Vault(KeyRing({1: b"k" * 32}, 1, b"i" * 32))
    assert await fixtures.says("staff") == []
    operator = Duty(Role.OPERATOR)
    async with await psycopg.AsyncConnection.connect(fixtures.urls.owner_url) as tx:
        stored = await staffing.stored_password(vault, "li.na", "quite another")
        by, now = By("operator:command"), utc_now()
        staff_id = await staffing.hire(tx, by, Staff(0, "li.na", "李娜", frozenset({operator})), stored, now)
        await tx.commit()
        hired = f"staff:hired:{staff_id} warning"
        assert await fixtures.says("staff") == [hired]
        [finding] = (await fixtures.look())["staff"].findings
        assert finding.text.say("en") == "li.na: was hired, by operator:command"
        assert "李娜" not in finding.text.say("zh-CN") + finding.text.say(
            "en"
        )  # a login, as elsewhere, and nothing else of them
        known = Staff(staff_id, "li.na", "李娜", frozenset({operator}))
        await staffing.set_duties(tx, known, frozenset({Duty(Role.AUDITOR)}), now, f"staff:{staff_id}")
        await staffing.reset_staff(tx, by, known, stored, now)
        await staffing.unlock_staff(tx, staff_id, now, "operator:command")
        await staffing.retire_staff(tx, staff_id, now, "operator:command")
        await tx.commit()
    duties, reset, retired = (
        f"staff:{what}:{staff_id} warning" for what in ("duties_set", "reset", "retired")
    )
    assert await fixtures.says("staff") == [duties, hired, reset, retired]
    said = {one.detail: one.text.say("en") for one in (await fixtures.look())["staff"].findings}
    assert said[f"duties_set:{staff_id}"] == "li.na: has other duties, by li.na"
    fixtures.as_owner("UPDATE accounts.staff_act SET at = at - interval '61 minutes'")
    assert await fixtures.says("staff") == []
    # the record says what it said before
    with psycopg.connect(fixtures.urls.owner_url) as tx:
        [(actions,)] = tx.execute(
            "SELECT array_agg(action ORDER BY id) FROM audit.entry WHERE subject = %s", [f"staff:{staff_id}"]
        ).fetchall()
    assert actions == ["staff.saved", "staff.duties_set", "staff.saved", "staff.unlocked", "staff.retired"]


async def test_many_changes_of_the_staff_are_bounded_and_a_week_of_them_is_kept(fixtures: Watched) -> None:
    fixtures.as_owner(
        "INSERT INTO accounts.staff (login, password_hash, role) SELECT 'k' || n, '-', 'gate' FROM generate_series(1, 30) n",
        "INSERT INTO accounts.staff_act (at, what, staff_id, actor)"
        " SELECT now(), 'staff.hired', id, 'operator:command' FROM accounts.staff WHERE login LIKE 'k%'",
    )
    told = await fixtures.says("staff")
    assert len(told) == 20
    assert "staff:many warning" in told
    fixtures.as_owner(
        "UPDATE accounts.staff_act SET at = now() - interval '8 days'",
        "SELECT accounts.note_staff(NULL, 'operator:command', now(), 'staff.retired', max(id), '{}') FROM accounts.staff",
    )
    with psycopg.connect(fixtures.urls.owner_url) as tx:
        assert tx.execute("SELECT count(*) FROM accounts.staff_act").fetchall() == [(1,)]


async def test_the_application_writes_nothing_of_what_is_told_of_the_staff(fixtures: Watched) -> None:
    with psycopg.connect(fixtures.urls.app_url) as tx:
        assert tx.execute("SELECT count(*) FROM accounts.staff_act_v").fetchall() == [(0,)]
    for statement in (
        "DELETE FROM accounts.staff_act",
        "UPDATE accounts.staff_act SET at = now()",
        "SELECT 1 FROM accounts.staff_act",
        "SELECT accounts.note_staff(NULL, 'x', now(), 'staff.hired', 1, '{}')",
    ):
        with psycopg.connect(fixtures.urls.app_url) as tx, pytest.raises(InsufficientPrivilege):
            tx.execute(statement.encode())
