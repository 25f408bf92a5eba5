"""Venues go out in the form in which they come in: elsewhere they are the same, to the byte."""

import stat
from collections.abc import Callable
from datetime import time
from pathlib import Path

import psycopg
import pytest

from tests.support.commands import said_by, use_installation
from tests.support.database import DbUrls
from wenyue.imports.columns import Kind, known_names
from wenyue.imports.reading import open_sheet
from wenyue.ops import exports, imports
from wenyue.platform.fault import SetupError

LISTED = (
    "代码,名称,英文名,类型,省份,城市,纬度,经度,等级,时区,简介,英文简介,标签,开门时间,关门时间,停止入园,闭馆日,分日开放时间\n"
    'lake,西湖,West Lake,景区,浙江,杭州,30.2400000000001,-0.00001,5A,,\'=1+1,"a, ""b""",水、山,8:30,17:00,16:00,周一,\n'
    "0012,馆,,博物馆,北京,,,,,,,,,,,,,周一至周四 09:00-17:00 (16:30); 周五、周日 9:00-21:00\n"
    "inn,湖畔酒店,,酒店,浙江,,,,五星级,Europe/Lisbon,,,,00:00,23:59:59,,,\n"
    "table,楼外楼,,餐饮,浙江,,,,,,,,,10:30,02:00,01:30,无,\n"
    "bus,+环湖线,-Loop,接驳车,香港,,,,,,,,,,,,,\n"
)


def ask(urls: DbUrls, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(urls.owner_url) as connection:
        return connection.execute(statement.encode()).fetchall()


@pytest.mark.parametrize(
    ("ending", "language"), [("csv", "zh"), ("csv", "en"), ("xlsx", "zh"), ("xlsx", "en")]
)
def test_an_export_comes_in_elsewhere_and_is_exported_as_the_same(
    make_database: Callable[[], DbUrls],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ending: str,
    language: str,
) -> None:
    monkeypatch.setenv("WENYUE_LANG", "en")
    listed, first, second = (tmp_path / f"{name}.{ending}" for name in ("listed", "first", "second"))
    listed = tmp_path / "listed.csv"
    listed.write_text(LISTED, encoding="utf-8")
    urls = use_installation(monkeypatch, make_database(), tmp_path / "home")
    said_by(imports.app, "venues", str(listed))
    said = said_by(exports.app, "venues", str(first), "--lang", language)
    assert "5 venues: " in said
    assert "venues 5/5" in said
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    recorded = "SELECT actor, detail->>'venues' FROM audit.entry WHERE action = 'venues.exported'"
    assert ask(urls, recorded) == [("operator:command", "5")]

    there = use_installation(monkeypatch, make_database(), tmp_path / "elsewhere")
    said_by(imports.app, "venues", str(first))
    said_by(exports.app, "venues", str(second), "--lang", language)
    if ending == "csv":
        assert first.read_bytes() == second.read_bytes()
    rows = [
        [row.cells for row in open_sheet(path, known_names(Kind.VENUES)).rows()] for path in (first, second)
    ]
    assert rows[0] == rows[1]
    facts = (
        "SELECT v.code, v.kind, v.name, v.province, v.city, v.latitude, v.longitude, v.level, v.timezone, v.tags,"
        " v.summary, h.weekday, h.opens, h.closes, h.last_entry FROM catalogue.venue v"
        " LEFT JOIN catalogue.opening_hours h ON h.venue_id = v.id ORDER BY v.code, h.weekday"
    )
    found = ask(urls, facts)
    assert found == ask(there, facts)
    of_museum = [row[11:] for row in found if row[0] == "0012"]
    assert [row[0] for row in of_museum] == [0, 1, 2, 3, 4, 6]
    assert of_museum[4][1:] == (time(9), time(21), time(21))


def test_nothing_in_a_file_is_computed_and_no_digit_is_lost(
    db_urls: DbUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_installation(monkeypatch, db_urls, tmp_path / "home")
    listed, written = tmp_path / "listed.csv", tmp_path / "written.csv"
    listed.write_text(LISTED, encoding="utf-8")
    said_by(imports.app, "venues", str(listed))
    said_by(exports.app, "venues", str(written))
    text = written.read_text(encoding="utf-8-sig")
    for cell in ("'=1+1", "'+环湖线", "'-Loop", "'0012", "30.2400000000001", "-0.00001"):
        assert f",{cell}," in text or f"\n{cell}," in text


def test_venues_that_are_not_there_any_more_stay_behind_and_names_are_on_one_line(
    make_database: Callable[[], DbUrls], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = use_installation(monkeypatch, make_database(), tmp_path / "home")
    with psycopg.connect(urls.owner_url) as connection:
        connection.execute(
            "INSERT INTO catalogue.venue (code, kind, name, tags, is_active)"
            " VALUES ('a', 'hotel', jsonb_build_object('en', E'Inn  of\\nthe Lake'), '{b,a}', true),"
            " ('b', 'hotel', '{\"zh-CN\": \"旧\"}', '{}', false)"
        )
    written = tmp_path / "written.csv"
    said_by(exports.app, "venues", str(written), "--lang", "en")
    rows = [row.cells for row in open_sheet(written, known_names(Kind.VENUES)).rows()]
    assert [row[:4] for row in rows] == [["a", "Inn of the Lake", "Inn of the Lake", "hotel"]]


def test_whoever_may_not_export_gets_no_file(
    db_urls: DbUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_installation(monkeypatch, db_urls, tmp_path / "home")
    written = tmp_path / "written.csv"
    with pytest.raises(SetupError, match="the login or password is wrong"):
        said_by(exports.app, "venues", str(written), "--as", "nobody", typed="secret\n")
    with pytest.raises(SetupError, match=r"ends in \.csv or \.xlsx"):
        said_by(exports.app, "venues", str(tmp_path / "written.txt"))
    assert list(tmp_path.glob("written*")) == []


@pytest.mark.parametrize(
    "cell", ["周一 9-25", "someday 09:00-17:00", "09:00-17:00", "周一 09:00-17:00 (99:00)"]
)
def test_hours_by_day_that_say_nothing_are_refused(
    db_urls: DbUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cell: str
) -> None:
    use_installation(monkeypatch, db_urls, tmp_path / "home")
    listed = tmp_path / "listed.csv"
    listed.write_text(f"名称,省份,分日开放时间\n湖,浙江,{cell}\n", encoding="utf-8")
    assert "bad-time" in said_by(imports.app, "venues", str(listed))
