"""Trouble is planted in a real database, and the monitor's round finds it; without trouble it finds nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from tests.support.database import DbUrls
from tests.support.watched import DAY, Watched, settled, watched
from wenyue import audit
from wenyue.accounts import save_staff
from wenyue.booking import ChangeKind, ChangeRequest, Outcome
from wenyue.infra.db import Tx
from wenyue.infra.keys import load_seal_keys
from wenyue.kernel.clock import utc_now
from wenyue.kernel.duties import duties_of_role
from wenyue.kernel.personal import KeyRing, Vault
from wenyue.watch import Memory, beat, look_at_all, open_alerts, retire, silence, silences
from wenyue.watch.rules import judge_pass
from wenyue.watch.store import take_turn
from wenyue.watch.sweep import look_around

pytestmark = pytest.mark.anyio


@pytest.fixture
async def town(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Watched]:
    async with watched(make_database(), tmp_path) as made:
        yield made


async def test_a_sound_installation_is_quiet(town: Watched) -> None:
    slots = [await town.slot() for _ in range(25)]
    await town.book(*slots[:1])
    await town.book(slots[1], is_hold=False)
    town.calm()
    checks = await town.look()
    loud = {
        name: (one.problem, one.findings)
        for name, one in checks.items()
        if one.problem or any(f.severity.rank for f in one.findings)
    }
    assert loud == {}
    assert {
        "database",
        "replication",
        "holds",
        "events",
        "jobs",
        "no-shows",
        "record",
        "windows",
        "bookings",
    } <= set(checks)
    assert checks["windows"].says.startswith(
        "58 rows"
    )  # 25 days of venues with two pools each and two lines; the two booked now twice


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


# What is planted, in which check it shows, and as what.
TROUBLE: list[tuple[str, str, tuple[LiteralString, ...]]] = [
    ("windows", "I2 pool", ("UPDATE booking.pool SET sold = sold + 1 WHERE kind = 'day'",)),
    (
        "windows",
        "I2 pool",
        ("UPDATE booking.pool SET held = held + 1, sold = sold - 1 WHERE kind = 'session' AND sold > 0",),
    ),
    (
        "windows",
        "has 0 places and gave 1",
        (
            "ALTER TABLE booking.pool DROP CONSTRAINT pool_never_oversold",
            "UPDATE booking.pool SET capacity = 0 WHERE kind = 'session'",
        ),
    ),
    ("windows", "I1 line 0 of booking", ("UPDATE booking.booking SET state = 3",)),
    ("windows", "has no booking", ("DELETE FROM booking.booking",)),
    ("windows", "draws not from every pool", ("UPDATE booking.line SET pool_ids = pool_ids[1:1]",)),
    (
        "windows",
        "I4 one person has 2 places",
        (
            "DROP INDEX booking.place_one_person_idx",
            """INSERT INTO booking.place (booking_id, line_no, visitor_no, person_key, scope, on_date)
               SELECT booking_id, line_no, 77, person_key, scope, on_date FROM booking.place LIMIT 1""",
        ),
    ),
    ("windows", "I4 a place of booking", ("UPDATE booking.place SET on_date = on_date + 1",)),
    ("windows", "was given back", ("UPDATE booking.line SET is_live = false",)),
    ("bookings", "I1 booking", ("UPDATE booking.line SET is_live = false",)),
    ("entitlements", "I5 entitlement 0", ("UPDATE cards.entitlement SET used = used + 1",)),
]


@pytest.mark.parametrize(("check", "words", "planted"), TROUBLE)
async def test_a_broken_invariant_is_found_and_stays_found_until_it_is_mended(
    town: Watched, check: str, words: str, planted: tuple[LiteralString, ...]
) -> None:
    await town.book(await town.slot())
    assert await town.says(check) == []
    town.as_owner(*planted)
    for _ in range(2):
        [finding] = (await town.look())[check].findings
        assert finding.severity.value == "critical"
        assert words in finding.en
    facts = await look_at_all(town.tx, utc_now())
    assert any(words in one for one in facts.broken)


async def test_a_mended_invariant_is_quiet_again(town: Watched) -> None:
    await town.book(await town.slot())
    town.as_owner("UPDATE booking.pool SET sold = sold + 1 WHERE kind = 'day'")
    assert await town.says("windows") == ["windows critical"]
    town.as_owner("UPDATE booking.pool SET sold = sold - 1 WHERE kind = 'day'")
    assert await town.says("windows") == []


async def test_no_shows_keep_their_places_and_are_no_trouble(town: Watched) -> None:
    booking = await town.book(await town.slot())
    town.as_owner("UPDATE booking.booking SET state = 5")
    town.calm()
    assert (await look_at_all(town.tx, utc_now())).broken == ()
    assert booking.lines


async def test_cancelled_and_expired_bookings_are_no_trouble(town: Watched) -> None:
    slot = await town.slot(capacity=9)
    for kind in (ChangeKind.CANCEL, ChangeKind.EXPIRE):
        booking = await town.book(slot, is_hold=kind is ChangeKind.EXPIRE)
        if kind is ChangeKind.EXPIRE:
            town.as_owner("UPDATE booking.booking SET hold_until = '2000-01-01' WHERE state = 1")
        answer = await town.engine.change(ChangeRequest(kind, booking.id, "test"))
        assert answer.outcome in {Outcome.CANCELLED, Outcome.TERMS_FORBID}, answer
    assert (await look_at_all(town.tx, utc_now())).broken == ()


async def test_a_pass_goes_on_where_it_stopped(town: Watched) -> None:
    for n in range(45):
        await town.slot(DAY + timedelta(days=n % 5))
    rows: list[int] = []
    while len(rows) < 5 and sum(rows) < 90:  # no time at all: one step of twenty windows in each round
        facts = await look_around(town.tx, utc_now(), "windows", budget_s=0)
        assert (facts.finished_at is not None) == (sum(rows) + facts.rows == 90)
        rows.append(facts.rows)
    assert rows == [40, 40, 10]
    facts = await look_around(town.tx, utc_now(), "windows", budget_s=0)
    late = utc_now() + timedelta(hours=27)
    assert [one.detail for one in judge_pass(facts, late, check="windows")] == ["pass"]


async def test_work_that_waits_is_seen(town: Watched) -> None:
    await town.book(await town.slot(), is_hold=True)
    town.as_owner(
        "UPDATE booking.booking SET hold_until = now() - interval '61 seconds'",
        "UPDATE events.event SET at = now() - interval '61 seconds'",
        "UPDATE booking.slot SET ends_at = now() - interval '49 hours'",
    )
    assert await town.says("holds") == ["holds warning"]
    assert await town.says("no-shows") == ["no-shows warning"]


async def test_subscribers_that_are_behind_or_stuck_are_seen(town: Watched) -> None:
    booking = await town.book(await town.slot())
    assert await town.says("events") == ["events:nobody critical"]  # no worker has ever made one known
    town.as_owner(
        "UPDATE events.event SET at = now() - interval '61 seconds'",
        "INSERT INTO events.subscriber (name, done) VALUES ('deaf', '1:1:'), ('alert', '1:1:')",
        "UPDATE events.subscriber SET done = pg_current_snapshot() WHERE name = 'alert'",
    )
    assert await town.says("events") == ["events:deaf warning"]
    town.as_owner(
        "UPDATE events.event SET at = now() - interval '11 minutes'",
        "UPDATE events.subscriber SET failures = 3, error = 'KeyError at gate.py:1', lost = 4, lost_at = now()"
        " WHERE name = 'deaf'",
        "INSERT INTO events.undelivered (subscriber, subject, event_id, tries, parked_at, since)"
        " SELECT 'alert', 'booking:1', n, 8, now(), now() FROM generate_series(1, 2) AS n",
    )
    found = (await town.look())["events"]
    said = [(one.subject, one.severity.value) for one in found.findings]
    assert sorted(said) == [
        ("events:alert:parked", "warning"),
        ("events:deaf", "critical"),
        ("events:deaf:lost", "critical"),
    ]
    [behind] = [one for one in found.findings if one.subject == "events:deaf"]
    assert "1 events behind" in behind.en
    assert "KeyError at gate.py:1" in behind.zh
    assert str(booking.id) not in repr(found)


async def test_jobs_that_wait_failed_or_were_left_behind_are_seen(town: Watched) -> None:
    assert await town.says("jobs") == []
    town.as_owner(
        "INSERT INTO public.procrastinate_jobs (queue_name, task_name, status, scheduled_at)"
        " VALUES ('default', 'x', 'todo', now() - interval '3 minutes'), ('default', 'x', 'todo', now() + interval '1 hour')",
        "INSERT INTO public.procrastinate_jobs (queue_name, task_name, status) VALUES ('default', 'x', 'doing')",
        "INSERT INTO public.procrastinate_jobs (queue_name, task_name, status) VALUES ('default', 'x', 'failed')",
        """INSERT INTO public.procrastinate_events (job_id, type)
           SELECT id, 'failed' FROM public.procrastinate_jobs WHERE status = 'failed'""",
    )
    assert await town.says("jobs") == ["jobs:abandoned warning", "jobs:age warning", "jobs:failed warning"]


async def test_silent_partners_and_workers_are_seen(town: Watched) -> None:
    await beat(town.tx, "ota:one", 60)
    await beat(town.tx, "worker:a", 60)
    assert await town.says("partners") == []
    town.as_owner("UPDATE watch.heartbeat SET at = now() - interval '181 seconds'")
    assert await town.says("partners") == ["partners:ota:one warning"]
    assert await town.says("worker") == ["worker critical"]
    assert await retire(town.tx, "ota:one")
    assert not await retire(town.tx, "ota:one")
    await beat(town.tx, "worker:b", 60, "another one lives")
    assert await town.says("partners") == []
    assert await town.says("worker") == []
    with pytest.raises(psycopg.errors.CheckViolation):
        await beat(town.tx, "No Such Name", 60)


async def test_the_record_is_watched(town: Watched) -> None:
    await audit.record(town.tx, [audit.Entry(utc_now() - timedelta(minutes=3), "test", "test.happened", "x")])
    assert await town.says("record") == ["record:unsealed warning"]
    await settled(town.tx)
    async with town.tx.transaction():
        assert await audit.seal(town.tx, utc_now(), load_seal_keys(town.scene.disks[0]))
    assert await town.says("record") == []
    town.as_owner("UPDATE audit.entry SET subject = 'y'")
    assert await town.says("record") == []  # it was verified before, and is again a day later
    town.memory = Memory()
    assert await town.says("record") == ["record:broken critical"]


async def test_an_open_transaction_and_a_crowd_of_connections_are_seen(town: Watched) -> None:
    checks = await town.look()
    assert checks["database"].findings == ()
    used, most = (int(part) for part in checks["database"].says.rpartition(", ")[2].split()[0].split("/"))
    assert 0 < used < most


async def test_a_standby_that_is_promised_and_missing_is_seen(town: Watched) -> None:
    town.scene = replace(town.scene, standbys=1)
    assert await town.says("replication") == ["replication:count warning"]


async def test_a_database_that_is_away_is_one_finding(town: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wenyue.watch.rounds.CONNECT_AGAIN_S", 0.01)

    async def refuse() -> Tx:
        raise psycopg.OperationalError("no")

    town.scene = replace(town.scene, connect=refuse)
    checks = await town.look()
    assert [one.severity.value for one in checks["database"].findings] == ["critical"]
    assert "windows" not in checks


async def test_a_database_that_hangs_is_away_too(town: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang() -> Tx:
        await asyncio.sleep(3600)
        raise AssertionError

    monkeypatch.setattr("wenyue.watch.rounds.CONNECT_DEADLINE_S", 0.05)
    monkeypatch.setattr("wenyue.watch.rounds.CONNECT_AGAIN_S", 0.01)
    town.scene = replace(town.scene, connect=hang)
    async with asyncio.timeout(30):
        checks = await town.look()
    assert [one.subject for one in checks["database"].findings] == ["database"]


async def test_a_database_that_takes_no_writes_is_seen(town: Watched) -> None:
    async def read_only() -> Tx:
        return await psycopg.AsyncConnection.connect(
            town.urls.app_url, autocommit=True, options="-c default_transaction_read_only=on"
        )

    town.scene = replace(town.scene, connect=read_only)
    assert await town.says("database") == ["database:read-only critical"]


async def test_one_monitor_has_the_turn_and_another_follows_it(town: Watched) -> None:
    assert await take_turn(town.tx, "one")
    assert not await take_turn(town.tx, "two")
    assert await take_turn(town.tx, "one")
    assert "windows" not in await town.look()  # this node is "here"
    town.as_owner("UPDATE watch.turn SET until = now() - interval '1 second'")
    assert "windows" in await town.look()


async def test_clocks_of_nodes_are_compared(town: Watched) -> None:
    town.as_owner("INSERT INTO watch.node (name, at, ahead_s) VALUES ('other', now(), 3.5)")
    assert await town.says("clock") == ["clock:nodes warning"]


async def test_silences_are_shared_and_end(town: Watched) -> None:
    await silence(town.tx, "disk", utc_now() + timedelta(hours=1), "moving data")
    assert list(await silences(town.tx)) == ["disk"]
    await silence(town.tx, "disk", utc_now(), "")
    assert await silences(town.tx) == {}
    assert await open_alerts(town.tx) == {}
