"""Files of bookings as operators' offices wrote them (tests/data/imports): what comes in, what is refused, and why."""

import csv
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support.database import DbUrls
from tests.support.imports_house import KEYS, House, counts, imports_house, reasons
from wenyue.imports.bookings import Verdict
from wenyue.imports.reading import InputError, open_sheet
from wenyue.imports.refused_rows import WHY
from wenyue.locale import command_locale
from wenyue.platform.database.db import queries

pytestmark = pytest.mark.anyio
HEADER = "预订号,入住日期,离店日期,间数,房型,状态,更新时间,下单时间,总价,成人,儿童\n"


@pytest.fixture
async def house(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[House]:
    """An empty installation."""
    async with imports_house(make_database(), tmp_path) as house:
        yield house


def any_capacity(text: str) -> str:
    return text.replace("capacity = 2", 'capacity = "auto"')


@pytest.mark.parametrize(
    ("file", "rows", "left_out"),
    [
        ("A-pms-gbk-title-total.csv", 3, {"total": 1, "blank": 1}),
        ("B-pms-gbk-total.csv", 3, {"total": 1, "blank": 1}),
        ("D1-utf16.csv", 1, {}),
        ("D2-utf8bom-semicolon.csv", 1, {}),
        ("D3-gbk-tab.txt", 1, {}),
        ("D4-utf8-cr-only.csv", 2, {}),
        ("D5-sep-line.csv", 1, {}),
        ("D6-fullwidth-comma-header.csv", 1, {}),
        ("D7-header-newline.csv", 1, {}),
        ("D8-trailing-empty-cols.csv", 1, {}),
        ("D9-header-fullspace.csv", 1, {}),
        ("E-pms.xlsx", None, None),
    ],
    ids=lambda value: f"imports_{str(value).partition('-')[0]}" if isinstance(value, str) else "",
)
async def test_every_form_of_file_comes_in(
    house: House, file: str, rows: int | None, left_out: dict[str, int] | None
) -> None:
    summary = await house.take(file, change=any_capacity)
    assert summary.tally.rows == summary.tally.verdicts[Verdict.IMPORTED] > 0
    if rows is not None:
        assert summary.tally.rows == rows
        assert {
            noise.value: n for noise, n in summary.left_out.items() if noise.value in (left_out or {})
        } == left_out
    await house.pools_add_up()


async def test_imports_F9_formulas_are_harmless_in_report_and_refused_rows(house: House) -> None:
    report, refused = house.home / "report.csv", house.home / "refused.csv"
    summary = await house.take("F9-formula-bookings.csv", report=report, refused=refused)
    assert reasons(summary) == {"unknown-product": 1, "bad-character": 1}
    for path in (report, refused):
        with path.open(encoding="utf-8-sig", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert cells
        assert not [cell for cell in cells if cell[:1] in {"=", "@", "+", "\t"}]


async def test_imports_K1_K2_K3_are_one_booking(house: House) -> None:
    assert counts(await house.take("K1-excel-text-formula.csv")) == {"imported": 1}
    assert counts(await house.take("K2-clean.csv")) == {"already-imported": 1}
    assert counts(await house.take("K3-apostrophe.csv")) == {"already-imported": 1}
    assert await house.rows(KEYS) == [("k:YD9005", 2)]


async def test_imports_K_keys_that_may_be_one_are_refused_with_the_others_row(house: House) -> None:
    row = ",2027-03-01,2027-03-02,1,双床房,已预订,2026-11-20,2026-11-20,428.00,2,0\n"
    keys = ["00012345", "12345", "yd77", "ＹＤ 77", "YD-77", "12345.0", "AB1"]
    report = house.home / "report.csv"
    summary = await house.take(HEADER + "".join(key + row for key in keys), report=report)
    with report.open(encoding="utf-8-sig", newline="") as file:
        said = [(line["verdict"], line["reason"], line["what_to_do"]) for line in csv.DictReader(file)]
    assert [reason for _, reason, _ in said] == [
        "key-ambiguous", "key-ambiguous", "key-ambiguous", "key-ambiguous", "key-ambiguous", "key-ruined", "",
    ]  # fmt: skip
    assert [fix.partition(" has")[0] for _, _, fix in said[:5]] == [
        "row 2",
        "row 1",
        "row 5",
        "row 5",
        "row 3",
    ]
    assert counts(summary) == {"refused": 6, "imported": 1}


async def test_imports_K_a_key_that_may_be_one_of_an_earlier_file_is_refused(house: House) -> None:
    row = ",2027-03-01,2027-03-02,1,双床房,已预订,2026-11-20,2026-11-20,428.00,2,0\n"
    await house.take(HEADER + "00012345" + row)
    for is_dry_run in (True, False):
        summary = await house.take(
            HEADER + "12345" + row + "0001-2345" + row.replace("428", "1"), is_dry_run=is_dry_run
        )
        assert reasons(summary) == {"key-ambiguous": 2}
    again = await house.take(HEADER + "12345" + row)
    assert reasons(again) == {"key-ambiguous": 1}
    assert len(await house.rows(KEYS)) == 1


async def test_keys_of_the_release_before_are_known(house: House) -> None:
    await house.take("K2-clean.csv")
    await house.rows("UPDATE booking.booking SET source_key = 'k:=\"yd 9005\"', left_at = NULL RETURNING 1")
    assert counts(await house.take("K3-apostrophe.csv")) == {"already-imported": 1}
    assert await house.rows("SELECT count(*) FROM booking.booking") == [(1,)]


async def test_imports_S1_S2_ruined_keys_bring_nothing_and_the_mended_file_comes_in_whole(
    house: House,
) -> None:
    summary = await house.take("S1-sci-keys.csv", "S.map.toml")
    assert reasons(summary) == {"key-ruined": 3}
    assert await house.rows(KEYS) == []
    assert counts(await house.take("S2-sci-mended.csv", "S.map.toml")) == {"imported": 3}


async def test_imports_L1_L2_L3_auto_refuses_nothing_and_a_cancellation_gives_the_place_back(
    house: House,
) -> None:
    for file in ("L1-first-export.csv", "L2-longer-export.csv"):
        rehearsed = await house.take(file, "L.map.toml", is_dry_run=True)
        done = await house.take(file, "L.map.toml")
        assert rehearsed.tally == done.tally
    assert counts(done) == {"already-imported": 1, "imported": 2}
    assert await house.rows("SELECT capacity, sold, fitted_to FROM booking.pool") == [(3, 3, 3)]
    cancelled = await house.take("L3-later-cancelled.csv", "L.map.toml")
    assert counts(cancelled) == {"cancelled": 1}
    assert cancelled.done.gone.count == 2
    assert await house.rows(KEYS) == [("k:L1", 3), ("k:L2", 2), ("k:L3", 2)]
    assert await house.rows("SELECT capacity, sold FROM booking.pool") == [(3, 2)]
    assert counts(await house.take("L3-later-cancelled.csv", "L.map.toml")) == {"already-imported": 1}
    await house.pools_add_up()


async def test_imports_L_a_trial_run_does_not_spoil_the_real_one(house: House) -> None:
    await house.take("L1-first-export.csv", "L.map.toml", is_dry_run=True)
    assert await house.rows("SELECT count(*) FROM booking.pool") == [(0,)]
    assert await house.rows("SELECT count(*) FROM catalogue.venue") == [(0,)]
    assert counts(await house.take("L2-longer-export.csv", "L.map.toml")) == {"imported": 3}


async def test_imports_L_a_capacity_that_an_operator_set_does_not_grow(house: House) -> None:
    await house.take("L1-first-export.csv", "L.map.toml")
    await house.rows("UPDATE booking.pool SET capacity = 2 RETURNING 1")
    summary = await house.take("L2-longer-export.csv", "L.map.toml")
    assert reasons(summary) == {"sold-out": 1}
    assert await house.rows("SELECT capacity, sold FROM booking.pool") == [(2, 2)]


async def test_a_row_that_says_something_else_moves_a_booking_that_nobody_touched(house: House) -> None:
    await house.take("L2-longer-export.csv", "L.map.toml")
    row = "{key},{from_day},{to_day},{rooms},大床房,已预订,2026-11-20,2026-11-20,{price},2,0\n"
    usual = {"from_day": "2027-03-01", "to_day": "2027-03-02", "rooms": 1, "price": "428.00"}
    file = HEADER + "".join(
        row.format(**(usual | one))
        for one in (
            {"key": "L1", "from_day": "2027-03-05", "to_day": "2027-03-07"},
            {"key": "L2", "rooms": 2},
            {"key": "L3", "price": "500.00"},
        )
    )
    await house.rows("UPDATE booking.booking SET changed_at = now() WHERE source_key = 'k:L3' RETURNING 1")
    report = house.home / "report.csv"
    summary = await house.take(file, "L.map.toml", report=report)
    assert counts(summary) == {"updated": 2, "already-imported-but-changed": 1}
    with report.open(encoding="utf-8-sig", newline="") as opened:
        assert [line["differs"] for line in csv.DictReader(opened)] == ["when", "quantity", "price"]
    nights = await house.rows(
        "SELECT b.source_key, l.on_date::text, l.quantity FROM booking.line l JOIN booking.booking b ON b.id = l.booking_id"
        " WHERE l.is_live ORDER BY 1, 2"
    )
    assert nights == [
        ("k:L1", "2027-03-05", 1), ("k:L1", "2027-03-06", 1), ("k:L2", "2027-03-01", 2), ("k:L3", "2027-03-01", 1),
    ]  # fmt: skip
    await house.pools_add_up()
    assert counts(await house.take(file, "L.map.toml")) == {
        "already-imported": 2,
        "already-imported-but-changed": 1,
    }


async def test_imports_T1_a_blank_status_date_is_the_default(house: House) -> None:
    assert counts(await house.take("T1-blank-cancel-time.csv", "T.map.toml")) == {"imported": 2}
    assert await house.rows(KEYS) == [("k:YD1", 2), ("k:YD2", 3)]


@pytest.mark.parametrize("said", ['currency = "EUR"', 'timezone = "Europe/Lisbon"'])
async def test_a_second_map_with_another_clock_or_money_is_refused(house: House, said: str) -> None:
    first = await house.take("K2-clean.csv")
    assert [one.id for one in first.done.venues] == [None]
    again = await house.take("K2-clean.csv", is_dry_run=True)
    assert [(one.id is not None, one.currencies, one.timezone) for one in again.done.venues] == [
        (True, ("CNY",), "Asia/Shanghai")
    ]

    def other(text: str) -> str:
        key = said.partition(" ")[0]
        lines = [said if line.startswith(f"{key} =") else line for line in text.splitlines()]
        return "\n".join(lines).replace('source = "keytest"', 'source = "other"')

    for is_dry_run in (True, False):
        with pytest.raises(InputError, match="keytest-hotel is there"):
            await house.take("K2-clean.csv", change=other, is_dry_run=is_dry_run)


async def test_a_dry_run_shows_rows_before_and_after(house: House) -> None:
    summary = await house.take("K1-excel-text-formula.csv", is_dry_run=True)
    (row,) = summary.done.first
    said = {cell.column: (cell.before, cell.after) for cell in row.cells}
    assert said["预订号"] == ('="YD9005"', "YD9005")
    assert said["离店日期"] == ("2027-03-02", "1")
    assert said["房型"] == ("大床房", "king")
    assert said["总价"] == ("428.00", "428.00")


async def test_refused_rows_come_back_as_a_workbook_and_mended_they_come_in(house: House) -> None:
    refused = house.home / "refused.xlsx"
    with pytest.raises(InputError, match="same form"):
        await house.take("E-pms.xlsx", refused=house.home / "refused.csv")
    no_room = "capacity = 2"
    first = await house.take(
        "E-pms.xlsx", change=lambda text: text.replace(no_room, "capacity = 0"), refused=refused
    )
    assert set(reasons(first)) == {"sold-out"}
    back = open_sheet(refused, {"预订号"})
    assert back.header[-1] == WHY.say(command_locale())
    rows = list(back.rows())
    assert len(rows) == sum(reasons(first).values())
    assert all("sold-out" in row.cells[-1] for row in rows)
    await house.rows("UPDATE booking.pool SET capacity = 9 RETURNING 1")
    again = await house.take(refused)
    assert counts(again) == {"imported": len(rows)}


async def test_a_batch_is_looked_for_by_its_keys_and_not_in_all_that_the_source_brought(house: House) -> None:
    await house.take("K2-clean.csv")
    asked = {"source": "keytest", "keys": [f"k:YD{n}" for n in range(500)]}
    statement = queries("wenyue.booking.slots", "importing.sql")["alike"]
    async with house.database.connection() as tx:
        # The tables look small, as they do in an import's first hour; what is cheap then must not grow with them.
        rows = await (await tx.execute(f"EXPLAIN {statement}", asked)).fetchall()
    [condition] = [line for (line,) in rows if "Index Cond" in line]
    assert "source_key" in condition, rows
    assert "Join" not in "".join(line for (line,) in rows)


async def test_sessions_that_are_opened_find_their_pools_one_by_one(house: House) -> None:
    await house.take("K2-clean.csv")
    row = '[{"venue_id": 1, "product_id": 1, "on_date": "2027-03-01", "starts_at": "2027-03-01T06:00:00Z"}]'
    statement = queries("wenyue.booking.slots", "importing.sql")["open_slots"]
    async with house.database.connection() as tx:
        rows = await (await tx.execute(f"EXPLAIN {statement}", {"rows": row})).fetchall()
    # Of new tables nothing is known: a join of 5,000 sessions with 10,000 pools would compare each with each.
    assert any("pool_natural_key on pool q" in line for (line,) in rows), rows
