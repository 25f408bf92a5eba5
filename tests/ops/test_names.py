"""`wenyue names` as an operator types it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tests.support.commands import said_by, use_installation
from tests.support.database import DbUrls
from wenyue.accounts.names import name_key
from wenyue.core.clock import utc_now
from wenyue.core.documents import Document, parse_document
from wenyue.core.personal import Vault
from wenyue.ops import names
from wenyue.platform.fault import SetupError
from wenyue.platform.keys import load_keys

NUMBER, TRUE_NAME, FALSE_NAME = "11010519491231002X", "欧阳真名", "假甲"


@pytest.fixture
def urls(make_database: Callable[[], DbUrls], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DbUrls:
    return use_installation(monkeypatch, make_database(), tmp_path / "home")


def run(*words: str, typed: str = NUMBER + "\n") -> str:
    return said_by(names.app, *words, typed=typed)


def noted(urls: DbUrls, home: Path) -> None:
    """The clerk 7 saw both names, another one the true one."""
    vault, now = Vault(load_keys(home)), utc_now()
    document = parse_document(None, NUMBER, today=now.date())
    assert isinstance(document, Document)
    key = vault.person_key(document.key)
    with psycopg.connect(urls.owner_url, autocommit=True) as tx:
        for name, at, second in ((TRUE_NAME, now, 8), (FALSE_NAME, now - timedelta(days=1), None)):
            tx.execute(
                "INSERT INTO accounts.known_name (person_key, name_key, added_at, seen_at, seen_by, second_by, noted_at)"
                " VALUES (%s, %s, %s, %s, 7, %s, %s)",
                [key, name_key(vault, key, name), at, at, second, at],
            )


def test_security_fifth_10_a_false_name_is_found_and_struck(urls: DbUrls, tmp_path: Path) -> None:
    assert "no names recorded" in run("show")
    noted(urls, tmp_path / "home")
    shown = run("show", typed=f"{NUMBER}\n{FALSE_NAME}\n").splitlines()
    assert len(shown) == 3
    false = next(line for line in shown if "the name typed" in line)
    assert "staff:7" in false
    assert any("staff:7, staff:8" in line for line in shown if line != false)
    code = false.split()[0]
    assert "removed" in run("strike", code, "--why", "desk noted false names")
    assert [code in line for line in run("show").splitlines() if "removed" in line] == [True]
    with psycopg.connect(urls.owner_url) as tx:
        recorded = tx.execute("SELECT actor, action, subject, detail::text FROM audit.entry").fetchall()
    assert [row[:3] for row in recorded] == [("operator:command", "name.struck", "person")]
    assert not any(said in str(recorded) for said in (NUMBER, FALSE_NAME))
    with pytest.raises(SetupError, match="name not found"):
        run("strike", code, "--why", "again")


def test_what_is_mistyped_is_named(urls: DbUrls) -> None:
    assert urls
    with pytest.raises(SetupError, match="no document number"):
        run("show", typed="\n")
    with pytest.raises(SetupError, match="CODE"):
        run("strike", "%", "--why", "anything")
    with pytest.raises(SetupError, match="--why"):
        run("strike", "0" * 12, "--why", " ")
