"""What an import opened follows the calendar: a closing day that becomes a holiday opens it, by a command and by no SQL."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path
from typing import LiteralString

import pytest

from tests.support.commands import said_by, use_installation
from tests.support.database import DbUrls
from tests.support.imports_house import NOW, House, counts, imports_house
from wenyue.application.close_slots import close_slots
from wenyue.application.closing import CloseSlots
from wenyue.booking import availability
from wenyue.ops.acting_as import SERVER, Acting
from wenyue.ops.holidays import app as holidays

pytestmark = pytest.mark.anyio
MAP = """source = "palace-tickets"
key.columns = ["订单号"]
[columns]
arrival = { column = "日期" }
session = "场次"
status = "状态"
price = { column = "金额", per = "stay" }
[status]
"已支付" = "confirmed"
[venue]
code = "palace"
kind = "attraction"
name_zh = "样例宫"
[products."门票"]
code = "ticket"
name_zh = "门票"
capacity = 5
policy = "gugong"
"""  # closed on Mondays that are no holiday
HEADER = "订单号,日期,场次,状态,金额\n"
MONDAY, TUESDAY = date(2027, 10, 4), date(2027, 10, 5)
SLOTS: LiteralString = (
    "SELECT s.on_date::text, s.is_open, p.is_open, coalesce(s.closed_reason ->> 'zh-CN', ''), p.capacity - p.sold"
    " FROM booking.slot s JOIN booking.pool p ON p.id = s.pool_ids[1] ORDER BY s.on_date"
)
REST = "周一例行闭馆"


@pytest.fixture
async def house(
    make_database: Callable[[], DbUrls], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    """An empty installation, which the commands find."""
    urls = use_installation(monkeypatch, make_database(), tmp_path)
    monkeypatch.setenv("WENYUE_LANG", "zh-CN")
    async with imports_house(urls, tmp_path / "home") as house:
        house.home.mkdir(exist_ok=True)
        yield house


async def visits(house: House, *days: date) -> dict[str, int]:
    rows = "".join(f"T{n},{day},08:30-11:30,已支付,60\n" for n, day in enumerate(days))
    return counts(await house.take(HEADER + rows, change=lambda _: MAP))


async def enter(*words: str) -> str:
    return await asyncio.to_thread(said_by, holidays, "set", *words, "--source", "国务院办公厅通知")


async def test_imports_holiday_a_monday_that_becomes_one_opens_what_an_import_opened(house: House) -> None:
    assert await visits(house, MONDAY, TUESDAY) == {"imported": 2}
    closed = [("2027-10-04", False, False, REST, 4), ("2027-10-05", True, True, "", 4)]
    assert await house.rows(SLOTS) == closed
    named = ("2027-10-04", "holiday", "国庆节", "--to", "2027-10-05")
    assert "1" in await enter(*named, "--preview")
    assert await house.rows(SLOTS) == closed  # only looked at
    await enter(*named)
    assert await house.rows(SLOTS) == [("2027-10-04", True, True, "", 4), ("2027-10-05", True, True, "", 4)]
    [(product_id,)] = await house.rows("SELECT id FROM catalogue.product")
    async with house.database.connection() as tx:
        assert [one.left for one in await availability(tx, product_id, MONDAY, MONDAY, NOW)] == [4]
    said = await enter(
        "2027-10-04", "workday"
    )  # the notice was read wrongly: it rests again, its booking stands
    assert await house.rows(SLOTS) == closed
    assert "1" in said
    assert await house.rows("SELECT DISTINCT state FROM booking.booking") == [(2,)]


async def test_imports_holiday_a_closure_by_hand_outlives_it(house: House) -> None:
    assert await visits(house, MONDAY) == {"imported": 1}
    [(venue_id,)] = await house.rows("SELECT id FROM catalogue.venue")
    works = Acting(house.database, house.vault, lambda: NOW)
    await close_slots(works, SERVER, CloseSlots(venue_id, MONDAY, MONDAY, {"zh-CN": "检修"}))
    await enter("2027-10-04", "holiday", "国庆节")
    assert await house.rows(SLOTS) == [("2027-10-04", False, False, "检修", 4)]


async def test_imports_holiday_by_law_needs_no_notice_and_says_nothing_of_swapped_days(house: House) -> None:
    new_year, national_day = (
        date(2029, 1, 1),
        date(2029, 10, 1),
    )  # Mondays of a year that nothing is published of
    assert await visits(house, new_year, date(2029, 1, 8), national_day, date(2029, 10, 8)) == {"imported": 4}
    assert [(day, is_open) for day, is_open, *_ in await house.rows(SLOTS)] == [
        ("2029-01-01", True), ("2029-01-08", False), ("2029-10-01", True), ("2029-10-08", False),
    ]  # fmt: skip
    said = await asyncio.to_thread(said_by, holidays, "list", "2029")
    assert "元旦" in said
    assert "2029 年" in said  # provisional
    assert "workday" not in said  # a weekend that is worked: nobody knows yet
