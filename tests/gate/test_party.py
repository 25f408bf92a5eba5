"""A party at the gate: who of a booking goes in, with whom, and who is asked about first."""

from collections.abc import AsyncIterator, Callable

import pytest

from tests.support.database import DbUrls
from tests.support.gate_fixtures import ADULTS, CHILD, GateFixtures, document
from tests.support.gate_scans import NOW, at_the_gate, count, present
from wenyue.accounts import Identity, traveller_for
from wenyue.core.ids import uuid7
from wenyue.gate import Presented, Reason, ScanRequest, scan_party

pytestmark = pytest.mark.anyio


@pytest.fixture
async def fixtures(make_database: Callable[[], DbUrls]) -> AsyncIterator[GateFixtures]:
    async with at_the_gate(make_database()) as made:
        yield made


@pytest.mark.parametrize("typed", [ADULTS[0], "１１０１０５ 19491231 002x", "110105-19491231-002X\u200b"])
async def test_the_persons_document_admits_that_person_of_a_party(fixtures: GateFixtures, typed: str) -> None:
    await fixtures.book(documents=(ADULTS[1], ADULTS[0]))
    answer = await present(fixtures, typed)
    assert (answer.reason, answer.presented, answer.visitor_no) == (Reason.ADMIT, Presented.DOCUMENT, 1)
    assert (await present(fixtures, typed)).reason is Reason.ALREADY_USED
    assert (await present(fixtures, ADULTS[1])).reason is Reason.ADMIT


async def test_a_party_is_asked_about_until_all_are_in(fixtures: GateFixtures) -> None:
    booking_id = await fixtures.book(documents=(*ADULTS[:2], CHILD))
    voucher = fixtures.voucher(booking_id)
    asked = await present(fixtures, voucher)
    assert asked.reason is Reason.CHOOSE_VISITOR
    offered = [(choice.visitor_no, choice.name, choice.is_waiting) for choice in asked.choices]
    assert offered == [(0, "王*明", False), (1, "李*", False), (2, "韩*梅", True)]
    assert (await present(fixtures, voucher, visitor_no=2)).reason is Reason.MINOR_WAITS
    assert (await present(fixtures, voucher, visitor_no=0, line_no=0)).reason is Reason.ADMIT
    assert (await present(fixtures, voucher, visitor_no=0)).reason is Reason.ALREADY_USED
    assert (
        await present(fixtures, voucher)
    ).reason is Reason.CHOOSE_VISITOR  # never uses up the next one's place
    assert (await present(fixtures, voucher, visitor_no=2)).reason is Reason.ADMIT
    assert (await present(fixtures, voucher, visitor_no=1)).reason is Reason.ADMIT
    assert (await present(fixtures, voucher)).reason is Reason.ALREADY_USED
    assert (await present(fixtures, voucher, visitor_no=7)).reason is Reason.NOT_IN_PARTY


async def test_a_family_goes_in_together(fixtures: GateFixtures) -> None:
    booking_id = await fixtures.book(documents=(CHILD, *ADULTS[:2]))
    asked = await present(fixtures, str(booking_id))
    places = [(choice.line_no, choice.visitor_no) for choice in asked.choices]
    assert places == [(0, 1), (0, 2), (0, 0)]  # the child last
    request = ScanRequest(uuid7(), fixtures.here, "北门", None, str(booking_id))
    for is_replay in (False, True):
        answers = await scan_party(fixtures.tx, fixtures.desk, request, places, NOW)
        assert [(one.reason, one.is_replay) for one in answers] == [(Reason.ADMIT, is_replay)] * 3
    assert await count(fixtures.tx, "booking.redemption") == 3


async def test_one_persons_ticket_and_shuttle_are_asked_about(fixtures: GateFixtures) -> None:
    booking_id = await fixtures.book(await fixtures.slot(), await fixtures.slot(product="shuttle"))
    asked = await present(fixtures, ADULTS[0])
    assert [(choice.line_no, choice.product["zh-CN"]) for choice in asked.choices] == [
        (0, "门票"),
        (1, "接驳车"),
    ]
    assert (await present(fixtures, str(booking_id), line_no=1)).reason is Reason.ADMIT
    left = await present(fixtures, ADULTS[0])
    assert (left.reason, [choice.line_no for choice in left.choices]) == (Reason.CHOOSE_VISITOR, [0])


async def test_unnamed_places_go_in_together_once(fixtures: GateFixtures) -> None:
    booking_id = await fixtures.book(quantity=40)
    answer = await present(fixtures, str(booking_id))
    assert (answer.reason, answer.quantity) == (Reason.ADMIT, 40)
    assert (await present(fixtures, str(booking_id))).reason is Reason.ALREADY_USED


async def test_whoever_booked_a_table_needs_only_their_document_or_card(fixtures: GateFixtures) -> None:
    identity = Identity("王小明", document(ADULTS[0], NOW.date()))
    holder_id = await traveller_for(fixtures.tx, fixtures.desk.vault, identity, NOW)
    await fixtures.card("6000202600000019", holder=ADULTS[0])
    await fixtures.book(quantity=4, documents=(), holder_id=holder_id)
    assert (await present(fixtures, ADULTS[1])).reason is Reason.NO_BOOKING
    answer = await present(fixtures, ADULTS[0])
    assert (answer.reason, answer.quantity, answer.name) == (Reason.ADMIT, 4, "赵*生")
    again = await present(fixtures, "6000 2026 0000 0019")
    assert (again.reason, again.presented) == (Reason.ALREADY_USED, Presented.CARD)


async def test_booking_for_others_is_not_ones_own_place(fixtures: GateFixtures) -> None:
    identity = Identity("王小明", document(ADULTS[0], NOW.date()))
    holder_id = await traveller_for(fixtures.tx, fixtures.desk.vault, identity, NOW)
    await fixtures.book(documents=ADULTS[1:], holder_id=holder_id)
    assert (await present(fixtures, ADULTS[0])).reason is Reason.NO_BOOKING


async def test_a_party_that_cannot_be_opened_is_admitted_without_names(fixtures: GateFixtures) -> None:
    booking_id = await fixtures.book()
    await fixtures.tx.execute("UPDATE booking.booking SET party = 'broken'")
    answer = await present(fixtures, str(booking_id))
    assert (answer.reason, answer.name, answer.document) == (Reason.ADMIT, "", "")
