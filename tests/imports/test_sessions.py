"""One row of a list of sessions: its days, its times, what is wrong with it, and that it is written as it is read."""

from datetime import date, time
from typing import Final

import pytest

from wenyue.imports.cells import Columns
from wenyue.imports.columns import FIELDS, Kind
from wenyue.imports.mapping import ColumnMap, ColumnRule
from wenyue.imports.reading import Options, Row
from wenyue.imports.refusals import Refusal, RowRefused
from wenyue.imports.sessions import SessionRow, read_session, session_cells, session_header

NAMES: Final = tuple(field.name for field in FIELDS[Kind.SESSIONS])
DAY: Final = date(2026, 12, 1)  # a Tuesday


def read(**cells: str) -> SessionRow | Refusal:
    row = {"venue": "lake", "product": "day", "date": "2026-12-01", "capacity": "100", **cells}
    chosen = ColumnMap(Kind.SESSIONS, "old", Options(), {name: ColumnRule(name) for name in NAMES})
    try:
        return read_session(Columns(chosen, NAMES).of(Row(1, 2, [row.get(name, "") for name in NAMES])))
    except RowRefused as refused:
        return refused.refusal


def taken(**cells: str) -> SessionRow:
    found = read(**cells)
    assert isinstance(found, SessionRow), found
    return found


@pytest.mark.parametrize(
    "cells",
    [
        {"date": "2026-12-01", "until": "2026-12-31"},
        {"date": "2026年12月1日至2026年12月31日"},
        {"date": "2026-12-01 ~ 2026-12-31"},
        {"date": "2026/12/1-2026/12/31"},
        {"date": "46357.0", "until": "46387.0"},  # Excel's
        {"date": "２０２６－１２－０１", "until": "20261231"},
    ],
)
def test_days_from_one_to_another(cells: dict[str, str]) -> None:
    row = taken(**cells)
    assert (row.first, row.until) == (DAY, date(2026, 12, 31))
    assert len(list(row.days())) == 31


def test_only_some_weekdays() -> None:
    row = taken(until="2026-12-31", weekdays="周六、周日")
    assert [day.day for day in row.days()] == [5, 6, 12, 13, 19, 20, 26, 27]


@pytest.mark.parametrize(
    ("cells", "starts", "ends", "label"),
    [
        ({"span": "08:30-11:30"}, time(8, 30), time(11, 30), {}),
        ({"span": "上午场（8:30—11:30）"}, time(8, 30), time(11, 30), {"zh-CN": "上午场"}),
        ({"span": "上午场", "starts": "8点30分", "ends": "１１：３０"}, time(8, 30), time(11, 30), {"zh-CN": "上午场"}),
        ({"starts": "0.354166666666667", "ends": "0.479166666666667"}, time(8, 30), time(11, 30), {}),  # Excel's
        ({"starts": "8:30-11:30"}, time(8, 30), time(11, 30), {}),
        ({"starts": "18:00"}, time(18), None, {}),
        ({"label": "夜场", "label_en": "Night"}, None, None, {"zh-CN": "夜场", "en": "Night"}),
    ],
)  # fmt: skip
def test_times_as_offices_write_them(
    cells: dict[str, str], starts: time | None, ends: time | None, label: dict[str, str]
) -> None:
    row = taken(**cells)
    assert (row.starts, row.ends, row.label) == (starts, ends, label)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"date": ""}, "missing"),
        ({"date": "31/12/2026"}, "bad-date"),
        ({"date": "2026-02-30"}, "bad-date"),
        ({"until": "2026-11-30"}, "bad-date"),
        ({"until": "2028-01-06"}, "too-large"),
        ({"weekdays": "周日"}, "bad-date"),
        ({"weekdays": "有空"}, "unknown-word"),
        ({"starts": "25:00"}, "bad-time"),
        ({"ends": "11:30"}, "missing"),
        ({"capacity": ""}, "missing"),
        ({"capacity": "-1"}, "negative"),
        ({"capacity": "10.5"}, "not-a-number"),
        ({"capacity": "1e9"}, "not-a-number"),
        ({"capacity": "100000000"}, "too-large"),
        ({"price": "-1"}, "negative"),
        ({"product": ""}, "missing"),
        ({"venue": ""}, "missing"),
    ],
)
def test_what_is_wrong_is_told(cells: dict[str, str], reason: str) -> None:
    found = read(**cells)
    assert isinstance(found, Refusal)
    assert found.reason.value == reason


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize(
    "row",
    [
        SessionRow("lake", "day", DAY, DAY, 100, starts=time(8, 30), ends=time(11, 30), price_minor=7_550),
        SessionRow("lake", "day", DAY, date(2026, 12, 31), 0, 0b110_0000, time(18), time(1), {"zh-CN": "夜场", "en": "Night"}),
        SessionRow("inn", "twin", DAY, date(2027, 12, 31), 1_000_000, starts=time(14), ends=time(12)),
        SessionRow("湖", "日票", DAY, DAY, 1, label={"en": "All day"}),
    ],
)  # fmt: skip
def test_what_is_written_is_read_as_the_same(row: SessionRow, locale: str) -> None:
    header = session_header(locale)
    chosen = ColumnMap(
        Kind.SESSIONS,
        "old",
        Options(),
        {field.name: ColumnRule(title) for field, title in zip(FIELDS[Kind.SESSIONS], header, strict=True)},
    )
    assert read_session(Columns(chosen, header).of(Row(1, 2, session_cells(row, locale)))) == row
