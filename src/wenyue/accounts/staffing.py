"""Who is and was on the staff."""

from collections.abc import Iterable
from typing import Any, Final

from wenyue.accounts.model import Staff, StaffRecord
from wenyue.infra.db import Tx, queries

LISTED_MAX: Final = 10_000
_SQL: Final = queries("wenyue.accounts")


async def staff_list(tx: Tx, limit: int = LISTED_MAX) -> list[StaffRecord]:
    """Everybody who is or was on the staff, by login, at most `limit`."""
    return [_read(row) for row in await (await tx.execute(_SQL["staff"], {"limit": limit})).fetchall()]


async def staff_of_actors(tx: Tx, actors: Iterable[str]) -> dict[str, StaffRecord]:
    """Who these actors (`staff:3`) are, also those who have left; others are absent. The caller bounds their number."""
    ids = [int(one.removeprefix("staff:")) for one in set(actors) if one.startswith("staff:")]
    rows = await (await tx.execute(_SQL["staff_by_id"], {"ids": ids})).fetchall()
    return {f"staff:{row[0]}": _read(row) for row in rows}


def _read(row: tuple[Any, ...]) -> StaffRecord:
    id_, login, name, role, venue_ids, is_active, is_mute = row
    return StaffRecord(Staff(id_, login, name, role, frozenset(venue_ids)), is_active, not is_mute)
