"""What is written for a spreadsheet: no cell is a formula, and one writer writes every file."""

import csv
import re
from pathlib import Path

import pytest

from wenyue import core
from wenyue.application.booking_verdicts import BroughtRow
from wenyue.core.sheets import inert
from wenyue.imports.bookings import Verdict
from wenyue.imports.reading import InputError, Row
from wenyue.imports.refusals import Reason, Refusal
from wenyue.locale import Message
from wenyue.ops.imports.report import report_to


def test_report_is_inert_in_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    with report_to(path) as report:
        refusal = Refusal(
            Reason.BAD_COUNTRY,
            "country",
            "=cmd|'/c calc'!A1",
            Message("a value is needed here"),
        )
        report.row(BroughtRow(Row(1, 2, []), "", Verdict.REFUSED, refusal=refusal))
        assert not path.exists()  # a report under its name is whole
    with path.open(encoding="utf-8-sig", newline="") as file:
        (line,) = csv.DictReader(file)
    assert line["value"] == "'=cmd|'/c calc'!A1"
    assert line["verdict"] == Verdict.REFUSED.value


def test_report_that_cannot_be_written(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match="cannot write"),
        report_to(tmp_path / "no" / "report.csv"),
    ):
        pass


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("\t=1", "'\t=1"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("-3", "-3"),
        ("+12.5", "+12.5"),
        ("西湖", "西湖"),
        ("a=b", "a=b"),
        ("", ""),
        (-3, -3),
    ],
)
def test_security_third_no_cell_is_a_formula(cell: object, shown: object) -> None:
    assert inert(cell) == shown


def test_security_third_every_csv_file_is_written_by_one_writer() -> None:
    source = Path(core.__file__).parent.parent
    writers = [
        path.name
        for path in source.rglob("*.py")
        if re.search(r"csv\.(Dict)?[wW]riter", path.read_text("utf-8"))
    ]
    assert writers == ["sheets.py"]
