"""Refused rows come back in the form in which they came, safe to open, and come in once they are mended."""

import stat
from pathlib import Path

import pytest

from wenyue.imports.columns import known_names
from wenyue.imports.reading import InputError, Sheet, open_sheet
from wenyue.imports.refusals import Reason, Refusal
from wenyue.imports.refused_rows import refused_rows
from wenyue.imports.row_files import row_file
from wenyue.locale import Message

NUMBER = "6000202600009001"
HOSTILE = '=HYPERLINK("http://evil.example","x")'
REFUSAL = Refusal(Reason.BAD_DATE, "到期日期", "2027-02-30", Message("a value is needed here"))


def sheet_of(path: Path, rows: list[list[str]]) -> Sheet:
    with row_file(path) as write:
        for row in rows:
            write(row)
    return open_sheet(path, known_names())


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_row_comes_back_as_it_stood_with_the_reason(tmp_path: Path, ending: str) -> None:
    rows = [["卡号", "姓名", "到期日期"], [NUMBER, HOSTILE, "2027-02-30"], ["0001", "李四", "2027-01-01"]]
    sheet = sheet_of(tmp_path / f"in.{ending}", rows)
    out = tmp_path / f"refused.{ending}"
    with refused_rows(out, sheet, "zh-CN") as refuse:
        refuse(next(sheet.rows()), REFUSAL)
    back = open_sheet(out, known_names())
    assert back.form == sheet.form
    assert back.header[:-1] == sheet.header
    [row] = back.rows()
    assert [cell.lstrip("'") for cell in row.cells[:-1]] == [NUMBER, HOSTILE, "2027-02-30"]
    assert "bad-date" in row.cells[-1]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600

    again = tmp_path / f"again.{ending}"  # refused a second time: one column of reasons
    with refused_rows(again, back, "zh-CN") as refuse:
        refuse(next(back.rows()), REFUSAL)
    assert open_sheet(again, known_names()).header == back.header


def test_nothing_of_a_csv_is_computed_or_rounded_by_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with row_file(path) as write:
        write([NUMBER, "0001", "12E34", HOSTILE, "@SUM(1)", "186"])
    text = path.read_text(encoding="utf-8-sig").strip()
    assert text == f'\'{NUMBER},\'0001,\'12E34,"\'=HYPERLINK(""http://evil.example"",""x"")",\'@SUM(1),186'


def test_a_row_with_too_many_cells_loses_none(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("卡号,姓名\nA1,王小明,extra\n", encoding="utf-8")
    sheet = open_sheet(path, known_names())
    with refused_rows(tmp_path / "out.csv", sheet, "en") as refuse:
        refuse(next(sheet.rows()), REFUSAL)
    [row] = open_sheet(tmp_path / "out.csv", known_names()).rows()
    assert row.cells[:2] == ["A1", "王小明 extra"]


def test_a_file_that_is_not_finished_does_not_appear(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("before", encoding="utf-8")
    with pytest.raises(TypeError), row_file(path) as write:
        write(["half", 3])  # pyright: ignore[reportArgumentType]
    assert path.read_text(encoding="utf-8") == "before"
    assert [one.name for one in tmp_path.iterdir()] == ["out.csv"]


def test_the_file_that_is_read_is_not_overwritten(tmp_path: Path) -> None:
    sheet = sheet_of(tmp_path / "in.csv", [["卡号", "姓名"], ["A1", "王小明"]])
    for name in ("in.csv", "out.xlsx", "nowhere/out.csv"):
        with pytest.raises(InputError), refused_rows(tmp_path / name, sheet, "en"):
            pass
