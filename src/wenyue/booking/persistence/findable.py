"""What a booking can be found by at a gate, for the slice that keeps the index. Never part of booking itself."""

from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

from wenyue.platform.database.db import Tx, fetch_dicts, queries

_SQL: Final = queries("wenyue.booking.persistence", "findable.sql")


@dataclass(frozen=True, slots=True)
class Findable:
    """One booking with its visits (venue, day) within the asked days. `party` is sealed."""

    booking_id: UUID
    visits: tuple[tuple[int, date], ...]
    party: bytes = field(repr=False)
    holder_id: int | None
    source_key: str | None
    persons: tuple[bytes, ...] = field(repr=False)

    @property
    def old_numbers(self) -> tuple[str, ...]:
        """What its guests call it: its number in the old system, or each part of one; nothing where it had none there."""
        key = self.source_key or ""
        if not key.startswith("k:"):
            return () if key.startswith(("h:", "k#")) else (key,)
        parts = key.removeprefix("k:").split("|")
        return (key.removeprefix("k:"), *(parts if len(parts) > 1 else ()))


async def findable(tx: Tx, booking_ids: list[UUID], from_day: date, to_day: date) -> list[Findable]:
    """Those of the bookings that visit within the days; bounded by the caller's list. Costs one read when none does."""
    days: dict[str, object] = {"ids": booking_ids, "from_day": from_day, "to_day": to_day}
    visits: dict[UUID, list[tuple[int, date]]] = {}
    for row in await fetch_dicts(tx, _SQL["near_visits"], days):
        visits.setdefault(row["booking_id"], []).append((row["venue_id"], row["on_date"]))
    if not visits:
        return []
    return [
        Findable(
            booking_id=row["id"],
            visits=tuple(visits[row["id"]]),
            party=bytes(row["party"]),
            holder_id=row["holder_id"],
            source_key=row["source_key"],
            persons=tuple(bytes(key) for key in row["persons"]),
        )
        for row in await fetch_dicts(tx, _SQL["who_booked"], {"ids": list(visits)})
    ]


async def persons_near(tx: Tx, person_keys: list[bytes], from_day: date, to_day: date) -> list[bytes]:
    """Those of the persons who have a live place within the days."""
    wanted: dict[str, object] = {
        "person_keys": person_keys,
        "from_day": from_day,
        "to_day": to_day,
    }
    rows = await (await tx.execute(_SQL["persons_near"], wanted)).fetchall()
    return [bytes(row[0]) for row in rows]
