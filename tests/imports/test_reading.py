"""Files as offices write them: read, with what is odd about them said once."""

import gzip
import tracemalloc
from collections import Counter
from contextlib import suppress
from datetime import datetime, time
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenyue.imports.columns import known_names
from wenyue.imports.reading import InputError, Noise, Options, Sheet, fold_name, open_sheet

CASES = Path(__file__).parents[1] / "data" / "imports"
FIRST = [
    "YD0001",
    "2027-03-01",
    "2027-03-03",
    "1",
    "大床房",
    "已预订",
    "2026-11-20 10:00:00",
    "2026-11-20 10:00:00",
    "856.00",
    "2",
    "0",
]
HEADER = (
    "预订号",
    "入住日期",
    "离店日期",
    "间数",
    "房型",
    "状态",
    "更新时间",
    "下单时间",
    "总价",
    "成人",
    "儿童",
)


def opened(name: str) -> Sheet:
    return open_sheet(CASES / name, known_names())


def said(sheet: Sheet) -> list[str]:
    return [one.say("en") for one in sheet.oddities]


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def test_imports_A_a_title_above_and_a_total_below_are_left_out_and_said() -> None:
    sheet, left = opened("A-pms-gbk-title-total.csv"), Counter[Noise]()
    assert [row.cells[0] for row in sheet.rows(left)] == ["YD0001", "YD0002", "YD0003"]
    assert left == {Noise.TOTAL: 1, Noise.BLANK: 1}
    assert sheet.encoding == "gb18030"
    assert sheet.header_line == 2
    assert said(sheet) == ["the header is in line 2; left out above it: 湖畔酒店预订明细表（2027年3月）"]


def test_imports_B_totals_and_rows_of_commas_are_noise() -> None:
    left = Counter[Noise]()
    assert len(list(opened("B-pms-gbk-total.csv").rows(left))) == 3
    assert left == {Noise.TOTAL: 1, Noise.BLANK: 1}


@pytest.mark.parametrize(
    ("name", "encoding", "delimiter", "odd"),
    [
        ("D1-utf16.csv", "utf-16-le", ",", []),
        ("D2-utf8bom-semicolon.csv", "utf-8", ";", []),
        ("D3-gbk-tab.txt", "gb18030", "\t", []),
        ("D4-utf8-cr-only.csv", "utf-8", ",", []),
        ("D5-sep-line.csv", "gb18030", ";", ["the first line says which delimiter is used (sep=)"]),
        (
            "D6-fullwidth-comma-header.csv",
            "utf-8",
            "，",
            ["the columns are separated by full-width marks (，)"],
        ),
        (
            "D7-header-newline.csv",
            "gb18030",
            ",",
            ["names of columns have line breaks; they count as blanks"],
        ),
        ("D8-trailing-empty-cols.csv", "gb18030", ",", ["2 columns without a name at the end are left out"]),
        ("D9-header-fullspace.csv", "gb18030", ",", []),
    ],
)
def test_imports_D_what_is_odd_about_a_file_is_no_obstacle(
    name: str, encoding: str, delimiter: str, odd: list[str]
) -> None:
    sheet = opened(name)
    assert (sheet.encoding, sheet.delimiter, said(sheet)) == (encoding, delimiter, odd)
    assert sheet.folded == HEADER
    assert next(iter(sheet.rows())).cells == FIRST


@pytest.mark.parametrize("name", ["E-pms.xlsx", "F5-venues.xlsx"])
def test_imports_E_F5_workbooks_are_read(name: str) -> None:
    sheet = opened(name)
    assert sheet.form == "workbook"
    [row] = sheet.rows()
    assert row.cells == (FIRST if name == "E-pms.xlsx" else ["浙江", "测试湖景区十一", "30.25", "120.15"])


def test_imports_V2_a_column_twice_is_refused() -> None:
    with pytest.raises(InputError, match="has the column 'name' twice"):
        opened("V2-dup-name.csv")


def test_a_small_workbook_that_claims_millions_of_rows_kills_nobody(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page["A1"], page["XFD1048576"] = "姓名", 1
    book.save(tmp_path / "sparse.xlsx")
    assert (tmp_path / "sparse.xlsx").stat().st_size < 6_000
    with pytest.raises(InputError, match="save the sheet as CSV"):
        open_sheet(tmp_path / "sparse.xlsx", known_names())


@pytest.mark.parametrize("damage", [b"PK\x03\x04 nothing", b"\xd0\xcf\x11\xe0 nothing"])
def test_a_damaged_workbook_is_told(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(damage)
    with pytest.raises(InputError, match="cannot be read as a workbook"):
        open_sheet(path, known_names())


def test_cells_of_a_workbook_are_what_a_person_sees(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["会员名单", None, None, None, None, None])
    page.append([])
    page.append(["卡号", "姓名", "身份证号", "生效日期", "开始时间", "有效"])
    page.append(["6000202600009001", "王测试", "11010519491231002X", datetime(2026, 1, 1), time(8, 30), True])  # noqa: DTZ001 - as Excel has it
    page.append([6000202600009002, "李样例", 110105194912310028, datetime(2026, 1, 1, 10, 5), 0.5, False])  # noqa: DTZ001 - as Excel has it
    page.append([12345, None, 12.5, None, None, None])
    page.append(["合计", None, 3, None, None, None])
    page.merge_cells("A1:F1")
    page.merge_cells("B5:B6")
    book.create_sheet("说明")["A1"] = "这是说明"
    hidden = book.create_sheet("隐藏")
    hidden.sheet_state = "hidden"
    hidden.append(["卡号", "姓名", "身份证号", "生效日期"])
    book.save(tmp_path / "members.xlsx")
    left = Counter[Noise]()
    sheet = open_sheet(tmp_path / "members.xlsx", known_names())
    rows = [row.cells for row in sheet.rows(left)]
    assert sheet.header == ("卡号", "姓名", "身份证号", "生效日期", "开始时间", "有效")
    assert rows == [
        ["6000202600009001", "王测试", "11010519491231002X", "2026-01-01", "08:30:00", "1"],
        ["6.00020E+15", "李样例", "1.10105E+17", "2026-01-01 10:05:00", "0.5", "0"],
        ["12345", "李样例", "12.5", "", "", ""],
    ]
    assert left == {Noise.TOTAL: 1}
    assert "of several sheets 'Sheet' is read; not read: '说明' (choose with file.sheet)" in said(sheet)
    with pytest.raises(InputError, match="has no sheet '三月'"):
        open_sheet(tmp_path / "members.xlsx", known_names(), Options(sheet="三月"))


def test_a_web_page_that_calls_itself_a_workbook(tmp_path: Path) -> None:
    page = (
        "<html><head><meta charset=gbk></head><body><table><tr><td colspan=3>预订明细</td></tr>"
        "<tr><th>预订号</th><th>入住日期</th><th>总价</th></tr>"
        "<tr><td>YD1</td><td>2027-03-01</td><td>&yen;1,856.00</td></tr><tr><td>YD2<td>2027-03-02<td>12</table>"
    )
    path = write(tmp_path / "export.xls", page, "gb18030")
    sheet = open_sheet(path, known_names())
    assert (sheet.form, sheet.encoding, sheet.header) == ("page", "gb18030", ("预订号", "入住日期", "总价"))
    assert [row.cells for row in sheet.rows()] == [
        ["YD1", "2027-03-01", "¥1,856.00"],
        ["YD2", "2027-03-02", "12"],
    ]


def test_big5_is_told_from_gb18030_by_the_names_of_columns(tmp_path: Path) -> None:
    text = "訂單號,姓名,電話\r\nA1,陳大文,91234567\r\n"
    path = write(tmp_path / "big5.csv", text, "big5hkscs")
    sheet = open_sheet(path, {*known_names(), fold_name("訂單號"), fold_name("電話")})
    assert (sheet.encoding, sheet.header) == ("big5hkscs", ("訂單號", "姓名", "電話"))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path / "x.csv", "预订号,总价\r\n" + "YD1,5\r\n" * 50, encoding)
    assert open_sheet(path, known_names()).encoding == encoding


@pytest.mark.parametrize(
    ("line", "noise"),
    [
        ("合计,,3", Noise.TOTAL), ("总计：,,99.5", Noise.TOTAL), ("共3条记录,,", Noise.TOTAL), ("Total,,3", Noise.TOTAL),
        ("备注：以上数据截至10月,,", Noise.NOTE), ("制表人：张三,,", Noise.NOTE), ("　,,", Noise.BLANK), ("", Noise.BLANK),
        ("预订号,入住日期,总价", Noise.HEADER_AGAIN),
        ("合计客,2027-03-01,3", None), ("注册客,,", None), ("YD3,,", None), ("总统套房,2027-03-01,", None),
    ],
)  # fmt: skip
def test_noise_is_told_from_rows(tmp_path: Path, line: str, noise: Noise | None) -> None:
    path = write(tmp_path / "x.csv", f"预订号,入住日期,总价\nYD1,2027-03-01,5\n{line}\nYD2,2027-03-02,6\n")
    left = Counter[Noise]()
    rows = list(open_sheet(path, known_names()).rows(left))
    assert left == ({noise: 1} if noise else {})
    assert len(rows) == (2 if noise else 3)


def test_a_header_may_be_named_by_its_line(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", "a,b\n1,2\nc,d\n3,4\n")
    assert open_sheet(path, set(), Options(header_line=3)).header == ("c", "d")
    with pytest.raises(InputError, match="no line with the names"):
        open_sheet(path, set(), Options(header_line=9))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"), (b"\x00" * 9, "is empty"), (b"%PDF-1.7", "is a PDF"), (b"\n\n\n", "is empty"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>', "XML spreadsheet of 2003"),
        (b"a,b\n\x81", "neither UTF-8 nor UTF-16"), (b'a,b\n"1,2\n3,4', "a quote is opened"),
        (b"a,b\n1,2" + b"\n" * 100_100, "blank lines"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_whole_file_is_told(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=why):
        list(open_sheet(path, known_names()).rows())


def test_a_packed_file_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress("预订号,总价\nYD1,5\n".encode("gb18030")))
    assert [row.cells for row in open_sheet(path, known_names()).rows()] == [["YD1", "5"]]


def test_lines_that_are_too_long_are_marked_and_the_rest_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", f"预订号,总价\n{'x' * 200_000},5\nYD2,6\n")
    first, second = open_sheet(path, known_names()).rows()
    assert "line too long" in first.cells[0]
    assert second.cells == ["YD2", "6"]


def test_many_rows_take_no_more_memory_than_few(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", "预订号,总价\n" + "YD1,5\n" * 200_000)
    sheet = open_sheet(path, known_names())
    tracemalloc.start()
    try:
        assert sum(1 for _ in sheet.rows()) == 200_000
        assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    if content.startswith(
        (b"PK\x03\x04", b"\xd0\xcf", b"\x09\x08", b"\x09\x04", b"\x09\x02", b"\x09\x00\x04")
    ):
        return  # a child process each
    with suppress(InputError):
        for row in open_sheet(path, known_names()).rows():
            assert row.cells
