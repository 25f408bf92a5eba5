"""One voucher, undone and scanned again and again, lets in no crowd."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.support.database import DbUrls
from tests.support.gate_fixtures import GateFixtures
from tests.support.gate_scans import NOW, at_the_gate, count, present
from wenyue.accounts import Staff
from wenyue.core.duties import duties_of_role
from wenyue.core.ids import uuid7
from wenyue.gate import Reason, UndoLimits, UndoOutcome, undo
from wenyue.platform.database.db import Tx

pytestmark = pytest.mark.anyio
OPERATOR = Staff(9, "boss", "", duties_of_role("operator"))


@pytest.fixture
async def database(make_database: Callable[[], DbUrls]) -> DbUrls:
    return make_database()


@pytest.fixture
async def fixtures(database: DbUrls) -> AsyncIterator[GateFixtures]:
    async with at_the_gate(database) as made:
        yield made


def any_venue(_venue: int, _gate: str) -> bool:
    return True


async def take_back(tx: Tx, scan_id: UUID, *, keeper: int = 3, **changes: Any) -> UndoOutcome:
    known: dict[str, Any] = {
        "is_theirs": any_venue,
        "reason": "扫错人",
        "now": NOW,
        "limits": UndoLimits(),
    }
    async with tx.transaction():
        return await undo(tx, scan_id, staff_id=keeper, **{**known, **changes})


async def test_suite_L3_what_a_keeper_types_is_not_in_the_record(fixtures: GateFixtures) -> None:
    voucher = fixtures.voucher(await fixtures.book())
    first, second = uuid7(), uuid7()
    await present(fixtures, voucher, scan_id=first)
    await take_back(fixtures.tx, first, reason="王小明扫错了")
    await present(fixtures, voucher, scan_id=second)
    assert await take_back(fixtures.tx, second, reason="王小明扫错了") is UndoOutcome.SECOND_NEEDED
    await take_back(fixtures.tx, second, reason="王小明扫错了", second=OPERATOR)
    kept = await fixtures.tx.execute("SELECT count(*) FROM audit.entry e WHERE action LIKE 'gate.und%'")
    told = await fixtures.tx.execute("SELECT count(*) FROM audit.entry e WHERE e::text LIKE '%王小明%'")
    assert (await kept.fetchall(), await told.fetchall()) == ([(3,)], [(0,)])


async def test_security_M5_a_place_is_taken_back_once_then_a_second_person_confirms(
    fixtures: GateFixtures,
) -> None:
    voucher = fixtures.voucher(await fixtures.book())
    first, second = uuid7(), uuid7()
    assert (await present(fixtures, voucher, scan_id=first)).reason is Reason.ADMIT
    assert await take_back(fixtures.tx, first) is UndoOutcome.UNDONE
    assert (await present(fixtures, voucher, scan_id=second)).reason is Reason.ADMIT
    for keeper in (3, 4, 3):  # another keeper is no second person
        assert await take_back(fixtures.tx, second, keeper=keeper) is UndoOutcome.SECOND_NEEDED
    assert (await present(fixtures, voucher)).reason is Reason.ALREADY_USED
    assert await take_back(fixtures.tx, second, keeper=9, second=OPERATOR) is UndoOutcome.SECOND_UNFIT
    assert await take_back(fixtures.tx, second, second=OPERATOR) is UndoOutcome.UNDONE
    assert await count(fixtures.tx, "gate.undo") == 2
    assert await count(fixtures.tx, "gate.undo_refused") == 3
    rows = await fixtures.tx.execute(
        "SELECT actor, detail FROM audit.entry WHERE action LIKE 'gate.und%' ORDER BY id"
    )
    said = await rows.fetchall()
    assert [row[0] for row in said] == ["staff:3", "staff:3", "staff:4", "staff:9", "staff:3"]
    assert said[-1][1] == {
        "scan": str(second),
        "of_place": 1,
        "of_keeper": 1,
        "confirmed_by": "staff:9",
    }


async def test_security_M5_a_keeper_takes_back_only_so_many_a_day(
    fixtures: GateFixtures, database: DbUrls
) -> None:
    slot = await fixtures.slot()
    scans = [uuid7() for _ in range(4)]
    for scan_id in scans:
        booking_id = await fixtures.book(slot, quantity=1, documents=())
        assert (await present(fixtures, fixtures.voucher(booking_id), scan_id=scan_id)).reason is Reason.ADMIT
    limits = UndoLimits(per_place=1, per_day=3)
    async with await psycopg.AsyncConnection.connect(database.app_url, autocommit=True) as other:
        outcomes = await asyncio.gather(
            *(
                take_back(tx, one, limits=limits)
                for tx, one in zip((fixtures.tx, other), scans[:2], strict=True)
            )
        )
        assert outcomes == [UndoOutcome.UNDONE] * 2
        outcomes = await asyncio.gather(
            *(
                take_back(tx, one, limits=limits)
                for tx, one in zip((fixtures.tx, other), scans[2:], strict=True)
            )
        )
    assert sorted(outcomes) == [UndoOutcome.SECOND_NEEDED, UndoOutcome.UNDONE]
    left = scans[2:][outcomes.index(UndoOutcome.SECOND_NEEDED)]
    assert await take_back(fixtures.tx, left, keeper=4, limits=limits) is UndoOutcome.UNDONE  # of each keeper
    assert await count(fixtures.tx, "gate.undo") == 4


async def test_security_M5_the_next_day_counts_anew(fixtures: GateFixtures) -> None:
    limits = UndoLimits(per_place=1, per_day=1)
    late = NOW.replace(hour=15, minute=30)  # 23:30 in Shanghai
    for now, outcome in (
        (late, UndoOutcome.UNDONE),
        (late, UndoOutcome.SECOND_NEEDED),
        (late + timedelta(hours=1), UndoOutcome.UNDONE),
    ):
        scan_id = uuid7()
        slot = await fixtures.slot(starts_in_h=13 + (now - late) / timedelta(hours=1))
        voucher = fixtures.voucher(await fixtures.book(slot, quantity=1, documents=()))
        assert (await present(fixtures, voucher, scan_id=scan_id, now=now)).reason is Reason.ADMIT
        assert await take_back(fixtures.tx, scan_id, now=now, limits=limits) is outcome
