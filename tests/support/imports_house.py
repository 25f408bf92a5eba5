"""An installation into which files of bookings are imported."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, LiteralString

from tests.support.database import DbUrls
from wenyue.core.personal import Vault
from wenyue.imports.bookings import read_map
from wenyue.ops.imports import Importer, Options, Summary
from wenyue.platform.database.db import Database
from wenyue.platform.keys import load_keys

FILES = Path("tests/data/imports")
NOW = datetime(2026, 11, 30, 4, tzinfo=UTC)
KEYS: LiteralString = "SELECT source_key, state FROM booking.booking ORDER BY source_key"


@dataclass(frozen=True)
class House:
    """An installation into which files are imported."""

    database: Database
    vault: Vault
    home: Path

    async def take(
        self,
        file: Path | str,
        map_file: str = "K.map.toml",
        change: Callable[[str], str] = str,
        **options: Any,
    ) -> Summary:
        """Import a file of the cases, or these rows; the map as `change` makes it."""
        if isinstance(file, str) and "\n" in file:
            path = self.home / "rows.csv"
            path.write_text(file, encoding="utf-8")
        else:
            path = FILES / file
        text = change((FILES / map_file).read_text(encoding="utf-8"))
        (self.home / "a.map.toml").write_text(text, encoding="utf-8")
        chosen = read_map(self.home / "a.map.toml")
        summary = await Importer(self.database, self.vault, chosen, NOW).import_file(path, Options(**options))
        assert summary.tally.is_complete
        return summary

    async def rows(self, statement: LiteralString) -> list[tuple[Any, ...]]:
        """What the database says."""
        async with self.database.connection() as tx:
            return await (await tx.execute(statement)).fetchall()

    async def pools_add_up(self) -> None:
        """Every counter is what the live lines add up to."""
        wrong = await self.rows(
            "SELECT p.id, p.sold FROM booking.pool p LEFT JOIN (SELECT unnest(pool_ids) AS pool_id, quantity FROM booking.line"
            " WHERE is_live) l ON l.pool_id = p.id GROUP BY p.id HAVING p.sold <> coalesce(sum(l.quantity), 0)"
        )
        assert wrong == []


@asynccontextmanager
async def imports_house(urls: DbUrls, home: Path) -> AsyncGenerator[House]:
    """A fresh one."""
    async with Database(urls.owner_url, size_max=4) as database:
        yield House(database, Vault(load_keys(home / "keys")), home)


def counts(summary: Summary) -> dict[str, int]:
    """What became of the rows, in words."""
    return {verdict.value: n for verdict, n in summary.tally.verdicts.items() if n}


def reasons(summary: Summary) -> dict[str, int]:
    return {reason.value: n for reason, n in summary.tally.reasons.items()}
