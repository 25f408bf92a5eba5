"""Places that others booked with somebody's document: what that person sees of them, and can take back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from wenyue.booking.persistence.literals import keys_literal
from wenyue.core.limits import PLACES_BY_OTHERS_MAX
from wenyue.locale import Texts
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.booking.persistence", "queries.sql")
_ZONES: Final = timedelta(days=1)  # a venue's date may be the day before that of `now`


@dataclass(frozen=True, slots=True)
class PlaceByOther:
    """One coming place. `holder_id`: the account that booked it, which its person is not told; None: a desk or a partner."""

    booking_id: UUID
    line_no: int
    visitor_no: int
    person_key: bytes
    holder_id: int | None
    slot_id: int
    venue_id: int
    on_date: date
    starts_at: datetime
    ends_at: datetime
    label: Texts
    venue: Texts
    product: Texts
    timezone: str
    is_used: bool


async def places_by_others(
    tx: Tx,
    person_keys: list[bytes],
    now: datetime,
    *,
    number_keys: Sequence[bytes] = (),
    venue_id: int | None = None,
    slot_id: int | None = None,
    first_slot_id: int | None = None,
    is_staff: bool = False,
) -> list[PlaceByOther]:
    """A person's places of sessions that are not over, in bookings of other accounts; soonest first, bounded.

    `number_keys`: also places under a document with the same number but another kind or nationality, unless staff saw somebody
    with that one: two people can have one number. `is_staff`, for whoever looks at the document: those as well, and those that
    no account booked; `venue_id`, `slot_id`: of that
    venue, or session, only: whoever asks for one finds it however many there are. `first_slot_id`: those of that session come
    first, for the same.
    """
    wanted: dict[str, object] = {
        "person_keys": keys_literal(person_keys),
        "number_keys": keys_literal(number_keys),
        "now": now,
        "from_day": now.date() - _ZONES,
        "venue_id": venue_id,
        "slot_id": slot_id,
        "first_slot_id": first_slot_id,
        "is_staff": is_staff,
        "limit": PLACES_BY_OTHERS_MAX,
    }
    rows = await (await tx.execute(_SQL["places_by_others"], wanted)).fetchall()
    return [PlaceByOther(*row) for row in rows]


async def was_disowned(tx: Tx, person_key: bytes, slot_id: int, *, number_key: bytes | None = None) -> bool:
    """Whether the person took a place of this session back before: then saying it again is done already."""
    row = await (
        await tx.execute(
            _SQL["was_disowned"], {"person_key": person_key, "number_key": number_key, "slot_id": slot_id}
        )
    ).fetchone()
    return row is not None and bool(row[0])


async def has_coming(tx: Tx, holder_ids: Sequence[int], now: datetime) -> bool:
    """Whether one of these accounts booked something that is not over."""
    asked = {"ids": list(holder_ids), "now": now, "from_day": now.date() - _ZONES}
    [(has_one,)] = await (await tx.execute(_SQL["has_coming"], asked)).fetchall()
    return bool(has_one)
