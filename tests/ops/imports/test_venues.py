"""Importing venues from files that people really have: every row accounted for, every refusal with its reason."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.commands import said_by, use_installation
from tests.support.database import DbUrls
from wenyue import catalogue
from wenyue.ops.imports import app
from wenyue.ops.venues import SHIPPED_FILE, VenueReport, import_venues, venue_code
from wenyue.platform.database.db import Tx
from wenyue.platform.fault import SetupError

pytestmark = pytest.mark.anyio
HEADER = "province,name,latitude,longitude\n"


@pytest.fixture
async def tx(make_database: Any) -> AsyncIterator[Tx]:
    async with await psycopg.AsyncConnection.connect(
        make_database().owner_url, autocommit=True
    ) as connection:
        yield connection


async def run(tx: Tx, folder: Path, content: str | bytes, **options: Any) -> VenueReport:
    path = folder / "venues.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return await import_venues(tx, path, **options)


def counts(report: VenueReport) -> tuple[int, int, int, int, int]:
    assert report.read == report.new + report.changed + report.unchanged + len(report.refused)
    return report.read, report.new, report.changed, report.unchanged, len(report.refused)


async def test_the_shipped_list_comes_in_whole_and_once(tx: Tx) -> None:
    heard: list[tuple[int, int]] = []
    dry = await import_venues(tx, SHIPPED_FILE, dry_run=True)
    assert counts(dry) == (341, 341, 0, 0, 0)
    assert await catalogue.venues(tx) == []
    first = await import_venues(tx, SHIPPED_FILE, progress=lambda done, total: heard.append((done, total)))
    assert counts(first) == (341, 341, 0, 0, 0)
    assert heard[-1] == (341, 341)
    assert counts(await import_venues(tx, SHIPPED_FILE)) == (341, 0, 0, 341, 0)
    palace = await catalogue.venue(tx, venue_code("北京", "故宫博物院"))
    assert palace is not None
    assert (palace.name["zh-CN"], palace.level, palace.province) == ("故宫博物院", "5A", "北京")
    assert len(await catalogue.provinces(tx)) == 31


async def test_a_rerun_changes_what_the_file_says_and_keeps_the_rest(tx: Tx, tmp_path: Path) -> None:
    await run(tx, tmp_path, HEADER + "浙江省,西湖,30.2,120.1\n")
    code = venue_code("浙江", "西湖")
    before = await catalogue.venue(tx, code)
    assert before is not None
    await tx.execute(
        """UPDATE catalogue.venue SET summary = '{"zh-CN": "湖"}', tags = '{water}', is_active = false"""
    )
    report = await run(
        tx, tmp_path, "name,province,longitude,latitude,name_en\n西湖,浙江,120.2,30.2,West Lake\n"
    )
    assert counts(report) == (1, 0, 1, 0, 0)
    after = await catalogue.venue(tx, code)
    assert after is not None
    assert (after.longitude, after.name["en"], after.summary["zh-CN"], after.tags) == (
        120.2,
        "West Lake",
        "湖",
        ("water",),
    )
    assert not after.is_active


async def test_a_name_that_a_list_gives_is_no_longer_marked_as_romanised(tx: Tx, tmp_path: Path) -> None:
    named = "name,province,longitude,latitude,name_en\n石湖,江苏,120.2,30.2,Shi Lake\n"
    await run(tx, tmp_path, named)
    await tx.execute("UPDATE catalogue.venue SET tags = '{romanised-name,water}'")
    await run(tx, tmp_path, HEADER + "江苏,石湖,30.2,120.3\n")
    await run(tx, tmp_path, named)
    code = venue_code("江苏", "石湖")
    kept = await catalogue.venue(tx, code)
    assert kept is not None
    assert kept.tags == (catalogue.ROMANISED_NAME, "water")  # nothing new was said of the name
    await run(tx, tmp_path, named.replace("Shi Lake", "Stone Lake"))
    renamed = await catalogue.venue(tx, code)
    assert renamed is not None
    assert (renamed.name["en"], renamed.tags) == ("Stone Lake", ("water",))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("浙江,,30,120", "`name` is empty"),
        ("Zhejiang,西湖,30,120", "`province` is 'Zhejiang'"),
        (",西湖,30,120", "`province` is ''"),
        ("浙江,西湖,120,30", "swapped"),
        ("浙江,西湖,north,120", "`latitude` is 'north'"),
        ("浙江,西湖,nan,120", "`latitude` is 'nan'"),
        ("浙江,西湖,30,inf", "`longitude` is 'inf'"),
        ("浙江,西湖,30,", "only one of"),
        ("浙江,西湖,30", "3 fields"),
        ("浙江,西湖,30,120,x", "5 fields"),
        ("浙江,西\x07湖,30,120", "cannot be printed"),
        (f"浙江,{'西' * 121},30,120", "longer than 120"),
    ],
)
async def test_a_refused_row_says_why_and_the_others_come_in(
    tx: Tx, tmp_path: Path, row: str, reason: str
) -> None:
    report = await run(tx, tmp_path, HEADER + f"浙江,乌镇,30.7,120.5\n{row}\n\n浙江,南浔,,\n")
    assert counts(report) == (3, 2, 0, 0, 1)
    assert report.refused[0].line == 3
    assert reason in report.refused[0].reason


async def test_a_row_twice_names_the_first(tx: Tx, tmp_path: Path) -> None:
    report = await run(tx, tmp_path, HEADER + "浙江,西湖,30,120\n浙江省, 西湖 ,31,121\n")
    assert counts(report) == (2, 1, 0, 0, 1)
    assert "line 2" in report.refused[0].reason


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
async def test_encodings_and_line_ends(tx: Tx, tmp_path: Path, encoding: str) -> None:
    text = "Province, NAME ,latitude,longitude\r\n浙江,西湖,30,120\r\n"
    assert counts(await run(tx, tmp_path, text.encode(encoding))) == (1, 1, 0, 0, 0)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "province, name, latitude, longitude"),
        (b"province,name\n", "latitude, longitude"),
        (b"\xff\xff\xff\xff", "UTF-8"),
        (HEADER.encode() + b'"' + b"x" * 200_000, "not CSV"),
    ],
)
async def test_a_file_that_cannot_be_used_says_what_to_do(
    tx: Tx, tmp_path: Path, content: bytes, named: str
) -> None:
    with pytest.raises(SetupError, match=named):
        await run(tx, tmp_path, content)


async def test_a_missing_file_is_named(tx: Tx, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"nowhere\.csv"):
        await import_venues(tx, tmp_path / "nowhere.csv")


def test_the_command_reports_every_row(
    db_urls: DbUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_installation(monkeypatch, db_urls, tmp_path / "home")
    source, report = tmp_path / "venues.csv", tmp_path / "refused.csv"
    source.write_text(HEADER + "浙江,西湖,30,120\n火星,坑[bold],1,2\n", encoding="utf-8")
    command = ["venues", str(source), "--report", str(report)]
    assert "DRY RUN" in said_by(app, *command, "--dry-run")
    assert "line 3: 坑[bold]: `province` is '火星'" in said_by(app, *command)
    lines = report.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "line,name,reason"
    assert lines[1].startswith("3,坑[bold],")
    with psycopg.connect(db_urls.app_url) as connection:
        assert connection.execute("SELECT name ->> 'zh-CN' FROM catalogue.venue").fetchall() == [("西湖",)]
    with pytest.raises(SetupError, match="cannot write"):
        said_by(app, *command[:3], str(tmp_path))
