"""Each place once: the same scan again, two gates at once, a scan taken back, and what is kept of them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.support.database import DbUrls
from tests.support.gate_fixtures import ADULTS, GateFixtures
from tests.support.gate_scans import NOW, at_the_gate, count, present
from tests.support.locks import until_it_waits
from wenyue.booking import BookingState
from wenyue.core.ids import uuid7
from wenyue.gate import (
    Reason,
    ScanAnswer,
    ScanIdReused,
    ScanRequest,
    UndoLimits,
    UndoOutcome,
    recent,
    scan,
    undo,
)

pytestmark = pytest.mark.anyio


def of_venue(*known: int) -> Callable[[int, str], bool]:
    return lambda venue_id, _gate: not known or venue_id in known


@pytest.fixture
async def fixtures(make_database: Callable[[], DbUrls]) -> AsyncIterator[GateFixtures]:
    async with at_the_gate(make_database()) as made:
        yield made


async def test_the_same_scan_is_one_scan(fixtures: GateFixtures) -> None:
    voucher, scan_id = fixtures.voucher(await fixtures.book()), uuid7()
    first = await present(fixtures, voucher, scan_id=scan_id)
    again = await present(fixtures, voucher, scan_id=scan_id, now=NOW + timedelta(minutes=3))
    assert first.reason is again.reason is Reason.ADMIT
    assert (again.is_replay, again.at, again.name) == (True, NOW, first.name)
    assert await count(fixtures.tx, "booking.redemption") == await count(fixtures.tx, "gate.scan") == 1
    with pytest.raises(ScanIdReused):
        await present(fixtures, ADULTS[0], scan_id=scan_id)


@pytest.mark.parametrize(
    "other",
    [{"visitor_no": 1, "line_no": 0}, {"visitor_no": 1}, {"line_no": 1}, {"gate": "南门"}],
)
async def test_suite_L1_a_scan_id_answers_only_what_it_was_asked(
    fixtures: GateFixtures, other: dict[str, Any]
) -> None:
    """Another person or gate under a used id is no replay: nobody is let in on somebody else's answer."""
    voucher, scan_id = fixtures.voucher(await fixtures.book(documents=ADULTS[:2])), uuid7()
    first = await present(fixtures, voucher, scan_id=scan_id, line_no=0, visitor_no=0)
    assert first.reason is Reason.ADMIT
    asked: dict[str, Any] = {"line_no": 0, "visitor_no": 0, **other}
    with pytest.raises(ScanIdReused):
        await present(fixtures, voucher, scan_id=scan_id, **asked)
    again = await present(fixtures, voucher, scan_id=scan_id, line_no=0, visitor_no=0)
    assert (again.is_replay, again.visitor_no) == (True, 0)


async def test_a_scan_that_waited_over_a_change_of_shift_is_still_one_scan(fixtures: GateFixtures) -> None:
    voucher, scan_id = fixtures.voucher(await fixtures.book()), uuid7()
    first = await present(fixtures, voucher, scan_id=scan_id)
    again = await present(fixtures, voucher, scan_id=scan_id, staff_id=7)
    assert (first.reason, again.reason, again.is_replay) == (Reason.ADMIT, Reason.ADMIT, True)


async def test_suite_L1_a_scan_from_before_places_were_noted_is_still_one_scan(
    fixtures: GateFixtures,
) -> None:
    voucher, scan_id = fixtures.voucher(await fixtures.book()), uuid7()
    await present(fixtures, voucher, scan_id=scan_id)
    await fixtures.tx.execute("UPDATE gate.scan SET asked = NULL WHERE id = %s", [scan_id])
    assert (await present(fixtures, voucher, scan_id=scan_id)).is_replay


async def test_a_second_scan_says_when_and_where(fixtures: GateFixtures) -> None:
    voucher = fixtures.voucher(await fixtures.book())
    await present(fixtures, voucher, gate="南门")
    second = await present(fixtures, voucher, now=NOW + timedelta(minutes=3))
    assert (second.reason, second.when, second.used_gate) == (Reason.ALREADY_USED, NOW, "南门")


async def test_names_and_documents_are_not_stored_with_the_scan(fixtures: GateFixtures) -> None:
    await fixtures.book(documents=ADULTS[:2])
    await present(fixtures, ADULTS[0])
    party = await fixtures.book(await fixtures.slot(product="shuttle"), documents=ADULTS[:2])
    assert len((await present(fixtures, fixtures.voucher(party))).choices) == 2
    for row in await (await fixtures.tx.execute("SELECT answer, presented FROM gate.scan")).fetchall():
        stored = json.dumps(row[0], ensure_ascii=False)
        assert "王" not in stored
        assert "002X" not in stored
        assert len(row[1]) == 16


@pytest.mark.parametrize("gates", [2, 8])
async def test_gates_that_scan_one_voucher_at_once_admit_it_once(
    make_database: Callable[[], DbUrls], gates: int
) -> None:
    urls = make_database()
    async with await psycopg.AsyncConnection.connect(urls.owner_url, autocommit=True) as tx:
        fixtures = await GateFixtures.make(tx, NOW)
        slots = [await fixtures.slot(starts_in_h=-1 - number / 10) for number in range(10)]
        vouchers = [fixtures.voucher(await fixtures.book(slot)) for slot in slots]
        connections = [
            await psycopg.AsyncConnection.connect(urls.app_url, autocommit=True) for _ in range(gates)
        ]

        async def gate(number: int, voucher: str) -> Reason:
            request = ScanRequest(uuid7(), fixtures.here, f"gate {number}", None, voucher)
            async with connections[number].transaction():
                return (await scan(connections[number], fixtures.desk, request, NOW)).reason

        for voucher in vouchers:
            reasons = await asyncio.gather(*(gate(number, voucher) for number in range(gates)))
            assert sorted(reasons) == [Reason.ADMIT, *[Reason.ALREADY_USED] * (gates - 1)]
        assert await count(tx, "booking.redemption") == len(vouchers)
        for connection in connections:
            await connection.close()


async def test_a_gate_waits_for_the_other_and_then_tells_its_time(
    make_database: Callable[[], DbUrls],
) -> None:
    """The race in slow motion: the second scan is decided as an admission, and loses at the unique index."""
    urls = make_database()
    async with (
        await psycopg.AsyncConnection.connect(urls.owner_url, autocommit=True) as north,
        await psycopg.AsyncConnection.connect(urls.app_url, autocommit=True) as south,
    ):
        fixtures = await GateFixtures.make(north, NOW)
        voucher = fixtures.voucher(await fixtures.book())
        later = NOW + timedelta(seconds=2)

        async def second() -> ScanAnswer:
            async with south.transaction():
                request = ScanRequest(uuid7(), fixtures.here, "南门", None, voucher)
                return await scan(south, fixtures.desk, request, later)

        async with north.transaction():
            first = await scan(
                north, fixtures.desk, ScanRequest(uuid7(), fixtures.here, "北门", None, voucher), NOW
            )
            waiting = asyncio.create_task(second())
            await until_it_waits(north, waiting)
        lost = await waiting
    assert first.reason is Reason.ADMIT
    assert (lost.reason, lost.when, lost.used_gate) == (Reason.ALREADY_USED, NOW, "北门")


async def test_a_booking_cancelled_under_the_scan_is_not_admitted(
    make_database: Callable[[], DbUrls],
) -> None:
    urls = make_database()
    async with (
        await psycopg.AsyncConnection.connect(urls.owner_url, autocommit=True) as desk,
        await psycopg.AsyncConnection.connect(urls.app_url, autocommit=True) as gate,
    ):
        fixtures = await GateFixtures.make(desk, NOW)
        booking_id = await fixtures.book()

        async def admit() -> ScanAnswer:
            async with gate.transaction():
                request = ScanRequest(uuid7(), fixtures.here, "北门", None, str(booking_id))
                return await scan(gate, fixtures.desk, request, NOW)

        async with desk.transaction():
            await desk.execute("UPDATE booking.booking SET state = %s", (BookingState.CANCELLED,))
            await desk.execute("UPDATE booking.line SET is_live = false")
            await desk.execute("UPDATE booking.place SET is_live = false")
            scanning = asyncio.create_task(admit())
            await until_it_waits(desk, scanning)
        assert (await scanning).reason is Reason.CANCELLED
        assert await count(desk, "booking.redemption") == 0


async def take_back(fixtures: GateFixtures, scan_id: UUID, **changes: Any) -> UndoOutcome:
    known: dict[str, Any] = {
        "staff_id": 3,
        "is_theirs": of_venue(),
        "reason": "扫错人",
        "now": NOW + timedelta(minutes=1),
        "limits": UndoLimits(),
    }
    async with fixtures.tx.transaction():
        return await undo(fixtures.tx, scan_id, **{**known, **changes})


async def test_a_scan_taken_back_frees_the_place(fixtures: GateFixtures) -> None:
    voucher, scan_id = fixtures.voucher(await fixtures.book()), uuid7()
    await present(fixtures, voucher, scan_id=scan_id)
    assert await take_back(fixtures, scan_id) is UndoOutcome.UNDONE
    assert await take_back(fixtures, scan_id, reason="again") is UndoOutcome.UNDONE
    assert await count(fixtures.tx, "gate.undo") == 1
    replay = await present(fixtures, voucher, scan_id=scan_id)
    assert (replay.reason, replay.undone_at) == (Reason.UNDONE, NOW + timedelta(minutes=1))
    assert (await present(fixtures, voucher)).reason is Reason.ADMIT
    rows = await (
        await fixtures.tx.execute("SELECT actor, action, detail FROM audit.entry ORDER BY id")
    ).fetchall()
    assert [row[1] for row in rows] == ["gate.admitted", "gate.undone", "gate.admitted"]
    assert rows[1] == (
        "staff:3",
        "gate.undone",
        {"scan": str(scan_id), "of_place": 0, "of_keeper": 0},  # the reason is kept for its period, beside
    )


async def test_what_cannot_be_taken_back(fixtures: GateFixtures) -> None:
    voucher, scan_id, refused = fixtures.voucher(await fixtures.book()), uuid7(), uuid7()
    await present(fixtures, voucher, scan_id=scan_id)
    await present(fixtures, voucher, scan_id=refused)
    assert await take_back(fixtures, uuid7()) is UndoOutcome.UNKNOWN_SCAN
    assert await take_back(fixtures, scan_id, is_theirs=of_venue(10**9)) is UndoOutcome.UNKNOWN_SCAN
    assert await take_back(fixtures, refused) is UndoOutcome.NOT_ADMITTED
    assert await take_back(fixtures, scan_id, reason="  ") is UndoOutcome.REASON_NEEDED
    assert await take_back(fixtures, scan_id, now=NOW + timedelta(hours=3)) is UndoOutcome.TOO_LATE
    assert await count(fixtures.tx, "gate.undo") == 0
    assert await take_back(fixtures, scan_id, is_theirs=of_venue(fixtures.here)) is UndoOutcome.UNDONE


async def test_the_last_scans_of_one_gate(fixtures: GateFixtures) -> None:
    voucher, scan_id = fixtures.voucher(await fixtures.book()), uuid7()
    await present(fixtures, voucher, scan_id=scan_id)
    for minute in range(1, 4):
        await present(fixtures, voucher, now=NOW + timedelta(minutes=minute))
    await present(fixtures, "nonsense", gate="南门")
    await take_back(fixtures, scan_id)
    last = await recent(fixtures.tx, fixtures.desk.vault, venue_id=fixtures.here, gate="北门", limit=3)
    assert [one.reason for one in last] == [Reason.ALREADY_USED] * 3
    everything = await recent(
        fixtures.tx, fixtures.desk.vault, venue_id=fixtures.here, gate="北门", limit=10**6
    )
    assert (everything[-1].name, everything[-1].undone_at) == ("王*明", NOW + timedelta(minutes=1))
