"""Codes as scanners send them, at a gate with real rows."""

from collections.abc import AsyncIterator, Callable
from urllib.parse import quote_plus

import pytest

from tests.support.database import DbUrls
from tests.support.gate_fixtures import ADULTS, GateFixtures
from tests.support.gate_scans import at_the_gate, present
from wenyue.core.ids import uuid7
from wenyue.gate import Reason, booking_code

pytestmark = pytest.mark.anyio


@pytest.fixture
async def fixtures(make_database: Callable[[], DbUrls]) -> AsyncIterator[GateFixtures]:
    async with at_the_gate(make_database()) as made:
        yield made


async def test_ux_G3_every_spelling_admits_and_is_one_scan(fixtures: GateFixtures) -> None:
    booking_id, scan_id = await fixtures.book(), uuid7()
    voucher = fixtures.voucher(booking_id)
    assert (await present(fixtures, voucher, scan_id=scan_id)).reason is Reason.ADMIT
    for again in (f"]Q1{voucher}", f"{voucher}\t", f"]q1{voucher.lower()}\r\n"):
        assert (await present(fixtures, again, scan_id=scan_id)).is_replay, again
    for other in (
        booking_id.hex,
        f"]C1{booking_id.hex}\t",
        quote_plus(voucher),
        f"https://card.example/bookings/{booking_id}/voucher?lang=en",
        f"]E0{booking_code(booking_id)}",
        f"]d2{ADULTS[0]}",
    ):
        assert (await present(fixtures, other)).reason is Reason.ALREADY_USED, other
