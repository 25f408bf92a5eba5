"""What staff do that others must hear of: changes that one made alone, admissions taken back, demo logins."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.support.database import DbUrls
from tests.support.watched import Watched, watched
from wenyue.accounts import save_staff
from wenyue.kernel.clock import utc_now
from wenyue.kernel.duties import duties_of_role
from wenyue.kernel.personal import KeyRing, Vault

pytestmark = pytest.mark.anyio


@pytest.fixture
async def town(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Watched]:
    async with watched(make_database(), tmp_path) as made:
        yield made


async def test_what_one_operator_changes_alone_is_told(town: Watched) -> None:
    change = """INSERT INTO changes.change (
                    id, kind, effect, request, was, sessions, places, money_minor, places_max, money_minor_max, reason, digest,
                    proposed_by, proposed_at, expires_at, state, applies_at, decided_at, review_by)
                SELECT gen_random_uuid(), 'prices.set', %s, '{}', '{}', 0, 0, 0, 0, 0, '', '',
                       'staff:1', now(), now() + interval '1 day', %s"""
    town.as_owner(change % ("'loosens'", "'waiting', NULL, NULL, NULL::timestamptz"))
    town.as_owner(change % ("'restricts'", "'applied', NULL, now(), now() + interval '1 hour'"))
    assert await town.says("changes") == []
    town.as_owner(change % ("'restricts'", "'applied', NULL, now(), now() - interval '1 second'"))
    assert await town.says("changes") == ["changes:review warning"]
    town.as_owner(change % ("'loosens'", "'waiting', now() + interval '90 seconds', NULL, NULL::timestamptz"))
    assert await town.says("changes") == ["changes:alone warning", "changes:review warning"]
    [_, alone] = (await town.look())["changes"].findings
    assert "prices.set (2 min)" in alone.en
    town.as_owner(
        "UPDATE changes.change SET reviewed_by = 'staff:2', reviewed_at = now() WHERE review_by IS NOT NULL"
    )
    town.as_owner("UPDATE changes.change SET state = 'withdrawn', decided_at = now() WHERE state = 'waiting'")
    assert await town.says("changes") == []


async def test_security_M5_admissions_taken_back_again_and_again_are_told(town: Watched) -> None:
    assert await town.says("undos") == []
    town.as_owner(
        """INSERT INTO gate.scan (id, venue_id, gate, staff_id, at, presented, verdict, booking_id, line_no, visitor_no, answer)
           SELECT gen_random_uuid(), 1, 'north', 3, now(), '', 'admit',
                  CASE WHEN n < 3 THEN '00000000-0000-0000-0000-000000000001'::uuid ELSE gen_random_uuid() END, 0, 0, '{}'
             FROM generate_series(1, 9) AS n""",
        "INSERT INTO gate.undo (scan_id, at, staff_id, reason) SELECT id, now(), 3, 'x' FROM gate.scan",
    )
    assert await town.says("undos") == ["undos warning"]
    town.as_owner(
        """INSERT INTO gate.scan (id, venue_id, gate, staff_id, at, presented, verdict, booking_id, line_no, visitor_no, answer)
           VALUES (gen_random_uuid(), 1, 'north', 3, now(), '', 'admit', gen_random_uuid(), 0, 0, '{}')""",
        "INSERT INTO gate.undo SELECT id, now(), 3, 'x' FROM gate.scan ON CONFLICT DO NOTHING",
        "INSERT INTO gate.undo_refused (scan_id, staff_id, at) SELECT id, 3, now() FROM gate.scan LIMIT 1",
    )
    assert await town.says("undos") == ["undos warning", "undos:keeper warning"]
    [first, _] = (await town.look())["undos"].findings
    assert "1 tries were refused" in first.en


async def test_security_L_demo_logins_are_told_until_they_are_retired_or_have_a_new_password(
    town: Watched,
) -> None:
    assert await town.says("demo") == []
    town.as_owner(
        """INSERT INTO accounts.staff (login, password_hash, role, is_demo)
           VALUES ('gate', 'x', 'gate', true), ('operator', 'x', 'operator', true), ('own', 'x', 'gate', false)"""
    )
    assert await town.says("demo") == ["demo warning"]
    assert "gate, operator" in (await town.look())["demo"].findings[0].en
    town.scene = replace(town.scene, is_demo=True)
    assert await town.says("demo") == ["demo note"]
    vault = Vault(KeyRing({1: b"k" * 32}, 1, b"i" * 32))
    async with await psycopg.AsyncConnection.connect(town.urls.owner_url) as tx:
        await save_staff(
            tx,
            vault,
            login="gate",
            password="quite another",
            duties=duties_of_role("gate"),
            now=utc_now(),
            actor="test",
        )
    assert "gate" not in (await town.look())["demo"].findings[0].en
    town.as_owner("UPDATE accounts.staff SET is_active = false WHERE login = 'operator'")
    assert await town.says("demo") == []
