"""Lists of the catalogue that are brought into an installation of a test's own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

from wenyue.application.import_products import do_import_products
from wenyue.application.import_sessions import do_import_sessions
from wenyue.application.import_venues import do_import_venues
from wenyue.application.list_outcomes import ListOutcome, ListRequest, ListTaken, ListVerdict
from wenyue.imports.cells import Cells
from wenyue.imports.column_maps import guessed_map
from wenyue.imports.columns import Kind, known_names
from wenyue.imports.listing import Listing, read_list
from wenyue.imports.products import read_product
from wenyue.imports.reading import open_sheet
from wenyue.imports.refusals import Refusal
from wenyue.imports.sessions import read_session
from wenyue.imports.venues import read_venue
from wenyue.platform.database.db import Tx

NOW = datetime(2026, 11, 30, 4, tzinfo=UTC)
VENUES = (
    "代码,名称,类型,省份,开放时间,闭馆日\n"
    "lake,测试湖,景区,浙江,08:00-17:00,周一\n"
    "inn,湖畔酒店,酒店,浙江,,\n"
    "grill,湖畔餐厅,餐厅,浙江,,\n"
    "line,环湖线,接驳车,浙江,,\n"
)
PRODUCTS = (
    "场馆,代码,产品名称,英文名,价格\n"
    "lake,day,日票,Day ticket,¥75.50\n"
    '湖畔酒店,twin,双床房,,"¥1,856.00"\n'
    "湖畔餐厅,dinner,晚餐,,128元\n"
    "line,ride,单程票,,免费\n"
)
SESSIONS = (
    "场馆,产品,日期,结束日期,星期,场次,开始时间,结束时间,容量,价格\n"
    "测试湖,日票,2026-12-01,2026-12-07,,上午场 08:30-11:30,,,500,\n"
    "测试湖,日票,2026-12-01,2026-12-07,周六、周日,夜场,18:00,22:00,200,99\n"
    "inn,twin,2026-12-01,2026-12-10,,,,,12,\n"
    "grill,dinner,2026-12-01,,,,18:00,,40,\n"
    "line,ride,2026-12-01,,,,08:10,,30,\n"
)
R = TypeVar("R")


@dataclass(frozen=True)
class Brought:
    """What became of a file. `outcomes`: one for each of its rows."""

    outcomes: list[ListOutcome]
    taken: ListTaken

    @property
    def verdicts(self) -> str:
        """`new same refused`."""
        return " ".join(one.verdict.value for one in self.outcomes)

    @property
    def refusal(self) -> Refusal:
        """Of the first row that was refused."""
        return next(one.refusal for one in self.outcomes if one.refusal is not None)


@dataclass(frozen=True)
class Lists:
    """A transaction into which lists are brought, as commands do it without a map."""

    tx: Tx
    folder: Path
    now: datetime = NOW

    async def venues(self, content: str = VENUES) -> Brought:
        """Venues."""
        listing, source, rows = self._read(content, Kind.VENUES, read_venue)
        return _brought(listing, await do_import_venues(self.tx, ListRequest(source, rows)))

    async def products(self, content: str = PRODUCTS, *, is_dry_run: bool = False) -> Brought:
        """Products."""
        listing, source, rows = self._read(content, Kind.PRODUCTS, read_product)
        taken = await do_import_products(self.tx, ListRequest(source, rows, is_dry_run))
        return _brought(listing, taken)

    async def sessions(self, content: str = SESSIONS, *, is_dry_run: bool = False) -> Brought:
        """Sessions."""
        listing, source, rows = self._read(content, Kind.SESSIONS, read_session)
        taken = await do_import_sessions(self.tx, ListRequest(source, rows, is_dry_run), self.now)
        return _brought(listing, taken)

    def _read(
        self, content: str, kind: Kind, read: Callable[[Cells], R]
    ) -> tuple[Listing[R], str, list[tuple[int, R]]]:
        path = self.folder / f"{kind.value}.csv"
        path.write_text(content, encoding="utf-8")
        sheet = open_sheet(path, known_names(kind))
        chosen, _ = guessed_map(sheet, kind, date(2026, 11, 30))
        listing = read_list(sheet, chosen, read)
        return listing, chosen.source, [(listing.rows[at].row.line, found) for at, found in listing.read()]


def _brought(listing: Listing[Any], taken: ListTaken) -> Brought:
    answers = iter(taken.outcomes)
    outcomes = [
        ListOutcome(ListVerdict.REFUSED, refusal=one.found)
        if isinstance(one.found, Refusal)
        else next(answers)
        for one in listing.rows
    ]
    return Brought(outcomes, taken)
