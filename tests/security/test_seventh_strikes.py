"""What the seventh attack found about missed visits: a table, one gate or a far day spared every other line of a booking."""

from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from tests.support.database import DbUrls
from tests.support.later_stage import AFTER, DAY, Stage, later_stage
from wenyue.booking import (
    BookingRequest,
    BookingState,
    EventKind,
    Outcome,
    WantedLine,
    account_subject,
    booking_views,
    redeem,
    slot_planning,
)
from wenyue.core.ids import uuid7
from wenyue.core.personal import KeyRing, Vault
from wenyue.notifications import deliver, messages_of
from wenyue_lab import dataset

pytestmark = pytest.mark.anyio
NEXT = DAY + timedelta(days=1)
VAULT = Vault(KeyRing({1: b"k" * 32}, 1, b"i" * 32))


@pytest.fixture
async def stage(make_database: Callable[[], DbUrls]) -> AsyncIterator[Stage]:
    async with later_stage(make_database()) as made:
        yield made


async def came(stage: Stage, booking: BookingRequest, line_no: int) -> UUID:
    """Somebody goes in on that line."""
    scan_id = uuid7()
    async with stage.db.transaction() as tx:
        assert await redeem(
            tx, scan_id, booking_id=booking.id, line_no=line_no, visitor_no=0, gate="g", now=stage.now
        )
    return scan_id


async def struck(stage: Stage, booking: BookingRequest) -> dict[bytes, list[date]]:
    """Who was struck for missed visits of which days."""
    rows = await stage.tx.execute(
        "SELECT subject_key, array_agg(on_date ORDER BY on_date) FROM policy.strike"
        " WHERE booking_id = %s AND kind = 'no_show' GROUP BY 1",
        [booking.id],
    )
    return {bytes(key): days for key, days in await rows.fetchall()}


def both(booking: BookingRequest, *days: date) -> dict[bytes, list[date]]:
    """The default preset names account and visitor."""
    subjects = (booking.visitors[0].person_key, account_subject(booking.holder_id or 0))
    return {subject: list(days) for subject in subjects}


async def missed_lines(stage: Stage, booking: BookingRequest) -> list[int]:
    """Which lines are marked."""
    rows = await stage.tx.execute(
        "SELECT line_no FROM booking.line WHERE booking_id = %s AND missed_at IS NOT NULL ORDER BY 1",
        [booking.id],
    )
    return [number for (number,) in await rows.fetchall()]


@pytest.mark.parametrize(("kind", "venue_kind"), [("table", "restaurant"), ("night", "hotel")])
async def test_security_seventh_M2_a_table_or_a_room_spares_no_other_line(
    stage: Stage, kind: str, venue_kind: str
) -> None:
    sessions = [await stage.slot() for _ in range(5)]
    booking = await stage.book(*sessions, await stage.slot(kind=kind, venue_kind=venue_kind))
    await stage.settle()
    assert await struck(stage, booking) == both(booking, DAY)
    assert await stage.state(booking) is BookingState.CONFIRMED  # who came to the table, only its house knows
    assert await missed_lines(stage, booking) == [0, 1, 2, 3, 4]


async def test_security_seventh_M2_one_gate_spares_no_other_session(stage: Stage) -> None:
    booking = await stage.book(*[await stage.slot() for _ in range(5)])
    await came(stage, booking, 2)
    await stage.settle()
    assert await struck(stage, booking) == both(booking, DAY)
    assert await stage.state(booking) is BookingState.CONFIRMED
    assert await missed_lines(stage, booking) == [0, 1, 3, 4]


async def test_security_seventh_M2_a_far_day_puts_no_strike_off(stage: Stage) -> None:
    far = DAY + timedelta(days=20)
    booking = await stage.book(await stage.slot(), await stage.slot(far))
    await stage.settle()
    assert await struck(stage, booking) == both(booking, DAY)
    assert await stage.state(booking) is BookingState.CONFIRMED
    stage.now = AFTER + timedelta(days=19, hours=9)
    await came(stage, booking, 1)
    await stage.settle(AFTER + timedelta(days=20))
    assert await struck(stage, booking) == both(booking, DAY)
    assert await stage.state(booking) is BookingState.CONFIRMED


async def test_security_seventh_M2_each_day_is_settled_when_it_is_over_and_once(stage: Stage) -> None:
    booking = await stage.book(await stage.slot(), await stage.slot(), await stage.slot(NEXT))
    for _ in range(2):  # the second time as if the sessions had not been looked through
        await stage.settle()
        assert await struck(stage, booking) == both(booking, DAY)
        await stage.tx.execute("UPDATE booking.slot SET settled_at = NULL")
    await stage.settle(AFTER + timedelta(days=1))
    await stage.settle(AFTER + timedelta(days=1))
    assert await struck(stage, booking) == both(booking, DAY, NEXT)
    assert await stage.state(booking) is BookingState.NO_SHOW
    rows = await stage.tx.execute(
        "SELECT detail FROM audit.entry WHERE action = 'booking.no_show' ORDER BY xid, id"
    )
    assert [row[0] for row in await rows.fetchall()] == [{"lines": [0, 1]}, {"lines": [2]}]
    assert await stage.one("SELECT count(*) FROM events.event WHERE kind = 'booking.not_come'") == 2


async def test_security_seventh_M2_who_comes_to_everything_is_not_struck(stage: Stage) -> None:
    booking = await stage.book(await stage.slot(), await stage.slot(NEXT), await stage.slot(kind="table"))
    await came(stage, booking, 0)
    await stage.settle()
    stage.now = AFTER + timedelta(hours=9)
    await came(stage, booking, 1)
    await stage.settle(AFTER + timedelta(days=1))
    assert await struck(stage, booking) == {}
    assert await missed_lines(stage, booking) == []


async def test_security_seventh_M2_a_party_that_is_paid_in_two_lines_is_one_visit(stage: Stage) -> None:
    """While one of a party comes, nothing is counted, whoever's card pays for whom."""
    card, slot = await dataset.card(stage.tx, 7), await stage.slot()
    asked = dataset.request(card, slot, people=(card.holder_key, dataset.person(8)))
    lines = tuple(WantedLine(slot, 1, (index,), is_on_card=True) for index in range(2))
    booking = replace(asked, lines=lines)
    assert (await stage.engine.book(booking)).outcome is Outcome.CONFIRMED
    await came(stage, booking, 0)
    await stage.settle()
    assert await struck(stage, booking) == {}


async def test_security_seventh_M2_an_admission_taken_back_is_none(stage: Stage) -> None:
    booking = await stage.book(await stage.slot(), await stage.slot())
    await came(stage, booking, 0)
    wrong = await came(stage, booking, 1)
    await stage.tx.execute("UPDATE booking.redemption SET undone_at = now() WHERE id = %s", [wrong])
    await stage.settle()
    assert await missed_lines(stage, booking) == [1]


async def test_security_seventh_M2_a_closed_session_is_spared_and_spares_none(stage: Stage) -> None:
    """Closed before the day is over; the booking ends with it when it is the last."""
    closed, lost = await stage.slot(NEXT), await stage.slot()
    booking = await stage.book(lost, closed)
    venue_id = await stage.one("SELECT venue_id FROM booking.slot WHERE id = %s", closed)
    await slot_planning.close_slots(
        stage.tx, venue_id, None, from_day=NEXT, to_day=NEXT, reason={"zh-CN": "大雾", "en": "Fog"}
    )
    await stage.settle()
    assert await struck(stage, booking) == both(booking, DAY)
    assert await stage.state(booking) is BookingState.CONFIRMED  # the closure may be lifted
    await stage.settle(AFTER + timedelta(days=1))
    assert await struck(stage, booking) == both(booking, DAY)
    assert await stage.state(booking) is BookingState.NO_SHOW


async def test_security_seventh_M2_the_preset_that_bans_soonest_is_counted(stage: Stage) -> None:
    """One strike a subject, booking and day: a lenient attraction before a strict one does not take it for itself."""
    booking = await stage.book(await stage.slot(), await stage.slot(policy_code="lingyin"))
    await stage.settle()
    assert await stage.one("SELECT DISTINCT policy_code FROM policy.strike") == "lingyin"
    assert await stage.one("SELECT count(*) FROM policy.ban") == 2
    assert await struck(stage, booking) == both(booking, DAY)


async def test_security_seventh_M2_whoever_is_struck_is_told_for_what(stage: Stage) -> None:
    booking = await stage.book(await stage.slot(), await stage.slot(NEXT))
    presets = stage.engine.rulebook.presets
    for after in (AFTER, AFTER + timedelta(days=1)):
        await stage.settle(after)
        for _ in range(2):
            await deliver(stage.tx, VAULT, EventKind.NO_SHOW, [booking.id], stage.now, presets=presets)
    texts = [one.text for one in await messages_of(stage.tx, VAULT, booking.holder_id or 0)]
    assert ["等2项" in text for text in texts] == [True, False]
    [view] = await booking_views(stage.tx, VAULT, [booking.id])
    assert [line.is_missed for line in view.lines] == [True, True]
