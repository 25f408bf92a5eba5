"""What presses now, for operators and never for decisions: holds past their time, sessions nearly full."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from wenyue.locale import Texts
from wenyue.platform.database.db import Tx, queries

COUNTED_MAX: Final = 10_000
_SQL: Final = queries("wenyue.booking.engine", "pressure.sql")
_TIGHT_SHARE: Final = 0.1
_SCARCE_MAX: Final = 100
_TIGHT_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class ScarceSession:
    """A session that is about to sell out; `starts` is HH:MM at the venue."""

    venue: Texts
    product: Texts
    on_date: date
    starts: str
    left: int
    capacity: int


@dataclass(frozen=True, slots=True)
class Pressure:
    """Counts end at COUNTED_MAX; ages are seconds, 0 when there is nothing."""

    holds_overdue: int
    holds_overdue_s: float
    scarce: list[ScarceSession]  # at most _SCARCE_MAX, the fullest first


async def pressure(tx: Tx, now: datetime) -> Pressure:
    """One reading of everything that presses, in the coming week."""
    bounds: dict[str, object] = {"now": now, "limit": COUNTED_MAX}
    [(holds, holds_s)] = await (await tx.execute(_SQL["holds_overdue"], bounds)).fetchall()
    first = now.date() - timedelta(days=1)  # a venue's today may still be our yesterday
    week = {
        "now": now,
        "first": first,
        "last": first + timedelta(days=_TIGHT_DAYS + 1),
        "share": _TIGHT_SHARE,
        "limit": _SCARCE_MAX,
    }
    rows = await (await tx.execute(_SQL["sessions_tight"], week)).fetchall()
    return Pressure(holds, holds_s, [ScarceSession(*row) for row in rows])
