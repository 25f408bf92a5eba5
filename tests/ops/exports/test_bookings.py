"""Bookings go out with the map by which they come in: elsewhere they are the same, to the byte."""

import csv
import re
import stat
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.support.commands import said_by, use_installation
from tests.support.database import DbUrls
from wenyue.imports.columns import known_names
from wenyue.imports.reading import open_sheet
from wenyue.ops import exports, imports
from wenyue.platform.fault import SetupError

HEADER = (
    "no,venue,product,date,starts,ends,departure,quantity,adults,children,babies,country,name,kind,of,document,phone,"
    "status,status_date,booked,total\n"
)
LISTED = (
    HEADER
    # two visitors of a visit, one of them foreign; one did not come
    + "A-1,lake,adult,2026-10-01,08:30,11:30,,1,,,,,王小明,,,11010519491231002X,13800138000,redeemed,2026-10-01,2026-09-20,60\n"
    + "A-1,lake,adult,2026-10-01,08:30,11:30,,1,,,,,JOHN SMITH,passport,USA,123456789,,confirmed,2026-10-01,2026-09-20,60.50\n"
    # places that nobody is named for
    + "A-2,lake,adult,2027-03-02,13:00,17:00,,30,,,,,李华,,,,+44 7911 123456,confirmed,2026-09-21,2026-09-21,1000\n"
    + "A-3,lake,adult,2026-10-01,08:30,11:30,,2,,,,,,,,,,no-show,2026-10-03,2026-09-22,120\n"
    + "A-4,lake,adult,2027-03-01,08:30,11:30,,1,,,,,陈大文,,,H12345678,,cancelled,2026-10-04,2026-09-22,60\n"
    # stays: an uneven price, one that was left early, one of two rooms
    + "000123,inn,std,2026-10-01,,,2026-10-04,1,2,1,0,CHN,赵六,,,,13900139000,confirmed,2026-09-23,2026-09-23,1000.01\n"
    + "B-2,inn,std,2026-10-01,,,2026-10-05,1,2,0,0,,,,,,,redeemed,2026-10-03,2026-09-23,400\n"
    + "B-3,inn,adult,2027-03-01,,,2027-03-02,2,0,1,0,,,,,,,confirmed,2026-09-23,2026-09-23,201\n"
    # a night, a visit and a table together
    + "C-1,inn,std,2026-10-01,,,2026-10-03,1,2,0,0,,王小明,,,,13800138000,redeemed,2026-10-03,2026-09-24,301\n"
    + "C-1,lake,adult,2026-10-02,08:30,11:30,,1,,,,,王小明,,,11010519491231002X,,redeemed,2026-10-02,2026-09-24,60\n"
    + "C-1,lake,dinner,2026-10-02,18:00,20:00,,4,,,,,,,,,,confirmed,2026-10-02,2026-09-24,500\n"
)
MAP = """source = "old"
[key]
columns = ["no"]
rows = "several"
[columns]
arrival = { column = "date" }
nights = { column = "departure" }
status_date = { column = "status_date" }
booked = { column = "booked" }
price = { column = "total", per = "stay" }
venue = "venue"
product = "product"
starts = "starts"
ends = "ends"
quantity = "quantity"
adults = "adults"
children = "children"
babies = "babies"
country = "country"
name = "name"
document_type = "kind"
document_country = "of"
document = "document"
phone = "phone"
status = "status"
[rules]
no_guests = "import"
no_adults = "import"
[status]
confirmed = "confirmed"
redeemed = "redeemed"
cancelled = "cancelled"
no-show = "no-show"
[venues.lake]
code = "lake"
kind = "attraction"
name_zh = "西湖"
name_en = "West Lake"
[venues.inn]
code = "inn"
kind = "hotel"
name_zh = "湖畔酒店"
check_in = "15:00"
[products."lake/adult"]
venue = "lake"
code = "adult"
name_zh = "成人票"
name_en = "Adult"
[products."lake/dinner"]
venue = "lake"
code = "dinner"
kind = "table"
name_zh = "晚餐"
price = 128.5
policy = "table"
[products."inn/std"]
venue = "inn"
code = "std"
name_zh = "标准间"
[products."inn/adult"]
venue = "inn"
code = "adult"
name_zh = "成人房"
"""


def ask(urls: DbUrls, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(urls.owner_url) as connection:
        found = connection.execute(statement.encode())
        return found.fetchall() if found.description else []


def fill(folder: Path) -> None:
    """The bookings of the list above, in the installation that commands find."""
    (folder / "listed.csv").write_text(LISTED, encoding="utf-8")
    (folder / "listed.toml").write_text(MAP, encoding="utf-8")
    said = said_by(imports.app, "bookings", str(folder / "listed.csv"), "--map", str(folder / "listed.toml"))
    assert re.search(r"refused\W+0\b", said), said


def read(path: Path) -> list[dict[str, str]]:
    sheet = open_sheet(path, known_names())
    return [dict(zip(sheet.header, row.cells, strict=True)) for row in sheet.rows()]


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
    urls = use_installation(monkeypatch, make_database(), tmp_path / "home")
    fill(tmp_path)
    ask(urls, "UPDATE booking.booking SET source = NULL, source_key = NULL WHERE source_key = 'k:A-2'")
    ask(
        urls,
        "INSERT INTO booking.booking (id, body_hash, state, channel, created_at, changed_at, hold_until, total_minor, party)"
        " SELECT gen_random_uuid(), '', s, 1, now(), now(), CASE s WHEN 1 THEN now() END, 0, '' FROM unnest('{1,4}'::int[]) s",
    )
    first, second = (tmp_path / f"{name}.{ending}" for name in ("first", "second"))
    said = said_by(exports.app, "bookings", str(first), "--lang", language)
    assert "8 bookings in 11 rows" in said
    assert "2 holds" in said
    assert "bookings 8/8" in said
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    recorded = "SELECT actor, detail->>'bookings' FROM audit.entry WHERE action = 'bookings.exported'"
    assert ask(urls, recorded) == [("operator:command", "8")]

    there = use_installation(monkeypatch, make_database(), tmp_path / "elsewhere")
    said = said_by(imports.app, "bookings", str(first), "--map", str(tmp_path / "first.map.toml"))
    said_by(exports.app, "bookings", str(second), "--lang", language)
    if ending == "csv":
        assert first.read_bytes() == second.read_bytes(), said
    assert read(first) == read(second), said
    assert (tmp_path / "first.map.toml").read_bytes() == (tmp_path / "second.map.toml").read_bytes()
    states = "SELECT state, total_minor, currency, created_at FROM booking.booking WHERE state IN (2, 3, 5) ORDER BY 4, 2"
    assert ask(urls, states) == ask(there, states)
    lines = (
        "SELECT v.code, p.code, p.kind, l.on_date, s.starts_at, s.ends_at, l.quantity, l.price_minor, l.is_live"
        " FROM booking.line l JOIN booking.slot s ON s.id = l.slot_id JOIN catalogue.product p ON p.id = l.product_id"
        " JOIN catalogue.venue v ON v.id = l.venue_id ORDER BY 1, 2, 4, 5, 7, 8"
    )
    assert ask(urls, lines) == ask(there, lines)
    sold = "SELECT on_date, starts_at, capacity, held, sold FROM booking.pool ORDER BY 1, 2, 3, 5"
    assert ask(urls, sold) == ask(there, sold)


def test_each_row_says_what_stands(
    make_database: Callable[[], DbUrls], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_installation(monkeypatch, make_database(), tmp_path / "home")
    fill(tmp_path)
    written, a_map = tmp_path / "written.csv", tmp_path / "a.toml"
    said_by(exports.app, "bookings", str(written), "--lang", "en", "--map", str(a_map))
    with written.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["booking_no"] for row in rows] == [
        "'000123", "A-1", "A-1", "A-2", "A-3", "A-4", "B-2", "B-3", "C-1", "C-1", "C-1",
    ]  # fmt: skip
    stay, wang, smith, group, *_, early, _, night, visit, table = rows
    assert (stay["date"], stay["departure"], stay["nights"], stay["total"]) == (
        "2026-10-01", "2026-10-04", "3", "1000.01",
    )  # fmt: skip
    assert (stay["adults"], stay["children"], stay["country"], stay["starts"]) == ("2", "1", "CHN", "")
    assert (wang["name"], wang["document"], wang["phone"], wang["status"]) == (
        "王小明", "11010519491231002X", "'+8613800138000", "redeemed",
    )  # fmt: skip
    assert (smith["document_type"], smith["document_country"], smith["total"], smith["status"]) == (
        "passport", "USA", "60.50", "confirmed",
    )  # fmt: skip
    assert (group["quantity"], group["total"], group["starts"], group["ends"]) == (
        "30", "1000.00", "13:00", "17:00",
    )  # fmt: skip
    assert [row["status"] for row in rows[4:6]] == ["no-show", "cancelled"]
    assert (early["status"], early["status_date"], early["departure"]) == (
        "redeemed", "2026-10-03", "2026-10-05",
    )  # fmt: skip
    assert [(row["product"], row["product_name"]) for row in (night, visit, table)] == [
        ("std", "标准间"), ("adult", "Adult"), ("dinner", "晚餐"),
    ]  # fmt: skip
    assert a_map.exists()


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (("--venue", "inn"), ["'000123", "B-2", "B-3", "C-1"]),
        (("--from", "2026-10-02", "--to", "2026-10-02"), ["C-1", "C-1"]),
        (("--venue", "inn", "--from", "2027-01-01"), ["B-3"]),
    ],
)
def test_only_a_venue_or_some_days_are_exported(
    make_database: Callable[[], DbUrls],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    numbers: list[str],
) -> None:
    use_installation(monkeypatch, make_database(), tmp_path / "home")
    fill(tmp_path)
    written = tmp_path / "written.csv"
    said_by(exports.app, "bookings", str(written), *words)
    with written.open(encoding="utf-8-sig", newline="") as file:
        assert [row["订单号"] for row in csv.DictReader(file)] == numbers
    with pytest.raises(SetupError, match="'nowhere' not found"):
        said_by(exports.app, "bookings", str(written), "--venue", "nowhere")


def test_one_number_of_two_sources_stays_two_bookings(
    make_database: Callable[[], DbUrls], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WENYUE_LANG", "en")
    use_installation(monkeypatch, make_database(), tmp_path / "home")
    fill(tmp_path)
    (tmp_path / "other.toml").write_text(MAP.replace('source = "old"', 'source = "other"'), encoding="utf-8")
    again = HEADER + "a_1,lake,adult,2026-10-05,08:30,11:30,,1,,,,,,,,,,confirmed,,2026-09-20,60\n"
    (tmp_path / "other.csv").write_text(again, encoding="utf-8")
    said_by(imports.app, "bookings", str(tmp_path / "other.csv"), "--map", str(tmp_path / "other.toml"))
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    assert "9 bookings in 12 rows" in said_by(exports.app, "bookings", str(first))
    numbers = [row["订单号"] for row in read(first)]
    assert numbers[1:4] == ["A-1@OLD", "A-1@OLD", "A-1@OTHER"]
    use_installation(monkeypatch, make_database(), tmp_path / "elsewhere")
    said_by(imports.app, "bookings", str(first), "--map", str(tmp_path / "first.map.toml"))
    said_by(exports.app, "bookings", str(second))
    assert first.read_bytes() == second.read_bytes()


def test_another_currency_than_the_venues_is_told_and_refused(
    make_database: Callable[[], DbUrls], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WENYUE_LANG", "en")
    urls = use_installation(monkeypatch, make_database(), tmp_path / "home")
    fill(tmp_path)
    ask(urls, "UPDATE booking.booking SET currency = 'USD' WHERE source_key = 'k:A-4'")
    first = tmp_path / "first.csv"
    assert "which an import refuses: 1" in said_by(exports.app, "bookings", str(first))
    use_installation(monkeypatch, make_database(), tmp_path / "elsewhere")
    said = said_by(imports.app, "bookings", str(first), "--map", str(tmp_path / "first.map.toml"))
    assert "conflict" in said
