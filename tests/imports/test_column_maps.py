"""Maps of columns: written ones with every mistake at once, and what a file is guessed to say."""

from datetime import date
from pathlib import Path

import pytest

from wenyue.imports.column_maps import NotSure, guessed_map, read_column_map
from wenyue.imports.columns import Kind, known_names
from wenyue.imports.mapping import ColumnRule
from wenyue.imports.reading import InputError, Sheet, open_sheet

TODAY = date(2026, 11, 30)


def written(folder: Path, text: str) -> Path:
    path = folder / "map.toml"
    path.write_text(text, encoding="utf-8")
    return path


def sheet_of(folder: Path, text: str) -> Sheet:
    path = folder / "file.csv"
    path.write_text(text, encoding="utf-8")
    return open_sheet(path, known_names())


def test_a_map_says_columns_words_and_defaults(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
kind = "cards"
source = "old-cards"
[file]
delimiter = "tab"
sheet = "会员"
header_line = 3
null = "none"
[columns]
card_no = "卡号"
valid_from = { column = "起", formats = ["%d/%m/%Y"] }
[words.state]
"在  用" = "active"
[words.type]
"A.B" = "hainan-annual"
[defaults]
type = "hainan-annual"
""",
    )
    found = read_column_map(path, Kind.CARDS, {"state": {"active"}})
    assert (found.kind, found.source) == (Kind.CARDS, "old-cards")
    assert (found.options.delimiter, found.options.sheet, found.options.header_line) == ("\t", "会员", 3)
    assert found.columns == {
        "card_no": ColumnRule("卡号"),
        "valid_from": ColumnRule("起", ("%d/%m/%Y",)),
    }
    assert found.words == {"state": {"在 用": "active"}, "type": {"A.B": "hainan-annual"}}
    assert found.defaults == {"type": "hainan-annual"}
    assert found.nulls == {"", "none"}


def test_every_mistake_is_told_at_once_with_its_line_and_key(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """kind = "card"
source = "OLD"
[file]
header_line = 0
delimitr = ","
[columns]
card = "x"
valid_from = { column = "生效日期", formats = ["%d/%m/%Y", "%m/%d/%Y"] }
valid_to = { column = "生效日期", format = "%d/%m/%Y" }
name = { column = "姓名", formats = ["%Y-%m-%d"] }
issued = { column = "办卡", formats = ["%m/%d"] }
[words.state]
"在用" = "activ"
"停用" = 3
[words.card_no]
a = "b"
[defaults]
typ = "x"
""",
    )
    with pytest.raises(InputError) as raised:
        read_column_map(path, Kind.CARDS, {"state": ("active", "frozen")})
    told = str(raised.value).splitlines()[1:]
    places = {one.strip().split(": ")[0] for one in told}
    assert places == {
        "line 1, kind",
        "line 2, source",
        "line 4, file.header_line",
        "line 5, file.delimitr",
        "line 6, columns.card_no",
        "line 7, columns.card",
        "line 8, columns.valid_from.formats",
        "line 9, columns.valid_to",
        "line 9, columns.valid_to.format",
        "line 10, columns.name.formats",
        "line 11, columns.issued.formats",
        "line 13, words.state.在用",
        "line 14, words.state.停用",
        "line 15, words.card_no",
        "line 18, defaults.typ",
    }
    assert "did you mean columns.valid_to.formats?" in str(raised.value)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a = [", b"a=" + b"[" * 5000, b"#" * 300_000])
def test_what_is_no_map_is_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "map.toml"
    path.write_bytes(content)
    with pytest.raises(InputError) as raised:
        read_column_map(path, Kind.CARDS)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_is_its_own_map_when_its_columns_are_certain(tmp_path: Path) -> None:
    sheet = sheet_of(tmp_path, "卡号,姓名,到期日期\n0001,王小明,2027-01-31\n")
    found, proposal = guessed_map(sheet, Kind.CARDS, TODAY)
    assert {name: rule.column for name, rule in found.columns.items()} == {
        "card_no": "卡号",
        "name": "姓名",
        "valid_to": "到期日期",
    }
    assert (found.source, proposal.missing) == ("cards", ())


def test_a_needed_column_that_is_missing_is_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(NotSure) as raised:
        guessed_map(sheet_of(tmp_path, "姓名,到期日期\n王小明,2027-01-31\n"), Kind.CARDS, TODAY)
    assert raised.value.proposal.missing == ("card_no",)


def test_a_column_whose_values_look_otherwise_is_not_certain(tmp_path: Path) -> None:
    text = "卡号,到期日期\n" + "A1,soon\n" * 6 + "A2,2027-01-31\n" * 4
    with pytest.raises(NotSure, match="到期日期"):
        guessed_map(sheet_of(tmp_path, text), Kind.CARDS, TODAY)
