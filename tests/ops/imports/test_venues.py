"""Lists of venues as people really have them: every row accounted for, every refusal with its reason, one venue stays one."""

import csv
from collections.abc import AsyncIterator
from datetime import date, time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.commands import said_by, use_installation
from tests.support.database import DbUrls
from wenyue import catalogue
from wenyue.application.import_venues import do_import_venues
from wenyue.application.list_outcomes import ListOutcome, ListRequest, ListTaken, ListVerdict
from wenyue.catalogue import listing
from wenyue.imports.column_maps import guessed_map
from wenyue.imports.columns import Kind, known_names
from wenyue.imports.listing import read_list
from wenyue.imports.reading import open_sheet
from wenyue.imports.refusals import Refusal
from wenyue.imports.venues import code_of, read_venue
from wenyue.locale import DEFAULT, SOURCE
from wenyue.ops.demo.shipped import PUBLIC_LIST, shipped_attractions, shipped_code
from wenyue.ops.imports import app
from wenyue.platform.database.db import Tx
from wenyue.platform.fault import SetupError

pytestmark = pytest.mark.anyio
CASES = Path(__file__).parents[2] / "data" / "imports"
HEADER = "province,name,latitude,longitude\n"
TODAY = date(2026, 11, 30)


@pytest.fixture
async def tx(make_database: Any) -> AsyncIterator[Tx]:
    async with await psycopg.AsyncConnection.connect(
        make_database().owner_url, autocommit=True
    ) as connection:
        yield connection


async def bring(tx: Tx, path: Path, *, is_dry_run: bool = False) -> list[ListOutcome]:
    """What became of each row of a file that has no map."""
    sheet = open_sheet(path, known_names(Kind.VENUES))
    chosen, _ = guessed_map(sheet, Kind.VENUES, TODAY)
    listing = read_list(sheet, chosen, read_venue)
    rows = [(listing.rows[at].row.line, found) for at, found in listing.read()]
    answers = iter((await do_import_venues(tx, ListRequest(chosen.source, rows, is_dry_run))).outcomes)
    return [
        ListOutcome(ListVerdict.REFUSED, refusal=one.found)
        if isinstance(one.found, Refusal)
        else next(answers)
        for one in listing.rows
    ]


async def run(tx: Tx, folder: Path, content: str, *, is_dry_run: bool = False) -> list[ListOutcome]:
    path = folder / "venues.csv"
    path.write_text(content, encoding="utf-8")
    return await bring(tx, path, is_dry_run=is_dry_run)


def verdicts(outcomes: list[ListOutcome]) -> str:
    return " ".join(one.verdict.value for one in outcomes)


async def shipped(tx: Tx, *, is_dry_run: bool = False) -> ListTaken:
    return await do_import_venues(tx, ListRequest(PUBLIC_LIST, list(shipped_attractions()), is_dry_run))


async def test_the_shipped_list_comes_in_whole_and_once(tx: Tx) -> None:
    assert (await shipped(tx, is_dry_run=True)).counts == {ListVerdict.NEW: 341}
    assert await catalogue.venues(tx) == []
    assert (await shipped(tx)).counts == {ListVerdict.NEW: 341}
    again = await shipped(tx)
    assert (again.counts, again.gone) == ({ListVerdict.SAME: 341}, [])
    palace = await catalogue.venue(tx, shipped_code("北京", "故宫博物院"))
    assert palace is not None
    assert (palace.name, palace.level, palace.province) == ({DEFAULT: "故宫博物院"}, "5A", "北京")
    assert len(await listing.provinces(tx)) == 31


@pytest.mark.parametrize(
    ("name", "code_kind"),
    [
        ("F1-venues-zh-header.csv", "attraction"),
        ("F3-venues-semicolon.csv", "attraction"),
        ("F5-venues.xlsx", "attraction"),
        ("F6-venues-tab.txt", "attraction"),
    ],
)
async def test_imports_F1_F3_F5_F6_lists_of_offices_come_in(tx: Tx, name: str, code_kind: str) -> None:
    [outcome] = await bring(tx, CASES / name)
    assert outcome.verdict is ListVerdict.NEW
    venue = await catalogue.venue(tx, outcome.what)
    assert venue is not None
    assert (venue.kind, venue.province, venue.latitude, venue.longitude) == (code_kind, "浙江", 30.25, 120.15)
    assert verdicts(await bring(tx, CASES / name)) == "same"


async def test_imports_V1_V3_a_venue_whose_level_changes_stays_the_same(tx: Tx) -> None:
    [first] = await bring(tx, CASES / "V1.csv")
    assert first.verdict is ListVerdict.NEW
    [then] = await bring(tx, CASES / "V3-level-change.csv")
    assert (then.verdict, then.what, then.known_by) == (ListVerdict.CHANGED, first.what, "name")
    assert [(one.field, one.before, one.after) for one in then.differences] == [("level", "", "4A")]
    [venue] = await catalogue.venues(tx)
    assert (venue.level, venue.name[SOURCE]) == ("4A", "Trial Lake")


async def test_imports_V2_a_column_twice_is_refused(tx: Tx) -> None:
    with pytest.raises(SetupError, match="'name' twice"):
        await bring(tx, CASES / "V2-dup-name.csv")


async def test_a_level_that_falls_and_a_name_that_changes_leave_one_venue(tx: Tx, tmp_path: Path) -> None:
    [first] = await run(tx, tmp_path, "省份,景区名称,等级\n浙江,试导入湖,国家5A级旅游景区\n")
    [fallen] = await run(tx, tmp_path, "省份,景区名称,等级\n浙江,试导入湖,4A\n")
    renamed_file = f"代码,省份,景区名称\n{first.what},浙江,试导入新湖\n"
    [renamed] = await run(tx, tmp_path, renamed_file)
    assert [one.known_by for one in (fallen, renamed)] == ["name", "code"]
    [venue] = await catalogue.venues(tx)
    assert (venue.code, venue.level, venue.name) == (first.what, "4A", {DEFAULT: "试导入新湖"})
    [stale] = await run(tx, tmp_path, "省份,景区名称,等级\n浙江,试导入湖,5A\n")  # the old name again
    assert stale.refusal is not None
    assert first.what in stale.refusal.fix.say("en")


async def test_a_rerun_changes_what_the_file_says_and_keeps_the_rest(tx: Tx, tmp_path: Path) -> None:
    [first] = await run(tx, tmp_path, HEADER + "浙江省,西湖,30.2,120.1\n")
    await tx.execute(
        "UPDATE catalogue.venue SET summary = '{\"zh-CN\": \"湖\"}', tags = '{water}', is_active = false"
    )
    listed = "name,province,longitude,latitude,name_en\n西湖,浙江,120.2,30.2,West Lake\n"
    assert verdicts(await run(tx, tmp_path, listed, is_dry_run=True)) == "changed"
    assert verdicts(await run(tx, tmp_path, listed)) == "changed"
    after = await catalogue.venue(tx, first.what)
    assert after is not None
    assert (after.longitude, after.name[SOURCE], after.summary) == (120.2, "West Lake", {DEFAULT: "湖"})
    assert (after.tags, after.is_active) == (("water",), False)
    assert verdicts(await run(tx, tmp_path, listed)) == "same"


async def test_a_name_that_a_list_gives_is_no_longer_marked_as_romanised(tx: Tx, tmp_path: Path) -> None:
    named = "name,province,longitude,latitude,name_en\n石湖,江苏,120.2,30.2,Shi Lake\n"
    [first] = await run(tx, tmp_path, named)
    await tx.execute("UPDATE catalogue.venue SET tags = '{romanised-name,water}'")
    await run(tx, tmp_path, HEADER + "江苏,石湖,30.2,120.3\n")
    await run(tx, tmp_path, named)
    kept = await catalogue.venue(tx, first.what)
    assert kept is not None
    assert kept.tags == (catalogue.ROMANISED_NAME, "water")  # nothing new was said of the name
    await run(tx, tmp_path, named.replace("Shi Lake", "Stone Lake"))
    renamed = await catalogue.venue(tx, first.what)
    assert renamed is not None
    assert (renamed.name[SOURCE], renamed.tags) == ("Stone Lake", ("water",))


async def test_venues_of_every_kind_and_their_hours(tx: Tx, tmp_path: Path) -> None:
    rows = "酒店名称,省份,等级,开门时间,关门时间,闭馆日\n湖畔酒店,浙江,五星级,,,\n"
    [hotel] = await run(tx, tmp_path, rows)
    head = "名称,类型,省份,开放时间,闭馆日\n"
    mixed = head + "楼外楼,餐饮,浙江,10:30-21:00,周一\n环湖线,接驳车,浙江,,\n湖博,博物馆,浙江,9:00～17:00,\n"
    outcomes = await run(tx, tmp_path, mixed)
    assert verdicts(outcomes) == "new new new"
    found = await catalogue.venues_by_code(tx, [hotel.what, *(one.what for one in outcomes)])
    kinds = [found[one.what].kind for one in (hotel, *outcomes)]
    assert kinds == ["hotel", "restaurant", "transport", "attraction"]
    assert found[hotel.what].level == "五星级"
    restaurant = found[outcomes[0].what]
    hours = await catalogue.opening_hours(tx, restaurant.id)
    assert [one.weekday for one in hours] == [1, 2, 3, 4, 5, 6]
    assert (hours[0].opens, hours[0].closes, hours[0].last_entry) == (time(10, 30), time(21), time(21))
    assert verdicts(await run(tx, tmp_path, mixed)) == "same same same"
    [longer, *_] = await run(tx, tmp_path, mixed.replace("21:00", "22:00"))
    assert longer.verdict is ListVerdict.CHANGED
    assert {one.closes for one in await catalogue.opening_hours(tx, restaurant.id)} == {time(22)}


async def test_what_would_make_another_venue_of_one_is_refused(tx: Tx, tmp_path: Path) -> None:
    [first] = await run(tx, tmp_path, "酒店名称,省份\n湖畔酒店,浙江\n")
    again = "代码,名称,省份,类型,时区\n{},湖畔酒店,浙江,{},{}\n"
    for kind, timezone, said in (
        ("景区", "", "another kind"),
        ("酒店", "Europe/Lisbon", "another time zone"),
    ):
        [outcome] = await run(tx, tmp_path, again.format(first.what, kind, timezone))
        assert outcome.refusal is not None
        assert said in outcome.refusal.fix.say("en")
    await tx.execute(
        "INSERT INTO catalogue.venue (code, kind, name, province) VALUES ('lake-2', 'hotel', %s, '浙江')",
        ['{"zh-CN": "湖畔酒店"}'],
    )
    [ambiguous] = await run(tx, tmp_path, "酒店名称,省份\n湖畔酒店,浙江\n")
    assert ambiguous.refusal is not None
    assert "lake-2" in ambiguous.refusal.fix.say("en")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("浙江,,30,120", "missing"),
        ("Zhejiang,西湖,30,120", "unknown-word"),
        (",西湖,30,120", "missing"),
        ("浙江,西湖,120,30", "too-large"),
        ("浙江,西湖,north,120", "not-a-number"),
        ("浙江,西湖,nan,120", "not-a-number"),
        ("浙江,西湖,30,inf", "not-a-number"),
        ("浙江,西湖,30,", "missing"),
        ("浙江,西湖,30", "column-count"),
        ("浙江,西湖,30,120,x", "column-count"),
        ("浙江,西\x07湖,30,120", "bad-character"),
        (f"浙江,{'西' * 121},30,120", "too-long"),
    ],
)
async def test_a_refused_row_says_why_and_the_others_come_in(
    tx: Tx, tmp_path: Path, row: str, reason: str
) -> None:
    outcomes = await run(
        tx,
        tmp_path,
        HEADER + f"浙江,乌镇,30.7,120.5\n{row}\n\n浙江,南浔,,\n浙江,西塘,30,120\n浙江,新市,30,120\n",
    )
    assert verdicts(outcomes) == "new refused new new new"
    assert outcomes[1].refusal is not None
    assert outcomes[1].refusal.reason.value == reason


async def test_a_row_twice_names_the_first(tx: Tx, tmp_path: Path) -> None:
    outcomes = await run(tx, tmp_path, HEADER + "浙江,西湖,30,120\n浙江省, 西湖 ,31,121\n")
    assert verdicts(outcomes) == "new refused"
    assert outcomes[1].refusal is not None
    assert outcomes[1].refusal.fix.say("en").startswith("line 2 ")


async def test_what_a_list_has_no_more_is_told_and_stays(tx: Tx, tmp_path: Path) -> None:
    await run(tx, tmp_path, HEADER + "浙江,西湖,30,120\n浙江,乌镇,30.7,120.5\n")
    path = tmp_path / "venues.csv"
    path.write_text(HEADER + "浙江,西湖,30,120\n", encoding="utf-8")
    sheet = open_sheet(path, known_names(Kind.VENUES))
    chosen, _ = guessed_map(sheet, Kind.VENUES, TODAY)
    rows = [(2, found) for _, found in read_list(sheet, chosen, read_venue).read()]
    taken = await do_import_venues(tx, ListRequest(chosen.source, rows))
    assert taken.gone == [code_of("浙江", "乌镇", "v")]
    assert len(await catalogue.venues(tx)) == 2


def test_the_command_reports_every_row_and_gives_the_refused_back(
    db_urls: DbUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_installation(monkeypatch, db_urls, tmp_path / "home")
    monkeypatch.setenv("WENYUE_LANG", "en")
    source, report, refused = (tmp_path / name for name in ("venues.csv", "report.csv", "refused.csv"))
    source.write_text(HEADER + "浙江,西湖,30,120\n火星,坑[bold],1,2\n", encoding="utf-8")
    command = ["venues", str(source), "--report", str(report), "--refused", str(refused)]
    dry = said_by(app, *command, "--dry-run")
    assert "DRY RUN" in dry
    assert "new: v-" in dry
    with psycopg.connect(db_urls.app_url) as connection:
        assert connection.execute("SELECT count(*) FROM catalogue.venue").fetchone() == (0,)
    assert "line 3: province 火星: unknown-word" in said_by(app, *command)
    with report.open(encoding="utf-8-sig", newline="") as file:
        assert [row["verdict"] for row in csv.DictReader(file)] == ["new", "refused"]
    lines = refused.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith('province,name,latitude,longitude,"Why')
    assert lines[1].startswith("火星,坑[bold],1,2,")
    again = said_by(app, "venues", str(source), "--dry-run")
    assert "here already: v-" in again
    assert "Asia/Shanghai" in again
    with psycopg.connect(db_urls.app_url) as connection:
        assert connection.execute("SELECT name ->> 'zh-CN' FROM catalogue.venue").fetchall() == [("西湖",)]
    with pytest.raises(SetupError, match="cannot write"):
        said_by(app, "venues", str(source), "--report", str(tmp_path / "no" / "report.csv"))


def test_imports_V4_formulas_are_inert_in_every_file(
    db_urls: DbUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_installation(monkeypatch, db_urls, tmp_path / "home")
    report, refused = tmp_path / "report.csv", tmp_path / "refused.csv"
    said_by(app, "venues", str(CASES / "V4-formula.csv"), "--report", str(report), "--refused", str(refused))
    for path in (report, refused):
        with path.open(encoding="utf-8-sig", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "@", "+", "-"))]
    assert "'=HYPERLINK" in refused.read_text(encoding="utf-8-sig")


def test_a_file_whose_columns_are_not_told_needs_a_map(
    db_urls: DbUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_installation(monkeypatch, db_urls, tmp_path / "home")
    source, written = tmp_path / "list.csv", tmp_path / "map.toml"
    source.write_text("甲,乙\n无图湖,浙江\n", encoding="utf-8")
    with pytest.raises(SetupError, match="name"):
        said_by(app, "venues", str(source))
    written.write_text('kind = "venues"\nsource = "old"\n[columns]\nname = "甲"\nprovince = "乙"\n', "utf-8")
    said_by(app, "venues", str(source), "--map", str(written))
    with psycopg.connect(db_urls.app_url) as connection:
        row = connection.execute(
            "SELECT province, source FROM catalogue.venue WHERE name ->> 'zh-CN' = '无图湖'"
        ).fetchone()
        assert row == ("浙江", "old")
