"""A command's long computing stands in nobody's way (rules_R10): its connections look neither late nor dead meanwhile."""

import ast
import gzip
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.database import DbUrls
from wenyue.core.personal import Vault
from wenyue.imports.bookings import BookingFile, read_map
from wenyue.ops.imports import Importer, Options
from wenyue.platform.database.db import Database
from wenyue.platform.keys import load_keys

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
COMMANDS = (ROOT / "src" / "wenyue" / "ops", ROOT / "lab" / "src")
WHOLE = Path("tests/data/hotel-bookings-resort.csv.gz")
MAP = Path("examples/hotel-bookings.map.toml")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
STANDS_S = 4.0  # longer than any connection may take


def head(rows: int) -> str:
    """The first rows of the real file, with its names of columns."""
    with gzip.open(WHOLE, "rt", encoding="utf-8") as stream:
        return "".join(next(stream) for _ in range(rows + 1))


async def test_rules_R10_an_import_reads_and_prepares_its_rows_beside_the_loop(
    make_database: Callable[[], DbUrls], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = head(20)
    file = tmp_path / "part.csv"
    file.write_text(lines, encoding="utf-8")
    at_work: dict[str, set[int]] = {"survey": set(), "rows": set()}
    survey, rows = BookingFile.survey, BookingFile.entries

    def noted_survey(self: BookingFile, *given: Any) -> Any:
        at_work["survey"].add(threading.get_ident())
        return survey(self, *given)

    def noted_rows(self: BookingFile) -> Any:
        for row in rows(self):
            at_work["rows"].add(threading.get_ident())
            yield row

    monkeypatch.setattr(BookingFile, "survey", noted_survey)
    monkeypatch.setattr(BookingFile, "entries", noted_rows)
    async with Database(make_database().owner_url, size_max=4, keeps=0) as database:
        importer = Importer(database, Vault(load_keys(tmp_path)), read_map(MAP), NOW)
        summary = await importer.import_file(file, Options())
    assert summary.tally.rows == 20
    assert at_work["survey"]
    assert at_work["rows"]
    assert threading.get_ident() not in at_work["survey"] | at_work["rows"]


async def test_rules_R10_a_loop_that_stood_still_gives_no_false_alarm(
    make_database: Callable[[], DbUrls], caplog: pytest.LogCaptureFixture
) -> None:
    async with Database(make_database().app_url, size_max=4, keeps=0) as database:
        time.sleep(STANDS_S)  # noqa: ASYNC251 - this is what is tried
        async with database.connection() as tx:
            row = await (await tx.execute("SELECT 1")).fetchone()
        assert row == (1,)
        assert database.pool_stats()["pool_size"] == 1
    assert [record.message for record in caplog.records if "connecting" in record.message] == []


def test_rules_R10_every_command_makes_only_connections_that_it_waits_for() -> None:
    made: list[str] = []
    for path in (one for folder in COMMANDS for one in sorted(folder.rglob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Database":
                keeps = [one.value for one in node.keywords if one.arg == "keeps"]
                is_none = len(keeps) == 1 and isinstance(keeps[0], ast.Constant) and keeps[0].value == 0
                made.append("" if is_none else f"{path.name}:{node.lineno}")
    assert len(made) >= 6
    assert [one for one in made if one] == []
