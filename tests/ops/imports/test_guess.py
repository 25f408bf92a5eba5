"""`wenyue import guess` at a terminal; what it writes is what the import reads."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import LiteralString

import pytest

from tests.support.commands import said_by, use_installation
from tests.support.database import DbUrls
from tests.support.imports_house import House, counts, imports_house
from wenyue import catalogue
from wenyue.imports.reading import InputError
from wenyue.ops.imports import app
from wenyue.platform.fault import SetupError

CASES = Path(__file__).parents[2] / "data" / "imports"


def test_a_file_is_shown_and_its_map_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENYUE_LANG", "en")
    out = tmp_path / "map.toml"
    asked = ("guess", str(CASES / "G-card-members.csv"), "--out", str(out))
    said = said_by(app, *asked)
    assert "cards (cards) · 2 rows looked at" in said
    assert "left out above it: XX市旅游年卡会员名单" in said
    assert "11010519491231002X" not in said
    before = out.read_text(encoding="utf-8")
    assert 'kind = "cards"' in before
    with pytest.raises(SetupError, match="is there already"):
        said_by(app, *asked)
    assert out.read_text(encoding="utf-8") == before


def test_it_speaks_the_terminals_language_and_takes_what_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENYUE_LANG", "zh-CN")
    said = said_by(app, "guess", str(CASES / "F1-venues-zh-header.csv"), "--kind", "sessions")
    assert "场次 (sessions) · 看了 1 行" in said
    assert "没有哪一列像是必需的这几项" in said


@pytest.fixture
async def house(
    make_database: Callable[[], DbUrls], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    """An empty installation, which the command finds."""
    urls = use_installation(monkeypatch, make_database(), tmp_path)
    monkeypatch.setenv("WENYUE_LANG", "zh-CN")
    async with imports_house(urls, tmp_path) as house:
        yield house


def guessed(file: Path, *options: str) -> str:
    """The map that the command writes for a file, beside it."""
    out = file.with_suffix(".toml")
    said_by(app, "guess", str(file), "--out", str(out), *options)
    return out.read_text(encoding="utf-8")


def copied(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes((CASES / name).read_bytes())
    return path


def rows_of(folder: Path, text: str, name: str = "rows.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


SLOTS: LiteralString = (
    "SELECT v.kind, v.name ->> 'zh-CN', p.name ->> 'zh-CN', to_char(s.starts_at AT TIME ZONE v.timezone, 'HH24:MI'),"
    " to_char(s.ends_at AT TIME ZONE v.timezone, 'HH24:MI'), pool.sold"
    " FROM booking.slot s JOIN catalogue.venue v ON v.id = s.venue_id JOIN catalogue.product p ON p.id = s.product_id"
    " JOIN booking.pool pool ON pool.id = s.pool_ids[1] ORDER BY v.id, s.starts_at, p.id"
)


@pytest.mark.anyio
async def test_imports_H_comes_in_by_the_map_that_is_guessed(house: House) -> None:
    text = await asyncio.to_thread(guessed, copied(house.home, "H-attraction-bookings.csv"))
    assert "请核对" in text  # when 上午场 is, the file does not say
    summary = await house.take("H-attraction-bookings.csv", change=lambda _: text)
    assert counts(summary) == {"imported": 2}
    assert await house.rows(SLOTS) == [("attraction", "测试湖", "门票", "08:30", "11:30", 2)]
    guests = await house.rows("SELECT count(*) FROM booking.place WHERE is_live")
    assert guests == [(2,)]  # found at the gate by their documents


@pytest.mark.anyio
@pytest.mark.parametrize(("name", "rows"), [("A-pms-gbk-title-total.csv", 3), ("E-pms.xlsx", None)])
async def test_imports_A_E_a_hotels_file_comes_in_by_the_map_that_is_guessed(
    house: House, name: str, rows: int | None
) -> None:
    text = await asyncio.to_thread(guessed, copied(house.home, name))
    summary = await house.take(name, change=lambda _: text)
    assert set(counts(summary)) == {"imported"}
    assert rows is None or summary.tally.rows == rows
    assert {row[0] for row in await house.rows(SLOTS)} == {"hotel"}


VISITS = (
    "订单号,商户名称,使用日期,场次,票种,数量,状态,订单金额,姓名,手机号\n"
    "A1,测试湖,2027-03-01,08:30-11:30,成人票,1,已支付,120,王测试,13800138001\n"
    "A1,测试湖,2027-03-01,08:30-11:30,成人票,1,已支付,120,李样例,13800138002\n"
    "A2,测试湖,2027-03-01,下午场,儿童票,1,已支付,30,王测试,13800138001\n"
    "B1,湖畔餐厅,2027-03-01,晚餐,成人票,2,已支付,256,赵测试,13800138003\n"
    "C1,环湖班车,2027-03-01,09:00,成人票,3,已退票,30,钱测试,13800138004\n"
    "D1,测试湖,2027-03-01,下午场,成人票,1,挂账,60,钱测试,13800138004\n"
    "D2,测试湖,2027-03-01,机动场,成人票,1,已支付,60,钱测试,13800138004\n"
)


@pytest.mark.anyio
async def test_imports_H_a_file_of_several_venues_is_guessed_with_each(house: House) -> None:
    lake = catalogue.Venue(code="lake", kind="attraction", name={"zh-CN": "测试湖"}, timezone="Asia/Shanghai")
    async with house.database.transaction() as tx:
        await catalogue.upsert_venues(tx, [lake])
    text = await asyncio.to_thread(guessed, rows_of(house.home, VISITS))
    assert '[venues."测试湖"]\ncode = "lake"' in text  # it is here
    assert 'per = "order"' in text
    # What these mean, nobody can know: their rows are refused until somebody says so.
    assert '# "挂账" = "…"' in text
    assert '# [sessions."机动场"]' in text
    summary = await house.take(VISITS, change=lambda _: text)
    assert counts(summary) == {"imported": 5, "refused": 2}
    assert {reason.value for reason in summary.tally.reasons} == {"unknown-status", "unknown-session"}
    assert sorted(await house.rows(SLOTS)) == [
        ("attraction", "测试湖", "儿童票", "13:00", "17:00", 1),
        ("attraction", "测试湖", "成人票", "08:30", "11:30", 2),
        ("restaurant", "湖畔餐厅", "成人票", "18:00", "21:00", 2),
        ("transport", "环湖班车", "成人票", "09:00", "11:00", 0),
    ]
    assert await house.rows("SELECT total_minor FROM booking.booking WHERE source_key = 'k:A1'") == [(12000,)]


@pytest.mark.anyio
async def test_imports_H_times_in_columns_and_a_product_by_the_part_of_its_day(house: House) -> None:
    tables = "预约号,用餐日期,用餐时间,餐位,桌数,状态,金额\nT1,2027-03-01,18:30,大厅,1,已支付,0\n"
    text = await asyncio.to_thread(
        guessed, rows_of(house.home, tables, "湖畔餐厅预订.csv"), "--venue", "lake-table"
    )
    assert counts(await house.take(tables, change=lambda _: text)) == {"imported": 1}
    tickets = (
        "订单号,游玩日期,票种,状态,单价\nT1,2027-03-01,上午票,已支付,60\nT2,2027-03-01,全天票,已支付,90\n"
    )
    text = await asyncio.to_thread(guessed, rows_of(house.home, tickets, "样例山订单.csv"))
    assert counts(await house.take(tickets, change=lambda _: text)) == {"imported": 2}
    assert sorted(await house.rows(SLOTS)) == [
        ("attraction", "样例山", "上午票", "08:30", "12:00", 1),
        ("attraction", "样例山", "全天票", "08:00", "18:00", 1),
        ("restaurant", "湖畔餐厅", "大厅", "18:30", "20:30", 1),
    ]
    assert await house.rows("SELECT code FROM catalogue.venue WHERE kind = 'restaurant'") == [("lake-table",)]


def test_imports_H_a_map_that_does_not_fit_says_what_writes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WENYUE_LANG", "en")
    with pytest.raises(InputError, match=r"'人数'.*wenyue import guess"):
        said_by(app, "bookings", str(CASES / "H-attraction-bookings.csv"), "--map", str(CASES / "H.map.toml"))
    card_list = ("guess", str(CASES / "G-card-members.csv"))
    for wrong in (
        (*card_list, "--venue", "lake"),
        ("guess", str(rows_of(tmp_path, VISITS)), "--venue", "lake"),
    ):
        with pytest.raises(InputError, match="--venue is a code"):
            said_by(app, *wrong)
