"""The gate's answers over real rows: of any line of any booking of that person, and over midnight."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from tests.support.database import DbUrls
from tests.support.gate_fixtures import ADULTS, GateFixtures
from tests.support.gate_scans import NOW, at_the_gate, present
from wenyue.booking import BookingState
from wenyue.gate import Reason
from wenyue.web.wording.gate_sentences import say_scan

pytestmark = pytest.mark.anyio
LATE = NOW.replace(day=1, hour=15)  # 23:00 in Shanghai


@pytest.fixture
async def fixtures(make_database: Callable[[], DbUrls]) -> AsyncIterator[GateFixtures]:
    async with at_the_gate(make_database()) as made:
        yield made


async def test_ux_G1_each_gate_names_its_own_day(fixtures: GateFixtures) -> None:
    booking_id = await fixtures.book(
        await fixtures.slot(starts_in_h=24),
        await fixtures.slot(starts_in_h=48),
        await fixtures.slot("palace", starts_in_h=72),
    )
    for shown in (fixtures.voucher(booking_id), ADULTS[0]):
        here = await present(fixtures, shown)
        assert (here.reason, here.on_date) == (Reason.WRONG_DAY, (NOW + timedelta(hours=24)).date())
        there = await present(fixtures, shown, venue_id=fixtures.venues["palace"])
        assert (there.reason, there.on_date) == (Reason.WRONG_DAY, (NOW + timedelta(hours=72)).date())
        assert [one.venue["zh-CN"] for one in there.others] == ["灵隐飞来峰", "灵隐飞来峰"]
        said = say_scan(there, "zh-CN")
        assert said.why == "不是今天：预约的是10月5日，10月5日 09:00 起可以入园。"
        assert said.also == "另有预约：灵隐飞来峰 10月3日 09:00；灵隐飞来峰 10月4日 09:00。"
        assert say_scan(there, "en").why == "Not today. Booked for 5 Oct, entry from 5 Oct, 09:00."


async def test_ux_G1_of_any_booking_of_that_person(fixtures: GateFixtures) -> None:
    holder = await fixtures.card("WY20260077", holder=ADULTS[0])
    await fixtures.book(await fixtures.slot("palace"))
    await fixtures.book(await fixtures.slot(starts_in_h=24 * 40))
    await fixtures.book(await fixtures.slot(starts_in_h=24 * 5), card_id=holder)
    for shown in (ADULTS[0], "WY20260077"):
        answer = await present(fixtures, shown)
        assert (answer.reason, answer.on_date) == (Reason.WRONG_DAY, (NOW + timedelta(days=5)).date())
        assert [(one.venue["en"], one.on_date) for one in answer.others] == [
            ("Palace Museum", NOW.date()),
            ("Lingyin", (NOW + timedelta(days=40)).date()),
        ]
    assert (await present(fixtures, ADULTS[1])).others == ()


async def test_ux_G1_a_card_stands_for_its_holder_too(fixtures: GateFixtures) -> None:
    card_id = await fixtures.card("WY20260077", holder=ADULTS[0])
    await fixtures.book(await fixtures.slot(starts_in_h=24), card_id=card_id)
    await fixtures.book(await fixtures.slot())
    assert (await present(fixtures, "WY20260077")).reason is Reason.ADMIT


async def test_ux_G1_a_cancelled_visit_on_the_card_is_said(fixtures: GateFixtures) -> None:
    card_id = await fixtures.card("WY20260077", holder=ADULTS[0])
    await fixtures.book(card_id=card_id, state=BookingState.CANCELLED)
    assert (await present(fixtures, "WY20260077")).reason is Reason.CANCELLED


async def test_rules_R1_a_night_on_the_cards_last_day_is_entered_after_midnight(
    fixtures: GateFixtures,
) -> None:
    card_id = await fixtures.card("WY20260077", holder=ADULTS[0])
    await fixtures.tx.execute("UPDATE cards.card SET valid_to = %s WHERE id = %s", [LATE.date(), card_id])
    after_midnight = LATE + timedelta(hours=2)
    for shown in ("WY20260077", ADULTS[0]):
        booking_id = await fixtures.book(
            await fixtures.slot(starts_in_h=-10), card_id=card_id, documents=ADULTS[:1]
        )
        answer = await present(fixtures, shown, now=after_midnight)
        assert answer.reason is Reason.ADMIT
        await fixtures.tx.execute(
            "UPDATE booking.place SET is_live = false WHERE booking_id = %s", [booking_id]
        )
        await fixtures.tx.execute(
            "UPDATE booking.line SET is_live = false WHERE booking_id = %s", [booking_id]
        )
    assert (await present(fixtures, "WY20260077", now=NOW)).reason is Reason.CARD_EXPIRED
    paid_too_late = await fixtures.book(await fixtures.slot(), card_id=card_id)
    assert (await present(fixtures, fixtures.voucher(paid_too_late))).reason is Reason.CARD_EXPIRED
