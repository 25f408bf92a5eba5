"""Case F8: travellers mint the identifiers of bookings, so the codes too; nobody's card, passport or code is spoilt by it."""

from collections.abc import AsyncIterator, Callable
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from tests.support.database import DbUrls
from tests.support.gate_scans import NOW, at_the_gate, present
from tests.support.gate_world import ADULTS, World
from wenyue.core.documents import Document, DocumentKind, parse_document
from wenyue.core.ids import uuid7
from wenyue.gate import Presented, Reason, booking_code
from wenyue.gate.codes import code_range

pytestmark = pytest.mark.anyio
_CARD = "6200WY123456"
_PASSPORT = "PA0123456789"


@pytest.fixture
async def world(make_database: Callable[[], DbUrls]) -> AsyncIterator[World]:
    async with at_the_gate(make_database()) as made:
        yield made


def _minted(text: str) -> UUID:
    """An identifier whose code reads so."""
    found = code_range(text)
    assert found is not None
    assert booking_code(found[0]).replace("-", "") == text
    return found[0]


async def _made_at(world: World, booking_id: UUID, at: datetime) -> None:
    await world.tx.execute("UPDATE booking.booking SET created_at = %s WHERE id = %s", [at, booking_id])


async def test_security_fourth_F8_a_minted_code_does_not_stand_before_a_card(world: World) -> None:
    card_id = await world.card(_CARD, holder=ADULTS[0])
    own = await world.book(card_id=card_id, documents=ADULTS[:1])
    await world.book(documents=ADULTS[1:2], booking_id=_minted(_CARD))
    answer = await present(world, _CARD)
    assert (answer.reason, answer.presented, answer.booking_id) == (Reason.ADMIT, Presented.CARD, own)


async def test_security_fourth_F8_a_minted_code_does_not_stand_before_a_passport(world: World) -> None:
    today, expires = date(2026, 3, 4), date(2030, 1, 1)
    passport = parse_document(
        DocumentKind.PASSPORT, _PASSPORT, nationality="DEU", expires_on=expires, today=today
    )
    assert isinstance(passport, Document), passport
    own = await world.book(documents=(passport,))
    await world.book(documents=ADULTS[1:2], booking_id=_minted(_PASSPORT))
    answer = await present(world, _PASSPORT)
    assert (answer.reason, answer.presented, answer.booking_id) == (Reason.ADMIT, Presented.DOCUMENT, own)


async def test_security_fourth_F8_codes_minted_later_do_not_spoil_the_first(world: World) -> None:
    """As many as are looked at, with lower identifiers, of every state and day."""
    made_at = NOW - timedelta(days=2)
    own = uuid7(int(made_at.timestamp() * 1000), bytes([0x5A]) * 10)
    await world.book(documents=ADULTS[:1], booking_id=own)
    await _made_at(world, own, made_at + timedelta(minutes=3))
    found = code_range(booking_code(own).replace("-", ""))
    assert found is not None
    for number in range(21):
        spoiling = UUID(int=found[0].int + number)
        assert booking_code(spoiling) == booking_code(own)
        slot = await world.slot(starts_in_h=24 + number)
        await world.book(slot, documents=ADULTS[1:2], booking_id=spoiling)
    answer = await present(world, booking_code(own))
    assert (answer.reason, answer.booking_id) == (Reason.ADMIT, own)


async def test_security_fourth_F8_bookings_of_one_instant_with_one_code_need_another_proof(
    world: World,
) -> None:
    first = uuid7(int(NOW.timestamp() * 1000), bytes([0x5A]) * 10)
    second = UUID(int=first.int + 1)
    await world.book(documents=ADULTS[:1], booking_id=first)
    await world.book(documents=ADULTS[1:2], booking_id=second)
    assert (await present(world, booking_code(first))).reason is Reason.NEEDS_MANUAL
    assert (await present(world, world.voucher(second))).booking_id == second
