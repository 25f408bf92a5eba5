"""Case F8: travellers mint the identifiers of bookings, so the codes too; nobody's card, passport or code is spoilt by it."""

from collections.abc import AsyncIterator, Callable
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from tests.support.database import DbUrls
from tests.support.gate_fixtures import ADULTS, GateFixtures
from tests.support.gate_scans import NOW, at_the_gate, present
from wenyue.core.documents import Document, DocumentKind, parse_document
from wenyue.core.ids import uuid7
from wenyue.gate import Presented, Reason, booking_code
from wenyue.gate.codes import code_range

pytestmark = pytest.mark.anyio
_CARD = "6200WY123456"
_PASSPORT = "PA0123456789"


@pytest.fixture
async def fixtures(make_database: Callable[[], DbUrls]) -> AsyncIterator[GateFixtures]:
    async with at_the_gate(make_database()) as made:
        yield made


def _minted(text: str) -> UUID:
    """An identifier whose code reads so."""
    found = code_range(text)
    assert found is not None
    assert booking_code(found[0]).replace("-", "") == text
    return found[0]


async def _made_at(fixtures: GateFixtures, booking_id: UUID, at: datetime) -> None:
    await fixtures.tx.execute("UPDATE booking.booking SET created_at = %s WHERE id = %s", [at, booking_id])


async def test_security_fourth_F8_a_minted_code_does_not_stand_before_a_card(fixtures: GateFixtures) -> None:
    card_id = await fixtures.card(_CARD, holder=ADULTS[0])
    own = await fixtures.book(card_id=card_id, documents=ADULTS[:1])
    await fixtures.book(documents=ADULTS[1:2], booking_id=_minted(_CARD))
    answer = await present(fixtures, _CARD)
    assert (answer.reason, answer.presented, answer.booking_id) == (Reason.ADMIT, Presented.CARD, own)


async def test_security_fourth_F8_a_minted_code_does_not_stand_before_a_passport(
    fixtures: GateFixtures,
) -> None:
    today, expires = date(2026, 3, 4), date(2030, 1, 1)
    passport = parse_document(
        DocumentKind.PASSPORT, _PASSPORT, nationality="DEU", expires_on=expires, today=today
    )
    assert isinstance(passport, Document), passport
    own = await fixtures.book(documents=(passport,))
    await fixtures.book(documents=ADULTS[1:2], booking_id=_minted(_PASSPORT))
    answer = await present(fixtures, _PASSPORT)
    assert (answer.reason, answer.presented, answer.booking_id) == (Reason.ADMIT, Presented.DOCUMENT, own)


async def test_security_fourth_F8_codes_minted_later_do_not_spoil_the_first(fixtures: GateFixtures) -> None:
    """As many as are looked at, with lower identifiers, of every state and day."""
    made_at = NOW - timedelta(days=2)
    own = uuid7(int(made_at.timestamp() * 1000), bytes([0x5A]) * 10)
    await fixtures.book(documents=ADULTS[:1], booking_id=own)
    await _made_at(fixtures, own, made_at + timedelta(minutes=3))
    found = code_range(booking_code(own).replace("-", ""))
    assert found is not None
    for number in range(21):
        spoiling = UUID(int=found[0].int + number)
        assert booking_code(spoiling) == booking_code(own)
        slot = await fixtures.slot(starts_in_h=24 + number)
        await fixtures.book(slot, documents=ADULTS[1:2], booking_id=spoiling)
    answer = await present(fixtures, booking_code(own))
    assert (answer.reason, answer.booking_id) == (Reason.ADMIT, own)


async def test_security_fourth_F8_bookings_of_one_instant_with_one_code_need_another_proof(
    fixtures: GateFixtures,
) -> None:
    first = uuid7(int(NOW.timestamp() * 1000), bytes([0x5A]) * 10)
    second = UUID(int=first.int + 1)
    await fixtures.book(documents=ADULTS[:1], booking_id=first)
    await fixtures.book(documents=ADULTS[1:2], booking_id=second)
    assert (await present(fixtures, booking_code(first))).reason is Reason.NEEDS_MANUAL
    assert (await present(fixtures, fixtures.voucher(second))).booking_id == second
