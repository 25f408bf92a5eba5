"""A keeper of one venue does not learn by typed documents where anybody else goes."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.support.database import DbUrls
from tests.support.gate_fixtures import ADULTS
from tests.support.gate_house import House, gate_house
from tests.support.traveller_site import CARD
from wenyue.abuse import Pattern
from wenyue.core.ids import uuid7
from wenyue.core.limits import LOOKUPS_PER_MINUTE
from wenyue.gate import booking_code

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[House]:
    async with gate_house(make_database(), tmp_path) as made:
        yield made


async def _scan(house: House, token: str, presented: str, venue: str = "palace") -> dict[str, Any]:
    body = {"scan_id": str(uuid7()), "venue": venue, "gate": "南门", "presented": presented}
    answer = await house.client.post(
        "/v1/gate/scans", json=body, headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _tokens(house: House) -> tuple[str, str]:
    return (await house.token("palace")).json()["token"], (await house.token("gate")).json()["token"]


async def test_security_third_4_other_venues_are_no_more_than_elsewhere_today(house: House) -> None:
    await house.fixtures.book()
    narrow, wide = await _tokens(house)
    told = await _scan(house, narrow, ADULTS[0])
    assert (told["reason"], told["others"], told["elsewhere_today"]) == ("no_booking", [], True)
    assert told["also"] == "今天在其他场馆有预约。"
    assert [told[one] for one in ("name", "booking_id", "starts_at", "on_date", "product")] == [
        "",
        None,
        None,
        None,
        "",
    ]
    nobody = await _scan(house, narrow, ADULTS[1])
    assert (nobody["reason"], nobody["elsewhere_today"], nobody["also"]) == ("no_booking", False, "")
    seen = await _scan(house, wide, ADULTS[0])
    assert seen["others"] or seen["starts_at"]
    await house.stand("palace", "palace")
    page = await house.scan(ADULTS[0])
    assert "今天在其他场馆有预约" in page
    assert "灵隐" not in page


async def test_security_third_4_a_voucher_says_where_it_belongs(house: House) -> None:
    booking_id = await house.fixtures.book()
    narrow, _ = await _tokens(house)
    assert (await _scan(house, narrow, house.fixtures.voucher(booking_id)))["reason"] == "wrong_venue"


async def test_security_third_4_numbers_in_vain_are_counted_and_good_ones_are_not_slowed(
    house: House,
) -> None:
    await house.fixtures.book()
    narrow, wide = await _tokens(house)
    answers = [await _scan(house, narrow, ADULTS[0]) for _ in range(LOOKUPS_PER_MINUTE + 5)]
    assert [one["elsewhere_today"] for one in answers] == [True] * LOOKUPS_PER_MINUTE + [False] * 5
    assert house.services.abuse.counts[Pattern.SCANNED_IDS] == 2 * len(
        answers
    )  # of the gate, and of who stands at it
    for _ in range(LOOKUPS_PER_MINUTE):
        await _scan(house, wide, ADULTS[1], "lingyin")
    good = await _scan(house, wide, ADULTS[0], "lingyin")
    assert good["admitted"] is True


@pytest.mark.parametrize("typed", [CARD[0], booking_code(UUID(int=7 << 100)), ADULTS[1]])
async def test_security_fourth_F7_whatever_is_typed_in_vain_is_a_sign_of_gate_and_keeper(
    house: House, typed: str
) -> None:
    await house.fixtures.book()
    narrow, wide = await _tokens(house)
    kinds = [await _scan(house, narrow, typed) for _ in range(3)]
    assert {one["admitted"] for one in kinds} == {False}
    assert house.services.abuse.counts[Pattern.SCANNED_IDS] == 2 * len(kinds), kinds[0]["presented"]
    for _ in range(LOOKUPS_PER_MINUTE):  # a genuine queue goes on
        await _scan(house, wide, typed, "lingyin")
    assert (await _scan(house, wide, ADULTS[0], "lingyin"))["admitted"] is True
