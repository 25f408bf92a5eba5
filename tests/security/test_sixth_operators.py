"""What a sixth attack found in the acts of operators: a cap that a holiday forgot, a closure that nothing lifts, a new duty."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tests.booking.test_replanning import TUESDAY, db, enter
from tests.support.api_site import TODAY
from tests.support.database import DbUrls
from tests.support.opening_stage import DAY, Stage, opened_venue
from tests.support.second_factor import Staffed, staffed
from wenyue.accounts import staffing
from wenyue.application.close_slots import Closed, close_slots
from wenyue.application.closing import CloseSlots
from wenyue.application.jobs.drop_over_sign_ins import drop_over_sign_ins
from wenyue.application.lift_closure import LiftClosure, lift_closure
from wenyue.application.operating import NotDone, Operator
from wenyue.booking import Outcome
from wenyue.booking.slots.planning import CALENDAR_REASONS
from wenyue.booking.slots.slot_planning import CapacityAnswer, set_capacity, set_day_capacity
from wenyue.core.duties import EVERY_DUTY, Duty, Role
from wenyue.platform.database.db import Database

pytestmark = pytest.mark.anyio
holiday_db = db  # a fixture: a venue under the rules of 故宫, opened for two days
_PRICE = {"product": "1", "yuan": "58.50", "reason": "旺季"}


@pytest.fixture
async def stage(make_database: Callable[[], DbUrls]) -> AsyncIterator[Stage]:
    async with opened_venue(make_database()) as made:
        yield made


@pytest.fixture
async def staff(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Staffed]:
    async with staffed(make_database(), tmp_path) as made:
        yield made


async def _pools(db: Database) -> list[tuple[object, ...]]:
    """Kind, whether anything is sold, capacity and target of the pools of the day that are on their way down."""
    statement = "SELECT kind, is_open, capacity, target FROM booking.pool WHERE on_date = %s AND target IS NOT NULL ORDER BY kind"
    async with db.connection() as tx:
        return await (await tx.execute(statement, (TUESDAY,))).fetchall()


async def test_security_sixth_a_holiday_leaves_a_cap_that_is_on_its_way(holiday_db: Database) -> None:
    async with holiday_db.transaction() as tx:
        rows = await tx.execute(
            "SELECT s.id, s.venue_id, s.pool_ids FROM booking.slot s WHERE s.on_date = %s"
            " ORDER BY s.starts_at LIMIT 1",
            (TUESDAY,),
        )
        [(slot, venue, pools)] = await rows.fetchall()
        await tx.execute("UPDATE booking.pool SET sold = 80 WHERE id = ANY(%s)", (pools,))
    async with holiday_db.transaction() as tx:
        assert await set_capacity(tx, slot, 50, below_taken="follow") is CapacityAnswer.FOLLOWS
        assert await set_day_capacity(tx, venue, TUESDAY, 60, below_taken="follow") is CapacityAnswer.FOLLOWS
    ordered = await _pools(holiday_db)
    assert [(kind, is_open, target) for kind, is_open, _, target in ordered] == [
        ("day", False, 60),
        ("session", False, 50),
    ]
    await enter(holiday_db)
    assert await _pools(holiday_db) == ordered
    async with holiday_db.connection() as tx:  # the rest of the day follows the calendar
        rows = await tx.execute("SELECT price_minor FROM booking.slot WHERE id = %s", (slot,))
        assert await rows.fetchone() == (6_000,)


async def test_security_sixth_a_closure_by_hand_does_not_speak_like_the_calendar(stage: Stage) -> None:
    operator = Operator("operator:command", duties=EVERY_DUTY)
    for reason in CALENDAR_REASONS:
        for said in (reason, f" {reason} "):
            refused = await close_slots(
                stage, operator, CloseSlots(stage.venue_id, DAY, DAY, {"zh-CN": said})
            )
            assert refused is NotDone.REASON_RESERVED
    closed = await close_slots(
        stage, operator, CloseSlots(stage.venue_id, DAY, DAY, {"zh-CN": "周二临时闭馆"})
    )
    assert isinstance(closed, Closed)
    assert closed.closure_id is not None
    assert await stage.outcome(stage.afternoon) is Outcome.SLOT_CLOSED
    assert await lift_closure(stage, operator, LiftClosure(closed.closure_id)) == 2


async def test_security_sixth_who_may_change_something_from_now_on_signs_in_again(staff: Staffed) -> None:
    day = (TODAY + timedelta(days=5)).isoformat()
    ann = await staff.enrolled("ann")
    await ann.get("/console/changes/new?venue=1&act=prices.set")
    await ann.submit(ann.form("/console/changes/new"), _PRICE | {"from": day, "what": "propose"})
    keeper = await staff.password("gate", "gate")  # by password alone: a gate keeper changes nothing
    await keeper.get("/console/me")
    assert keeper.path == "/console/me"
    async with await psycopg.AsyncConnection.connect(staff.urls.owner_url) as tx:
        rows = await tx.execute("SELECT id FROM accounts.staff WHERE login = 'gate'")
        actor = f"staff:{(await rows.fetchall())[0][0]}"
        member = (await staffing.staff_of_actors(tx, [actor]))[actor].staff
        now_approves = member.duties | {Duty(Role.APPROVER)}
        await staffing.set_duties(tx, member, now_approves, staff.now, "operator:command")
    await keeper.get(ann.path)
    assert keeper.path == "/console/signin"
    again = await staff.password("gate")
    assert again.path == "/console/signin/enrolment"


async def test_what_sign_ins_left_behind_goes_and_nothing_early(staff: Staffed) -> None:
    services = staff.site.app.services
    ann = await staff.enrolled("ann")
    with psycopg.connect(staff.urls.owner_url) as tx:  # by the database's own clock, which nobody sets
        tx.execute(
            "INSERT INTO accounts.half_login (token_hash, staff_id, waits_for, began_at, until)"
            " SELECT sha256(n::text::bytea), 1, 'factor', now(), now() - n * interval '1 hour'"
            " FROM generate_series(1, 48) AS n"
        )
        tx.execute(
            "INSERT INTO accounts.gate_device (venue_id, post, code_hash, code_until, made_by, enrolled_at)"
            " SELECT 1, 'x', sha256(n::text::bytea), now() - n * interval '1 hour', 'test', NULL"
            " FROM generate_series(1, 48) AS n"
        )
        tx.execute("UPDATE accounts.login SET expires_at = now() + interval '1 day', used_at = now()")
        tx.execute(
            "INSERT INTO accounts.login (token_hash, staff_id, created_at, expires_at, ended_at)"
            " SELECT sha256(n::text::bytea), 1, now() - interval '1 year', now() + interval '1 day',"
            " now() - n * interval '1 day' FROM generate_series(1, 60) AS n"
        )
    for _ in range(20):
        if not await drop_over_sign_ins(services):
            break
    assert staff.query(
        "SELECT count(*) FROM accounts.half_login WHERE until < now() - interval '1 minute'"
    ) == [(23,)]
    assert staff.query("SELECT count(*) FROM accounts.gate_device") == [(23,)]
    assert staff.query("SELECT count(*) FROM accounts.login WHERE ended_at IS NOT NULL") == [(29,)]
    assert staff.query("SELECT count(*) FROM accounts.login WHERE ended_at IS NULL") != [(0,)]
    await ann.get("/console/me")
    assert ann.path == "/console/me"
