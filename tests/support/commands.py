"""Commands as an operator types them, in this process, against a database of the test."""

from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from tests.support.database import DbUrls


def use_installation(monkeypatch: pytest.MonkeyPatch, urls: DbUrls, home: Path) -> DbUrls:
    """From now on commands find this database and this home; the same addresses again."""
    monkeypatch.setenv("WENYUE_HOME", str(home))
    monkeypatch.setenv("WENYUE_DATABASE_URL", urls.app_url)
    monkeypatch.setenv("WENYUE_OWNER_DATABASE_URL", urls.owner_url)
    return urls


def said_by(app: Typer, *words: str, typed: str = "", status: int = 0) -> str:
    """What the command says, with this standard input; raises its SetupError, and when it ends with another status."""
    result = CliRunner().invoke(app, list(words), input=typed)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == status, result.output
    return result.output
