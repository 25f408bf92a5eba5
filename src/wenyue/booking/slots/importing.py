"""Reservations of another system written as ours: in their final state, counted in the pools, once per source and key."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from wenyue import audit
from wenyue.booking.persistence.literals import rows_json
from wenyue.booking.slots.differing import Difference, Step, StoredBooking
from wenyue.booking.slots.exporting import (
    Chosen,
    ExportedBooking,
    ExportedLine,
    count_exported,
    exported,
)
from wenyue.booking.slots.import_queries import (
    alike_bookings,
    differing_ids,
    open_at_venue,
    open_slots,
    places_left,
    places_of,
    pools_that_differ,
    slot_draws,
    standing,
    stored_bookings,
)
from wenyue.booking.slots.import_rows import insert_bookings, insert_lines, visit_rows
from wenyue.booking.slots.imported import (
    ImportedBooking,
    ImportedLine,
    ImportedPlace,
    ImportOutcome,
    SlotDraw,
)
from wenyue.booking.slots.judging import Judged, Places, drawn, folded, judge
from wenyue.booking.slots.listing import (
    ListedSession,
    SessionThere,
    open_listed,
    sessions_there,
    sold_products,
)
from wenyue.booking.slots.moving_in import NewSlot
from wenyue.platform.database.db import Tx, queries

__all__ = [
    "BOOKINGS_PER_CALL_MAX",
    "Chosen",
    "Difference",
    "ExportedBooking",
    "ExportedLine",
    "ImportOutcome",
    "ImportedBooking",
    "ImportedLine",
    "ImportedPlace",
    "Judged",
    "ListedSession",
    "NewSlot",
    "Places",
    "SessionThere",
    "SlotDraw",
    "count_exported",
    "exported",
    "folded",
    "open_at_venue",
    "open_listed",
    "open_slots",
    "places_left",
    "pools_that_differ",
    "rehearse_bookings",
    "sessions_there",
    "slot_draws",
    "sold_products",
    "standing",
    "write_bookings",
]
BOOKINGS_PER_CALL_MAX: Final = 2_000
_SQL: Final = queries("wenyue.booking.slots", "importing.sql")


async def rehearse_bookings(
    tx: Tx, source: str, bookings: Sequence[ImportedBooking], places: Places, today: date
) -> list[Judged]:
    """What would become of each; nothing is written or locked. `places` changes with it, for the batches that follow."""
    alike = await alike_bookings(tx, source, bookings)
    stored = await stored_bookings(tx, source, differing_ids(bookings, alike))
    lacking = {pool_id for one in stored.values() for pool_id in one.drawn} - places.left.keys()
    if lacking:
        more = await places_left(tx, source, sorted(lacking))
        places.left |= more.left
        places.growing |= more.growing
    return judge(bookings, alike, stored, places, today)


async def write_bookings(
    tx: Tx, source: str, bookings: Sequence[ImportedBooking], now: datetime, today: date
) -> list[Judged]:
    """Write one batch, and what rows of known bookings say now; the caller commits. At most BOOKINGS_PER_CALL_MAX, keys unique.

    Bookings and pools are locked before anything is decided, so counters equal bookings whatever else is being sold
    meanwhile. No message goes out: the guests of the old system were told by it.
    """
    await tx.execute(_SQL["one_importer"], {"source": source})
    alike = await alike_bookings(tx, source, bookings)
    differing = differing_ids(bookings, alike)
    if differing:
        await tx.execute(_SQL["lock_bookings"], {"ids": differing})
    stored = await stored_bookings(tx, source, differing)
    pool_ids = {pool_id for one in bookings for pool_id in drawn(one)}
    pool_ids |= {pool_id for one in stored.values() for pool_id in one.drawn}
    places = await places_of(tx, "lock_pools", source, sorted(pool_ids))
    before = dict(places.left)
    judged = judge(bookings, alike, stored, places, today)
    pairs = list(zip(bookings, judged, strict=True))
    new = [one for one, what in pairs if what.outcome is ImportOutcome.WRITTEN]
    if new:
        await insert_bookings(tx, source, new)
    changed = [(one, what) for one, what in pairs if what.step in {Step.CANCEL, Step.SETTLE, Step.REPLACE}]
    if changed:
        await _change(tx, source, changed, stored)
    moved = [
        {"id": pool_id, "sold": before[pool_id] - left + grown, "grown": grown}
        for pool_id, left in places.left.items()
        if left != before[pool_id] or places.grown[pool_id]
        for grown in [places.grown[pool_id]]
    ]
    if moved:
        await tx.execute(_SQL["move_pools"], {"rows": rows_json(moved)})
    await _record(tx, source, new, changed, now)
    return judged


async def _change(
    tx: Tx,
    source: str,
    changed: Sequence[tuple[ImportedBooking, Judged]],
    stored: dict[UUID, StoredBooking],
) -> None:
    given_back = [what.id for _, what in changed if what.step is not Step.SETTLE]
    if given_back:
        await tx.execute(_SQL["release_lines"], {"ids": given_back})
        await tx.execute(_SQL["release_places"], {"ids": given_back})
    replaced = [
        (what.id, max((line.line_no for line in stored[what.id].lines), default=-1) + 1, one)
        for one, what in changed
        if what.step is Step.REPLACE
    ]
    if replaced:
        await insert_lines(tx, source, replaced)
    visits = [
        visit
        for one, what in changed
        if what.step is Step.SETTLE
        for here, line in zip(stored[what.id].live, one.lines, strict=True)
        for visit in visit_rows(what.id, here.line_no, line)
    ]
    if visits:
        await tx.execute(_SQL["insert_redemptions"], {"rows": rows_json(visits), "gate": f"import:{source}"})
    rows = [
        {
            "id": what.id,
            "state": one.state,
            "changed_at": one.changed_at,
            "total_minor": one.total_minor,
            "body_hash": one.body_hash,
            "party": one.party,
        }
        for one, what in changed
    ]
    await tx.execute(_SQL["settle_bookings"], {"rows": rows_json(rows)})


async def _record(
    tx: Tx,
    source: str,
    new: Sequence[ImportedBooking],
    changed: Sequence[tuple[ImportedBooking, Judged]],
    now: datetime,
) -> None:
    actor = f"import:{source}"
    entries = [
        audit.Entry(now, actor, "booking.imported", str(one.id), {"key": one.source_key}) for one in new
    ]
    entries += [
        audit.Entry(
            now, actor, "booking.imported_again", str(what.id),
            {"key": one.source_key, "outcome": what.outcome.name.lower(), "differs": [str(said) for said in what.said]},
        )
        for one, what in changed
    ]  # fmt: skip
    if entries:
        await audit.record(tx, entries)
