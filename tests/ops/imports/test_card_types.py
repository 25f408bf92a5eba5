"""Card types come in by command: without them an installation that has no demo could take no card."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.commands import said_by, use_installation
from tests.support.database import DbUrls
from wenyue.imports.reading import InputError
from wenyue.ops import imports
from wenyue.platform.fault import SetupError

SHIPPED = Path("src/wenyue/cards/types/hainan-annual.json")
CARD = "卡号,卡种,姓名,身份证号,到期日期,剩余次数\nQ-1,our-card,张演示,11010519491231002X,2099-12-31,7\n"


@pytest.fixture
def urls(make_database: Callable[[], DbUrls], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> DbUrls:
    """An installation without anything."""
    monkeypatch.setenv("WENYUE_LANG", "en")
    return use_installation(monkeypatch, make_database(), tmp_path / "home")


def our_card(folder: Path, granted: int = 10, **changes: Any) -> Path:
    """A file of an operator's own type, with a byte order mark as Windows writes it."""
    card_type = json.loads(SHIPPED.read_text(encoding="utf-8")) | {"code": "our-card"} | changes
    card_type["rules"]["entitlements"][0] |= {"granted": granted}
    path = folder / "our-card.json"
    path.write_text(json.dumps(card_type), encoding="utf-8-sig")
    return path


def stored(urls: DbUrls) -> list[tuple[str, str, int]]:
    with psycopg.connect(urls.owner_url) as tx:
        rows = tx.execute("SELECT code, name ->> 'zh', revision FROM cards.card_type ORDER BY code")
        return [(code, name, revision) for code, name, revision in rows.fetchall()]


def test_types_come_in_by_file_or_code_and_change(urls: DbUrls, tmp_path: Path) -> None:
    path = our_card(tmp_path)
    assert "DRY RUN" in said_by(imports.app, "card-types", str(path), "--dry-run")
    assert stored(urls) == []
    said = said_by(imports.app, "card-types", str(path), "hainan-annual")
    assert said.count("new") == 2
    assert [code for code, _, _ in stored(urls)] == ["hainan-annual", "our-card"]
    revisions = stored(urls)
    assert said_by(imports.app, "card-types", str(path), "hainan-annual").count("unchanged") == 2
    assert stored(urls) == revisions
    our_card(tmp_path, name_zh="我们的卡", name_en="Our card")
    assert "changed" in said_by(imports.app, "card-types", str(path))
    with psycopg.connect(urls.owner_url) as tx:
        details = tx.execute(
            "SELECT detail FROM audit.entry WHERE action = 'card_types.imported' ORDER BY id"
        )
        assert [one for (one,) in details.fetchall()] == [
            {"new": ["our-card", "hainan-annual"], "changed": []},
            {"new": [], "changed": ["our-card"]},
        ]


def test_what_cards_count_by_stays(urls: DbUrls, tmp_path: Path) -> None:
    """With a card of the type another number of entries is refused, and nothing beside it is written; the rest may change."""
    path, cards = our_card(tmp_path), tmp_path / "cards.csv"
    said_by(imports.app, "card-types", str(path))
    cards.write_text(CARD, encoding="utf-8")
    said_by(imports.app, "cards", str(cards))
    our_card(tmp_path, granted=20)
    with pytest.raises(InputError, match="our-card"):
        said_by(imports.app, "card-types", str(path), "hainan-annual")
    assert [code for code, _, _ in stored(urls)] == ["our-card"]
    our_card(tmp_path, source="another notice")
    assert "changed" in said_by(imports.app, "card-types", str(path))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[]", "type.json"),
        (b'{"code": "UPPER"}', "type.json"),
        (b"\xff\xfe\x00", "type.json"),
        (b" " * 300_000, "larger"),
    ],
)
def test_what_is_no_type_is_told(urls: DbUrls, tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "type.json"
    path.write_bytes(content)
    with pytest.raises(SetupError, match=told):
        said_by(imports.app, "card-types", str(path))
    assert stored(urls) == []


def test_a_name_that_is_neither_file_nor_code_is_told_with_the_codes(urls: DbUrls, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="hainan-annual"):
        said_by(imports.app, "card-types", "hainan")
    path = our_card(tmp_path)
    with pytest.raises(SetupError, match="our-card"):
        said_by(imports.app, "card-types", str(path), str(path))
    assert stored(urls) == []
