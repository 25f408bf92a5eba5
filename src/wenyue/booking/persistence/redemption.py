"""Redemption (核销): which places a gate could admit, and writing down that one was used. One unique index decides races."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from wenyue.booking.model import BookingState
from wenyue.locale import Texts
from wenyue.platform.database.db import Tx, fetch_dict, fetch_dicts, queries

_SQL: Final = queries("wenyue.booking.persistence", "redemption.sql")
_DAYS_BACK: Final = 2  # a session that runs past midnight, a stay that began yesterday
_DAYS_AHEAD: Final = 400  # whatever day is booked, the gate can name it
_BOOKINGS_MAX: Final = 20
_OF_PERSON_MAX: Final = 60  # whoever likes books for them: there is room for many accounts
CODE_MINTED_WITHIN: Final = timedelta(minutes=10)  # from a page that mints an identifier to its booking
_PLACES_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Admission:
    """One place that a gate may be asked about: a named person's, or a whole line of `quantity` unnamed places."""

    booking_id: UUID
    state: BookingState
    line_no: int
    visitor_no: int
    person_key: bytes | None = field(repr=False)  # None: unnamed
    quantity: int
    venue_id: int
    venue: Texts
    timezone: str
    product_id: int
    product: Texts
    policy_code: str
    label: Texts
    on_date: date
    starts_at: datetime
    ends_at: datetime
    is_live: bool  # false: given back (cancelled, expired, moved to another slot)
    is_open: bool  # false: the session was closed
    closed_reason: Texts
    card_id: int | None  # the card that pays for the line
    holder_id: int | None = None  # the account that booked it; None: a desk or a partner
    redemption_id: UUID | None = None
    redeemed_at: datetime | None = None
    redeemed_gate: str | None = None


@dataclass(frozen=True, slots=True)
class Redemption:
    """The answer of `redeem`: this scan's own (`is_new`), the one that was there first, or None: nothing to redeem."""

    scan_id: UUID
    at: datetime
    gate: str
    is_new: bool


async def redeemable(
    tx: Tx,
    *,
    booking_id: UUID | None = None,
    booking_ids: list[UUID] | None = None,
    id_range: tuple[UUID, UUID] | None = None,
    person_key: bytes | None = None,
    card_id: int | None = None,
    holder_id: int | None = None,
    venue_id: int,
    on_date: date,
) -> list[Admission]:
    """Every place of the bookings named by one of: id, ids, range of ids, or person, card or account near the day.

    Whole bookings, whatever their state, venue or day, so that the gate can say why not; those nearest to `on_date`,
    and on one day those of `venue_id`, first. Bounded to 20 bookings (of a person 60) and 1,000 places. Empty: no such booking.
    """
    near: dict[str, object] = {
        "on_date": on_date,
        "from_day": on_date - timedelta(days=_DAYS_BACK),
        "to_day": on_date + timedelta(days=_DAYS_AHEAD),
        "venue_id": venue_id,
        "limit": _BOOKINGS_MAX,
    }
    if booking_id is not None:
        ids = [booking_id]
    elif booking_ids is not None:
        ids = booking_ids[:_BOOKINGS_MAX]
    elif id_range is not None:
        ids = await _of_code(tx, *id_range)
    elif person_key is not None:
        ids = await _ids(
            tx, "bookings_of_person", {**near, "person_key": person_key, "limit": _OF_PERSON_MAX}
        )
    elif card_id is not None:
        ids = await _ids(tx, "bookings_on_card", {"card_id": card_id, **near})
    elif holder_id is not None:
        ids = await _ids(tx, "bookings_of_holder", {"holder_id": holder_id, **near})
    else:
        ids = []
    if not ids:
        return []
    wanted: dict[str, object] = {"ids": ids, "venue_id": venue_id, "on_date": on_date, "limit": _PLACES_MAX}
    rows = await fetch_dicts(tx, _SQL["admissions"], wanted)
    return [Admission(**cast(dict[str, Any], {**row, "state": BookingState(row["state"])})) for row in rows]


def owners_of_code(found: Sequence[tuple[UUID, datetime]], minted_at: datetime) -> list[UUID]:
    """Whose code it is, of bookings (identifier, when it was made) whose identifiers say that they were minted at `minted_at`.

    Clients mint identifiers: whoever saw a code can mint one that has it, too, but only later. So the bookings that were made
    when their identifier says are meant. Without any such (a clock that is wrong, a page left open), all of them.
    """
    prompt = [one for one, made_at in found if abs(made_at - minted_at) <= CODE_MINTED_WITHIN]
    return prompt or [one for one, _ in found]


async def _of_code(tx: Tx, low: UUID, high: UUID) -> list[UUID]:
    minted_at = datetime.fromtimestamp((low.int >> 80) / 1000, UTC)
    asked: dict[str, object] = {"low": low, "high": high, "minted_at": minted_at, "limit": _BOOKINGS_MAX}
    rows = await (await tx.execute(_SQL["bookings_between"], asked)).fetchall()
    return owners_of_code(rows, minted_at)


async def sealed_parties(tx: Tx, booking_ids: list[UUID]) -> dict[UUID, bytes]:
    """The sealed party of each booking that exists."""
    rows = await fetch_dicts(tx, _SQL["parties"], {"ids": booking_ids})
    return {row["id"]: bytes(row["party"]) for row in rows}


async def redeem(
    tx: Tx, scan_id: UUID, *, booking_id: UUID, line_no: int, visitor_no: int, gate: str, now: datetime
) -> Redemption | None:
    """Redeem one place of a confirmed booking, at most once whoever else tries at the same time.

    The redemption's id is the scan's, so the same scan again finds its own. None when the booking is not confirmed
    or the place is not live (any more). Holds the booking still until the transaction ends.
    """
    place: dict[str, object] = {"booking_id": booking_id, "line_no": line_no, "visitor_no": visitor_no}
    held = await fetch_dict(tx, _SQL["hold_still"], {"booking_id": booking_id})
    if held is None or held["state"] != BookingState.CONFIRMED:
        return None
    written = await tx.execute(_SQL["redeem"], {"id": scan_id, "at": now, "gate": gate, **place})
    if written.rowcount == 1:
        return Redemption(scan_id, now, gate, is_new=True)
    standing = await fetch_dict(tx, _SQL["redemption_of"], place)
    if standing is None:
        return None
    return Redemption(standing["id"], standing["at"], standing["gate"], is_new=False)


async def undo_redemption(tx: Tx, scan_id: UUID, reason: str, now: datetime) -> bool:
    """Take the redemption of `scan_id` back; false when there is none or it was taken back before."""
    undone = await tx.execute(_SQL["undo"], {"id": scan_id, "reason": reason, "at": now})
    return undone.rowcount == 1


async def _ids(tx: Tx, name: str, params: dict[str, object]) -> list[UUID]:
    rows = await (await tx.execute(_SQL[name], params)).fetchall()
    return cast(list[UUID], [row[0] for row in rows])
