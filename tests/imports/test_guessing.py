"""What a file is, and what its columns say, by their names and by what stands in them."""

from datetime import date
from itertools import islice
from pathlib import Path

import pytest

from wenyue.imports.columns import FIELDS, Kind, known_names
from wenyue.imports.guessing import SAMPLE_ROWS, Proposal, propose
from wenyue.imports.reading import fold_name, open_sheet

CASES = Path(__file__).parents[1] / "data" / "imports"
TODAY = date(2026, 11, 30)


def guessed(name: str) -> Proposal:
    sheet = open_sheet(CASES / name, known_names())
    return propose(sheet.header, [row.cells for row in islice(sheet.rows(), SAMPLE_ROWS)], TODAY)


@pytest.mark.parametrize(
    ("name", "kind", "mapped"),
    [
        (
            "F1-venues-zh-header.csv",
            Kind.VENUES,
            {"province": "省份", "name": "景区名称", "latitude": "纬度", "longitude": "经度"},
        ),
        (
            "F3-venues-semicolon.csv",
            Kind.VENUES,
            {"province": "province", "name": "name", "latitude": "latitude", "longitude": "longitude"},
        ),
        (
            "G-card-members.csv",
            Kind.CARDS,
            {
                "card_no": "卡号", "name": "姓名", "document": "身份证号", "phone": "手机", "type": "卡种",
                "valid_from": "生效日期", "valid_to": "到期日期",
            },
        ),
        (
            "H-attraction-bookings.csv",
            Kind.BOOKINGS,
            {
                "key": "订单号", "venue": "景点", "date": "预约日期", "session": "场次", "name": "姓名",
                "document_type": "证件类型", "document": "证件号", "phone": "手机号", "status": "状态", "total": "金额",
            },
        ),
    ],
)  # fmt: skip
def test_files_of_offices_are_recognised(name: str, kind: Kind, mapped: dict[str, str]) -> None:
    found = guessed(name)
    assert (found.kind, found.mapped(), found.missing) == (kind, mapped, ())


def test_a_name_whose_values_do_not_look_like_it_is_believed_less() -> None:
    by_column = {one.column: one for one in guessed("G-card-members.csv").columns}
    assert by_column["姓名"].confidence == 100
    assert by_column["卡号"].confidence == 50  # every second number was ruined by Excel
    assert (
        by_column["卡号"].reason.say("en")
        == "the column is called '卡号', but only 50 % of its values look like it"
    )


def test_columns_without_telling_names_are_known_by_their_values() -> None:
    rows = [["YD1", "13800138001", "11010519491231002X"], ["YD2", "13800138002", "11010519491231002X"]]
    found = propose(["卡号", "列1", "列2"], rows, TODAY, Kind.CARDS)
    assert found.mapped() == {"card_no": "卡号", "phone": "列1", "document": "列2"}
    assert found.columns[1].confidence == 50


def test_what_a_kind_needs_and_no_column_says_is_named() -> None:
    assert propose(["备注"], [["x"]], TODAY, Kind.SESSIONS).missing == (
        "venue",
        "product",
        "date",
        "capacity",
    )


@pytest.mark.parametrize("kind", list(Kind))
def test_the_first_name_of_a_field_finds_it(kind: Kind) -> None:
    for field in FIELDS[kind]:
        assert propose([field.names[0]], [], TODAY, kind).mapped() == {field.name: field.names[0]}
    folded = [fold_name(name) for field in FIELDS[kind] for name in field.names]
    assert len(folded) == len(set(folded)), "a name of two fields"
