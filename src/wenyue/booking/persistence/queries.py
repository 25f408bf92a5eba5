"""Reading bookings for people: by id, by holder. Never used for a decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from wenyue.booking.model import BookingState, Channel
from wenyue.booking.persistence.literals import array
from wenyue.booking.persistence.party import Party, PartyVisitor, open_party
from wenyue.core.limits import PAGE_SIZE_MAX
from wenyue.core.personal import SealBroken, Vault
from wenyue.locale import Texts
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.booking.persistence", "queries.sql")


@dataclass(frozen=True, slots=True)
class LineView:
    """One line; `visitors` index into the party. `redeemed` counts places that went in."""

    line_no: int
    slot_id: int
    product_id: int
    venue_id: int
    on_date: date
    quantity: int
    price_minor: int
    card_id: int | None
    is_live: bool
    starts_at: datetime
    ends_at: datetime
    label: Texts
    product_kind: str
    policy_code: str
    venue_code: str
    venue: Texts
    product: Texts
    timezone: str
    visitors: tuple[int, ...]
    redeemed: int
    disowned: tuple[
        int, ...
    ] = ()  # visitors who took their place out: it was booked with their document by somebody else
    given_back: tuple[int, ...] = ()  # visitors whose places in a line that stands were cancelled
    is_missed: bool = False  # nobody came, and it was counted


@dataclass(frozen=True, slots=True)
class BookingView:
    """A booking with its lines, the given-back ones included (`is_live` false)."""

    id: UUID
    state: BookingState
    channel: Channel
    holder_id: int | None
    card_id: int | None
    created_at: datetime
    changed_at: datetime
    hold_until: datetime | None
    total_minor: int
    currency: str
    party: Party
    lines: tuple[LineView, ...]

    @property
    def coming(self) -> tuple[tuple[int, PartyVisitor], ...]:
        """The party by number, without those whose places were given back; of a booking without any place left, as it was."""
        live = [line for line in self.lines if line.is_live] or self.lines
        staying = {number for line in live for number in line.visitors}
        gone = {
            number for line in self.lines for number in (*line.visitors, *line.disowned, *line.given_back)
        } - staying
        return tuple((number, one) for number, one in enumerate(self.party.visitors) if number not in gone)


async def booking_view(
    tx: Tx, vault: Vault, booking_id: UUID, *, holder_id: int | None = None
) -> BookingView | None:
    """One booking; None when there is none, or when it is not `holder_id`'s (None: an operator asks)."""
    found = await _views(tx, vault, [booking_id])
    if not found or (holder_id is not None and found[0].holder_id != holder_id):
        return None
    return found[0]


async def bookings_of(
    tx: Tx, vault: Vault, holder_id: int, *, before: UUID | None = None, limit: int = PAGE_SIZE_MAX
) -> list[BookingView]:
    """A holder's bookings, newest first, at most `limit` (≤ PAGE_SIZE_MAX), those older than booking `before`."""
    bounded = max(1, min(limit, PAGE_SIZE_MAX + 1))
    cursor = await tx.execute(
        _SQL["bookings_of"], {"holder_id": holder_id, "before": before, "limit": bounded}
    )
    return await _views(tx, vault, [row[0] for row in await cursor.fetchall()])


async def booking_views(tx: Tx, vault: Vault, ids: Sequence[UUID]) -> list[BookingView]:
    """These bookings, at most PAGE_SIZE_MAX; unknown ids are left out, and a party that cannot be opened is empty."""
    return await _views(tx, vault, list(ids[:PAGE_SIZE_MAX]), is_lenient=True)


async def _views(tx: Tx, vault: Vault, ids: list[UUID], *, is_lenient: bool = False) -> list[BookingView]:
    if not ids:
        return []
    async with tx.pipeline():
        bookings = await tx.execute(_SQL["bookings"], {"ids": array(ids)})
        lines = await tx.execute(_SQL["lines"], {"ids": array(ids)})
    by_booking: dict[UUID, list[LineView]] = {}
    for booking_id, *values, visitors, disowned, given_back, redeemed, is_missed in await lines.fetchall():
        by_booking.setdefault(booking_id, []).append(
            LineView(
                *values,
                visitors=tuple(visitors),
                redeemed=redeemed,
                disowned=tuple(disowned),
                given_back=tuple(given_back),
                is_missed=is_missed,
            )
        )
    found: dict[UUID, BookingView] = {}
    for id_, state, channel, *values, party in await bookings.fetchall():
        found[id_] = BookingView(
            id_,
            BookingState(state),
            Channel(channel),
            *values,
            party=_party(vault, party, is_lenient=is_lenient),
            lines=tuple(by_booking.get(id_, ())),
        )
    return [found[id_] for id_ in ids if id_ in found]


def _party(vault: Vault, sealed: bytes, *, is_lenient: bool) -> Party:
    try:
        return open_party(vault, sealed)
    except SealBroken:
        if is_lenient:
            return Party()
        raise
