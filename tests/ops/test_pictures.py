"""`wenyue pictures` as an operator types it: once is once, the order holds, the record knows, no venue has too many."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from PIL import Image

from tests.support.commands import said_by, use_installation
from tests.support.database import DbUrls
from wenyue import catalogue
from wenyue.catalogue.picturing import PICTURES_MAX
from wenyue.ops.pictures import app
from wenyue.platform.fault import SetupError


@pytest.fixture
def urls(make_database: Callable[[], DbUrls], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> DbUrls:
    found = use_installation(monkeypatch, make_database(), tmp_path / "home")

    async def seed() -> None:
        async with await psycopg.AsyncConnection.connect(found.owner_url, autocommit=True) as tx:
            await catalogue.upsert_venues(
                tx,
                [
                    catalogue.Venue(code=code, kind="attraction", name={"zh-CN": code})
                    for code in ("lake", "hill")
                ],
            )

    asyncio.run(seed())
    return found


def rows(urls: DbUrls, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(urls.owner_url) as tx:
        return tx.execute(statement.encode()).fetchall()


def picture(folder: Path, colour: str) -> str:
    path = folder / f"{colour}.png"
    Image.new("RGB", (400, 250), colour).save(path)
    return str(path)


def keys(said: str) -> list[str]:
    return re.findall(r"^([0-9a-f]{8}) ", said, re.MULTILINE)


def test_ux_5_pictures_are_added_once_described_ordered_and_removed(urls: DbUrls, tmp_path: Path) -> None:
    red, blue = picture(tmp_path, "red"), picture(tmp_path, "blue")
    said_by(app, "add", "lake", red, blue, red)
    first, second = keys(said_by(app, "list", "lake"))
    said_by(app, "add", "lake", red)
    assert rows(urls, "SELECT count(*) FROM audit.entry WHERE action = 'pictures.added'") == [(1,)]
    said_by(app, "add", "lake", red, "--alt", "zh=断桥", "--alt", "en=The bridge")
    said_by(app, "add", "lake", red)  # what was said of it stays
    assert rows(urls, "SELECT alt FROM catalogue.picture ORDER BY place") == [
        ({"zh-CN": "断桥", "en": "The bridge"},),
        ({},),
    ]
    assert "The bridge" in said_by(app, "list", "lake")
    assert keys(said_by(app, "order", "lake", second)) == [second, first]
    assert keys(said_by(app, "list", "lake")) == [second, first]
    said_by(app, "remove", "lake", second)
    assert keys(said_by(app, "list", "lake")) == [first]
    assert rows(
        urls,
        "SELECT DISTINCT p.id FROM catalogue.picture_file f LEFT JOIN catalogue.picture p ON p.id = f.picture_id",
    ) == rows(urls, "SELECT id FROM catalogue.picture")
    said = rows(
        urls,
        "SELECT action, subject = 'venue:' || (SELECT id FROM catalogue.venue WHERE code = 'lake') FROM audit.entry ORDER BY id",
    )
    assert said == [(f"pictures.{one}", True) for one in ("added", "added", "ordered", "removed")]


def test_ux_5_a_venue_has_so_many_pictures_and_no_more(urls: DbUrls, tmp_path: Path) -> None:
    many = [picture(tmp_path, f"rgb({n},0,0)") for n in range(PICTURES_MAX + 1)]
    said_by(app, "add", "lake", *many[:-1])
    with pytest.raises(SetupError, match=str(PICTURES_MAX)):
        said_by(app, "add", "lake", many[-1])
    said_by(app, "add", "hill", many[-1])
    assert rows(urls, "SELECT count(*) FROM catalogue.picture") == [(PICTURES_MAX + 1,)]


MISTYPED = (
    (("list", "sea"), "sea"),
    (("remove", "lake", ""), "pictures list"),
    (("remove", "lake", "abc"), "pictures list"),
    (("order", "lake", "abc"), "pictures list"),
    (("add", "lake", "RED", "--alt", "bridge"), "zh="),
    (("add", "lake", "RED", "--alt", "xx=bridge"), "zh="),
    (("add", "lake", "RED", "--alt", "zh=" + "桥" * 121), "120"),
    (("add", "lake", "RED", "--alt", "zh=断\n桥"), "120"),
    (("add", "lake", "RED", "RED", "--alt", "zh=断桥"), "--alt"),
    (("add", "sea", "RED"), "sea"),
)


def test_ux_5_what_is_mistyped_is_refused_with_the_fix(urls: DbUrls, tmp_path: Path) -> None:
    red = picture(tmp_path, "red")
    for words, reason in MISTYPED:
        with pytest.raises(SetupError, match=re.escape(reason)):
            said_by(app, *(red if word == "RED" else word for word in words))
    assert rows(urls, "SELECT FROM catalogue.picture") == []
