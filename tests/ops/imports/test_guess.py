"""`wenyue import guess` at a terminal."""

from pathlib import Path

import pytest

from tests.support.commands import said_by
from wenyue.ops.imports import app
from wenyue.platform.fault import SetupError

CASES = Path(__file__).parents[2] / "data" / "imports"


def test_a_file_is_shown_and_its_map_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENYUE_LANG", "en")
    out = tmp_path / "map.toml"
    asked = ("guess", str(CASES / "G-card-members.csv"), "--out", str(out))
    said = said_by(app, *asked)
    assert "cards (cards) · 2 rows looked at" in said
    assert "left out above it: XX市旅游年卡会员名单" in said
    assert "11010519491231002X" not in said
    before = out.read_text(encoding="utf-8")
    assert 'kind = "cards"' in before
    with pytest.raises(SetupError, match="is there already"):
        said_by(app, *asked)
    assert out.read_text(encoding="utf-8") == before


def test_it_speaks_the_terminals_language_and_takes_what_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENYUE_LANG", "zh-CN")
    said = said_by(app, "guess", str(CASES / "F1-venues-zh-header.csv"), "--kind", "sessions")
    assert "场次 (sessions) · 看了 1 行" in said
    assert "没有哪一列像是必需的这几项" in said
