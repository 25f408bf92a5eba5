"""Sessions of attractions, tables of restaurants: their bookings move in with whoever comes, and are found at the gate."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import LiteralString

import pytest

from tests.support.database import DbUrls
from tests.support.imports_house import KEYS, NOW, House, counts, imports_house, reasons
from wenyue.booking import SlotState, availability
from wenyue.core.documents import Document, parse_document
from wenyue.gate import Found, LookupKind, LookupRequest, go_through, look_up
from wenyue.imports.reading import InputError

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[House]:
    """An empty installation."""
    async with imports_house(make_database(), tmp_path) as house:
        yield house


TICKETS = "订单号,场馆,预约日期,票种,场次,姓名,证件类型,证件号,手机号,状态,金额\n"
TICKET_MAP = """source = "tickets"
key.columns = ["订单号"]
[columns]
venue = "场馆"
arrival = { column = "预约日期" }
product = "票种"
session = "场次"
status = "状态"
price = { column = "金额", per = "stay" }
name = "姓名"
document_type = "证件类型"
document = "证件号"
phone = "手机号"
[status]
"已支付" = "confirmed"
"已核销" = "redeemed"
"已取消" = "cancelled"
"未到" = "no-show"
[venues."测试湖"]
code = "test-lake"
kind = "attraction"
name_zh = "测试湖"
[venues."湖畔餐厅"]
code = "lake-table"
kind = "restaurant"
name_zh = "湖畔餐厅"
minutes = 90
[sessions."上午场"]
starts = "08:30"
ends = "11:30"
[products."成人票"]
code = "adult"
name_zh = "成人票"
[products."晚餐"]
code = "dinner"
name_zh = "晚餐"
price = 128.5
"""
LI, WANG = "E12345678", "11010519491231002X"
SLOTS: LiteralString = (
    "SELECT v.code, p.code, s.on_date::text, to_char(s.starts_at AT TIME ZONE v.timezone, 'HH24:MI'),"
    " to_char(s.ends_at AT TIME ZONE v.timezone, 'HH24:MI'), pool.capacity, pool.sold, s.price_minor, p.price_minor"
    " FROM booking.slot s JOIN catalogue.venue v ON v.id = s.venue_id JOIN catalogue.product p ON p.id = s.product_id"
    " JOIN booking.pool pool ON pool.id = s.pool_ids[1] ORDER BY 1, 2, 3, 4"
)


def tickets(_: str) -> str:
    return TICKET_MAP


def example(_: str) -> str:
    return Path("examples/attraction-bookings.map.toml").read_text(encoding="utf-8")


async def test_imports_H_sessions_of_an_attraction_come_in_with_their_visitors(house: House) -> None:
    with pytest.raises(InputError, match="'人数'"):
        await house.take("H-attraction-bookings.csv", "H.map.toml")
    summary = await house.take("H-attraction-bookings.csv", "H.map.toml", change=example)
    assert counts(summary) == {"imported": 2}
    assert await house.rows(SLOTS) == [("test-lake", "am", "2027-03-01", "08:30", "11:30", 2, 2, 6000, 6000)]
    keys = await house.rows(
        "SELECT b.source_key, p.person_key FROM booking.place p JOIN booking.booking b ON b.id = p.booking_id ORDER BY 1"
    )
    document = parse_document(None, WANG, today=NOW.date())
    assert isinstance(document, Document)
    assert [key for key, _ in keys] == ["k:DD1", "k:DD2"]
    assert bytes(keys[0][1]) == house.vault.person_key(document.key)
    came = await house.rows(
        "SELECT b.source_key FROM booking.redemption r JOIN booking.booking b ON b.id = r.booking_id"
    )
    assert came == [("k:DD2",)]
    assert counts(await house.take("H-attraction-bookings.csv", "H.map.toml", change=example)) == {
        "already-imported": 2
    }


async def test_imports_H_rows_of_one_key_are_the_visitors_of_one_booking(house: House) -> None:
    file = TICKETS + (
        f"A1,测试湖,2027-03-01,成人票,08:30-11:30,王测试,身份证,{WANG},13800138002,已支付,60\n"
        f'A1,测试湖,2027-03-01,成人票,上午场,"LI, DAVID",护照,{LI},,已支付,60\n'
        "A2,测试湖,2027-03-01,成人票,13:00-17:00,赵测试,,,13800138003,已支付,60\n"
        "B1,湖畔餐厅,2027-03-01,晚餐,18:00,钱测试,,,13800138004,已支付,257\n"
        "A1,测试湖,2027-03-01,成人票,上午场,孙测试,,,,已支付,60\n"
        "C1,无名山,2027-03-01,成人票,上午场,孙测试,,,,已支付,60\n"
        "C2,测试湖,2027-03-01,成人票,早晨,孙测试,,,,已支付,60\n"
        "C3,测试湖,2027-03-01,成人票,上午场,孙测试,身份证,110105194912310021,,已支付,60\n"
        "C3,测试湖,2027-03-01,成人票,上午场,周测试,,,,已支付,60\n"
    )
    summary = await house.take(file, change=tickets)
    assert counts(summary) == {"imported": 4, "refused": 5}
    assert reasons(summary) == {
        "key-twice": 1, "unknown-venue": 1, "unknown-session": 1, "bad-document": 1, "same-booking": 1,
    }  # fmt: skip
    assert await house.rows(SLOTS) == [
        ("lake-table", "dinner", "2027-03-01", "18:00", "19:30", 1, 1, 12850, 12850),
        ("test-lake", "adult", "2027-03-01", "08:30", "11:30", 2, 2, 6000, 6000),
        ("test-lake", "adult", "2027-03-01", "13:00", "17:00", 2, 1, 6000, 6000),
    ]
    assert await house.rows(
        "SELECT quantity, total_minor FROM booking.booking b JOIN booking.line l ON l.booking_id = b.id"
        " WHERE source_key = 'k:A1'"
    ) == [(2, 12000)]
    assert counts(await house.take(file, change=tickets)) == {"already-imported": 4, "refused": 5}
    [(product_id,)] = await house.rows("SELECT id FROM catalogue.product WHERE code = 'adult'")
    async with house.database.connection() as tx:
        day = date(2027, 3, 1)
        sold = [(one.state, one.left) for one in await availability(tx, product_id, day, day, NOW)]
    assert sold == [(SlotState.FULL, 0), (SlotState.TIGHT, 1)]  # what was imported sells on


async def test_a_visit_that_took_place_or_did_not_is_followed(house: House) -> None:
    row = "A{n},测试湖,2026-12-24,成人票,上午场,{name},身份证,{document},,{status},60\n"
    people = [(1, "王测试", WANG), (2, "李测试", "110101199003070011")]

    def file(*statuses: str) -> str:
        return TICKETS + "".join(
            row.format(n=n, name=name, document=document, status=status)
            for (n, name, document), status in zip(people, statuses, strict=True)
        )

    assert counts(await house.take(file("已支付", "已支付"), change=tickets)) == {"imported": 2}
    assert counts(await house.take(file("已核销", "未到"), change=tickets)) == {"updated": 2}
    assert await house.rows(KEYS) == [("k:A1", 2), ("k:A2", 5)]
    assert await house.rows("SELECT count(*) FROM booking.redemption") == [(1,)]
    assert counts(await house.take(file("已核销", "未到"), change=tickets)) == {"already-imported": 2}
    await house.pools_add_up()


async def test_imports_H_guests_are_found_at_the_gate_by_their_old_number(house: House) -> None:
    summary = await house.take("H-attraction-bookings.csv", "H.map.toml", change=example)
    assert summary.venue_id is not None
    day = datetime(2027, 3, 1, 1, tzinfo=UTC)
    async with house.database.connection() as tx:
        while await go_through(tx, house.vault, day, days=1):
            pass
        for typed, found in (
            ("dd1", 1),
            ("'DD-1", 1),
            ('＝"ＤＤ１"', 1),
            ("DD2", 1),
            ("DD3", 0),
            ("kdd1", 0),
        ):
            asked = LookupRequest(summary.venue_id, 1, LookupKind.REFERENCE, typed, 1)
            answer = await look_up(tx, house.vault, asked, day)
            assert isinstance(answer, Found)
            assert len(answer.visits) == found, typed


async def test_people_from_abroad_come_in_with_the_country_as_offices_write_it(house: House) -> None:
    """`美国` is a country; a passport of a country that nobody noted is refused, or its holder comes in by name and phone."""

    def chosen(rule: str) -> Callable[[str], str]:
        country = '[columns]\ncountry = "国籍"'
        return lambda _: TICKET_MAP.replace("[columns]", country) + rule

    file = TICKETS.replace("证件类型", "国籍,证件类型") + (
        "F1,测试湖,2027-03-01,成人票,上午场,JOHN SMITH,美国,护照,512345678,13800138001,已支付,60\n"
        "F2,测试湖,2027-03-01,成人票,上午场,ANNA BROWN,,护照,512345679,13800138002,已支付,60\n"
        "F3,测试湖,2027-03-01,成人票,上午场,PAUL GREEN,瀛洲,护照,512345670,13800138003,已支付,60\n"
        f"F4,测试湖,2027-03-01,成人票,上午场,王测试,中国,其他证件,{WANG},13800138004,已支付,60\n"
    )
    assert reasons(await house.take(file, change=chosen(""))) == {"bad-document": 1, "bad-country": 1}
    again = await house.take(file, change=chosen('[rules]\nno_country = "import"\n'))
    assert counts(again) == {"already-imported": 2, "imported": 1, "refused": 1}
    usa = parse_document(None, "512345678", today=NOW.date(), nationality="USA", expires_on=NOW.date())
    resident = parse_document(None, WANG, today=NOW.date())
    assert isinstance(usa, Document)
    assert isinstance(resident, Document)
    named = await house.rows(
        "SELECT b.source_key, p.person_key FROM booking.place p JOIN booking.booking b ON b.id = p.booking_id ORDER BY 1"
    )
    assert [(key, bytes(person)) for key, person in named] == [
        ("k:F1", house.vault.person_key(usa.key)),
        ("k:F4", house.vault.person_key(resident.key)),
    ]
