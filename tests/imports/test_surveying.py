"""What a file is, for somebody who writes a map; and the map that is written for them is read as it stands."""

from datetime import date
from pathlib import Path

import pytest

from wenyue.imports.booking_maps import place_of
from wenyue.imports.bookings import ImportedStatus, read_map
from wenyue.imports.column_maps import read_column_map
from wenyue.imports.columns import Kind, known_names
from wenyue.imports.map_writing import map_text
from wenyue.imports.mapping import ColumnRule
from wenyue.imports.reading import open_sheet
from wenyue.imports.surveying import Survey, survey

CASES = Path(__file__).parents[1] / "data" / "imports"
TODAY = date(2026, 11, 30)


def surveyed(name: str) -> Survey:
    return survey(open_sheet(CASES / name, known_names()), TODAY)


def of_text(folder: Path, text: str, kind: Kind | None = None, name: str = "file.csv") -> Survey:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return survey(open_sheet(path, known_names(kind)), TODAY, kind)


def written(folder: Path, found: Survey, locale: str = "en") -> Path:
    path = folder / "map.toml"
    path.write_text(map_text(found, locale), encoding="utf-8")
    return path


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
@pytest.mark.parametrize("name", ["F1-venues-zh-header.csv", "G-card-members.csv"])
def test_the_map_that_is_written_is_read_as_it_stands(tmp_path: Path, name: str, locale: str) -> None:
    found = surveyed(name)
    read = read_column_map(written(tmp_path, found, locale), found.proposal.kind)
    assert read.source == found.proposal.kind.value
    assert read.columns == {field: ColumnRule(column) for field, column in found.proposal.mapped().items()}


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_bookings_of_a_hotel_get_the_map_of_bookings(tmp_path: Path, locale: str) -> None:
    read = read_map(written(tmp_path, surveyed("A-pms-gbk-title-total.csv"), locale))
    assert (read.key_columns, read.venue.name["zh-CN"]) == (("预订号",), "湖畔酒店")
    assert read.statuses == {"已预订": ImportedStatus.CONFIRMED, "已取消": ImportedStatus.CANCELLED}
    assert set(read.products) == {"大床房", "双床房"}
    assert (read.columns.price, read.columns.is_price_per_night) == ("总价", False)


def test_how_certain_and_why_stands_beside_each_column() -> None:
    text = map_text(surveyed("G-card-members.csv"), "en")
    assert "card_no = \"卡号\"  # 50 %, please check: the column is called '卡号', but only 50 %" in text
    assert "name = \"姓名\"  # 100 %: the column is called '姓名'" in text
    assert '# "年卡" = "…"' in text  # which card type that is, nobody can know


def test_words_are_listed_with_what_they_usually_mean(tmp_path: Path) -> None:
    found = of_text(
        tmp_path, "订单号,入住日期,离店日期,状态,甲乙\n" + "1,2027-03-01,2027-03-02,已核销,x\n" * 2
        + '2,2027-03-01,2027-03-02,"挂""账",y\n3,2027-03-01,2027-03-02,-,z\n',
    )  # fmt: skip
    assert found.words["status"] == ("已核销", '挂"账')
    text = map_text(found, "en")
    assert '"已核销" = "redeemed"' in text
    assert '# "挂\\"账" = "…"' in text
    assert "# 甲乙: neither its name nor its values say what it is" in text


def test_a_day_before_its_month_is_read_by_a_format_and_what_fits_twice_is_asked(tmp_path: Path) -> None:
    head = "卡号,姓名,卡种,生效日期\n"
    certain = of_text(tmp_path, head + "C1,王测试,年卡,13/04/2027\nC2,李样例,年卡,03/04/2027\n", Kind.CARDS)
    assert certain.formats == {"valid_from": ("%d/%m/%Y",)}
    read = read_column_map(written(tmp_path, certain), Kind.CARDS)
    assert read.columns["valid_from"] == ColumnRule("生效日期", ("%d/%m/%Y",))
    doubtful = of_text(tmp_path, head + "C1,王测试,年卡,03/04/2027\n", Kind.CARDS)
    assert "# valid_from: is the day first, or the month?" in map_text(doubtful, "en")


def test_persons_of_the_file_are_not_shown() -> None:
    found = surveyed("G-card-members.csv")
    shown = dict(zip(found.sheet.header, found.examples, strict=True))
    assert (shown["姓名"], shown["卡种"]) == ("王*试", "年卡")
    assert "1231002" not in shown["身份证号"]
    assert "80013800" not in shown["手机"].replace(" ", "")


def test_many_different_words_are_no_words(tmp_path: Path) -> None:
    rows = "".join(f"{n},2027-03-01,2027-03-02,状态{n}\n" for n in range(200))
    assert "status" not in of_text(tmp_path, "订单号,入住日期,离店日期,状态\n" + rows).words


@pytest.mark.parametrize(
    ("name", "above", "place"),
    [
        ("a.csv", "湖畔酒店预订明细表（2027年3月）\n", "湖畔酒店"),
        ("a.csv", "2027年3月测试宾馆客房订单导出\n", "测试宾馆"),
        ("云上客栈订单.csv", "", "云上客栈"),
        ("2027.csv", "", "bookings"),
    ],
)
def test_the_place_is_what_the_title_or_the_files_name_says(
    tmp_path: Path, name: str, above: str, place: str
) -> None:
    text = above + "订单号,入住日期,离店日期,状态\nA1,2027-03-01,2027-03-02,已预订\n"
    assert place_of(of_text(tmp_path, text, name=name)) == place
