"""Bookings of another system as rows: themselves, their lines, named places and visits."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from wenyue.booking.model import Channel
from wenyue.booking.persistence.literals import rows_json
from wenyue.booking.slots.differing import DRAWING
from wenyue.booking.slots.imported import ImportedBooking, ImportedLine, ImportedPlace
from wenyue.core.ids import uuid7
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.booking.slots", "importing.sql")
_OWN_SCOPES: Final = 1 << 62  # beyond every slot's and venue's number


async def insert_bookings(tx: Tx, source: str, taken: Sequence[ImportedBooking]) -> None:
    """Write bookings that are new here, with lines, places and visits."""
    rows = [
        {
            "id": one.id,
            "body_hash": one.body_hash,
            "state": one.state,
            "channel": Channel.ONLINE,
            "created_at": one.created_at,
            "changed_at": one.changed_at,
            "total_minor": one.total_minor,
            "currency": one.currency,
            "party": one.party,
            "source_key": one.source_key,
        }
        for one in taken
    ]
    await tx.execute(_SQL["insert_bookings"], {"rows": rows_json(rows), "source": source})
    await insert_lines(tx, source, [(one.id, 0, one) for one in taken])


async def insert_lines(tx: Tx, source: str, of: Sequence[tuple[UUID, int, ImportedBooking]]) -> None:
    """Lines, places and visits of these bookings, each with its id here and the number of its first new line."""
    lines: list[dict[str, object]] = []
    visits: list[dict[str, object]] = []
    for booking_id, first, one in of:
        for number, line in enumerate(one.lines, start=first):
            _, product_id, venue_id, on_date, pool_ids, _ = line.draw
            lines.append(
                {
                    "booking_id": booking_id,
                    "line_no": number,
                    "slot_id": line.draw.slot_id,
                    "product_id": product_id,
                    "venue_id": venue_id,
                    "on_date": on_date,
                    "quantity": line.quantity,
                    "price_minor": line.price_minor,
                    "pool_ids": pool_ids,
                    "is_live": one.state in DRAWING,
                }
            )
            visits += visit_rows(booking_id, number, line)
    await tx.execute(_SQL["insert_lines"], {"rows": rows_json(lines)})
    places = [
        (booking_id, number, line, place, one.state in DRAWING)
        for booking_id, first, one in of
        for number, line in enumerate(one.lines, start=first)
        for place in line.places
    ]
    if places:
        await tx.execute(_SQL["insert_places"], {"rows": rows_json(await _place_rows(tx, places))})
    if visits:
        await tx.execute(_SQL["insert_redemptions"], {"rows": rows_json(visits), "gate": f"import:{source}"})


def visit_rows(booking_id: UUID, line_no: int, line: ImportedLine) -> list[dict[str, object]]:
    """That the guests of a line came: each named one, or all of them as one."""
    return [
        {
            "id": uuid7(int(at.timestamp() * 1000)),
            "booking_id": booking_id,
            "line_no": line_no,
            "visitor_no": number,
            "at": at,
        }
        for number, at in line.came
    ]


async def _place_rows(
    tx: Tx, places: Sequence[tuple[UUID, int, ImportedLine, ImportedPlace, bool]]
) -> list[dict[str, object]]:
    """Named places. The old system sold them: whoever has one there already keeps both, the later under a scope of its own."""
    rows: list[dict[str, object]] = [
        {
            "booking_id": booking_id,
            "line_no": line_no,
            "visitor_no": place.visitor_no,
            "person_key": place.person_key,
            "number_key": place.number_key,
            "on_date": line.draw.on_date,
            "scope": line.draw.scope,
            "is_live": is_live,
        }
        for booking_id, line_no, line, place, is_live in places
    ]
    found = await (await tx.execute(_SQL["persons_taken"], {"rows": rows_json(rows)})).fetchall()
    taken: set[tuple[bytes, date, int]] = set()
    for _, person_key, number_key, on_date, scope in found:
        taken |= {(bytes(key), on_date, scope) for key in (person_key, number_key) if key is not None}
    for row, (booking_id, line_no, line, place, is_live) in zip(rows, places, strict=True):
        if not is_live:
            continue
        spots = {
            (key, line.draw.on_date, line.draw.scope)
            for key in (place.person_key, place.number_key)
            if key is not None
        }
        if spots & taken:
            low = int.from_bytes(booking_id.bytes[-7:], "big") ^ (line_no << 8) ^ place.visitor_no
            row["scope"] = -(_OWN_SCOPES | low)
        taken |= spots
    return rows
