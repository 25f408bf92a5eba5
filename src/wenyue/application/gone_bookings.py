"""What earlier runs of an import brought and a file no longer has: told, never touched. Perhaps it is only of other days."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from msgspec import Struct

from wenyue.application.operating import Works
from wenyue.booking import importing

SHOWN_MAX = 10_000


class Gone(Struct, frozen=True):
    """How many there are, and the first of them: key, booking."""

    count: int = 0
    shown: tuple[tuple[str, UUID], ...] = ()


async def gone_bookings(
    works: Works, source: str, days: tuple[date, date] | None, has: Callable[[str], bool]
) -> Gone:
    """Live bookings of the source with a visit within the file's days, whose key the file does not have (`has`)."""
    if days is None:
        return Gone()
    count, shown = 0, list[tuple[str, UUID]]()
    async with works.db.connection() as tx:
        async for page in importing.standing(tx, source, *days):
            missing = [(key, booking_id) for key, booking_id in page if not has(importing.folded(key))]
            count += len(missing)
            shown += missing[: SHOWN_MAX - len(shown)]
    return Gone(count, tuple(shown))
