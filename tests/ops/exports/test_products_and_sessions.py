"""Products and sessions go out in the form in which they come in: elsewhere they are the same, to the byte."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tests.support.catalogue_lists import PRODUCTS, VENUES
from tests.support.commands import said_by, use_installation
from tests.support.database import DbUrls
from wenyue.core.clock import utc_now
from wenyue.imports.columns import Kind, known_names
from wenyue.imports.reading import open_sheet
from wenyue.ops import exports, imports

SOLD = (
    "SELECT v.code, p.code, p.kind, p.name, p.price_minor, p.currency, p.policy_code, p.needs_visitors, p.person_rule,"
    " p.is_first_gate FROM catalogue.product p JOIN catalogue.venue v ON v.id = p.venue_id ORDER BY 1, 2"
)
OPEN = (
    "SELECT v.code, p.code, s.on_date, s.starts_at, s.ends_at, s.price_minor, s.label, s.release_at, s.closes_at, o.capacity"
    " FROM booking.slot s JOIN catalogue.product p ON p.id = s.product_id JOIN catalogue.venue v ON v.id = s.venue_id"
    " JOIN booking.pool o ON o.id = s.pool_ids[1] WHERE s.is_open ORDER BY 1, 2, 3, 4"
)


def ask(urls: DbUrls, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(urls.owner_url) as connection:
        return connection.execute(statement.encode()).fetchall()


def listed() -> str:
    """Sessions of the next days: a week, other prices at its end, a night, a shuttle past midnight, a name that is a formula."""
    first = utc_now().date() + timedelta(days=3)
    last, later = first + timedelta(days=9), first + timedelta(days=10)
    return (
        "场馆,产品,日期,结束日期,场次,开始时间,结束时间,容量,价格,场次名称,场次英文名\n"
        f"lake,day,{first},{last},,08:30,11:30,500,,上午场,Morning\n"
        f"lake,day,{later},{later},,08:30,11:30,500,99.5,=1+1,\n"
        f"lake,day,{first},{later},,13:00,17:00,300,,,\n"
        f"inn,twin,{first},{last},,,,12,,,\n"
        f"line,ride,{first},,,23:30,00:30,30,0,,\n"
    )


def bring(folder: Path, products: Path, sessions: Path) -> None:
    venues = folder / "venues.csv"
    venues.write_text(VENUES, encoding="utf-8")
    for kind, path in (("venues", venues), ("products", products), ("sessions", sessions)):
        said_by(imports.app, kind, str(path))


@pytest.mark.parametrize(("ending", "language"), [("csv", "zh"), ("csv", "en"), ("xlsx", "en")])
def test_an_export_comes_in_elsewhere_and_is_exported_as_the_same(
    make_database: Callable[[], DbUrls],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ending: str,
    language: str,
) -> None:
    monkeypatch.setenv("WENYUE_LANG", "en")
    products, sessions = tmp_path / "products.csv", tmp_path / "sessions.csv"
    products.write_text(PRODUCTS, encoding="utf-8")
    sessions.write_text(listed(), encoding="utf-8")
    here = use_installation(monkeypatch, make_database(), tmp_path / "home")
    bring(tmp_path, products, sessions)
    files = [[tmp_path / f"{kind}-{n}.{ending}" for kind in ("products", "sessions")] for n in (1, 2)]

    def export(paths: list[Path]) -> str:
        return "".join(
            said_by(exports.app, kind, str(path), "--lang", language)
            for kind, path in zip(("products", "sessions"), paths, strict=True)
        )

    said = export(files[0])
    assert "4 products: " in said
    assert "5 rows of sessions: " in said
    recorded = "SELECT action FROM audit.entry WHERE action LIKE '%.exported' ORDER BY id"
    assert ask(here, recorded) == [("products.exported",), ("sessions.exported",)]

    there = use_installation(monkeypatch, make_database(), tmp_path / "elsewhere")
    bring(tmp_path, *files[0])
    export(files[1])
    for kind, first, second in zip((Kind.PRODUCTS, Kind.SESSIONS), *files, strict=True):
        if ending == "csv":
            assert first.read_bytes() == second.read_bytes()
        rows = [[row.cells for row in open_sheet(path, known_names(kind)).rows()] for path in (first, second)]
        assert rows[0] == rows[1]
    assert ask(here, SOLD) == ask(there, SOLD)
    opened = ask(here, OPEN)
    assert len(opened) == 33
    assert opened == ask(there, OPEN)


def test_what_is_not_sold_stays_behind_and_formulas_are_inert(
    db_urls: DbUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_installation(monkeypatch, db_urls, tmp_path / "home")
    products, sessions = tmp_path / "products.csv", tmp_path / "sessions.csv"
    products.write_text(PRODUCTS, encoding="utf-8")
    sessions.write_text(listed(), encoding="utf-8")
    bring(tmp_path, products, sessions)
    with psycopg.connect(db_urls.owner_url) as connection:
        connection.execute("UPDATE catalogue.product SET is_active = false WHERE code = 'twin'")
        connection.execute(
            "UPDATE booking.slot SET is_open = false WHERE product_id = (SELECT id FROM catalogue.product WHERE code = 'ride')"
        )
    said_by(exports.app, "products", str(products))
    said_by(exports.app, "sessions", str(sessions))
    assert "twin" not in products.read_text(encoding="utf-8-sig")
    text = sessions.read_text(encoding="utf-8-sig")
    assert "twin" not in text
    assert "ride" not in text
    assert ",'=1+1," in text
