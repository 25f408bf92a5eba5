"""Whoever may import brings a list of venues in; what the list does not say of a venue that is there stays."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from wenyue import catalogue
from wenyue.application.on_server import acting_with
from wenyue.application.operating import Operator, Works
from wenyue.audit import Entry, record
from wenyue.catalogue import Venue
from wenyue.core.duties import Right
from wenyue.events import append, kinds
from wenyue.platform.database.db import Tx

OF_LISTS: Final = "venues"  # the source, in events
VENUES_PER_STATEMENT_MAX: Final = 1_000


@dataclass(slots=True)
class VenuesTaken:
    """What became of them."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0


async def import_venues(
    works: Works,
    operator: Operator,
    venues: Sequence[Venue],
    *,
    is_dry_run: bool = False,
    progress: Callable[[int], None] = lambda _done: None,
) -> VenuesTaken:
    """Take them all or none; their codes are their names here. `progress` hears how many are done."""
    async with acting_with(works, operator, Right.DATA_IMPORT) as act:
        taken = await do_import_venues(act.tx, venues, is_dry_run=is_dry_run, progress=progress)
        if not is_dry_run:
            detail: dict[str, object] = {"new": taken.new, "changed": taken.changed}
            await record(act.tx, [Entry(act.now, operator.name, "venues.imported", "import", detail)])
        if not is_dry_run and (taken.new or taken.changed):
            await append(act.tx, [kinds.VenuesImported(OF_LISTS, taken.new, taken.changed)], act.now)
    return taken


async def do_import_venues(
    tx: Tx,
    venues: Sequence[Venue],
    *,
    is_dry_run: bool = False,
    progress: Callable[[int], None] = lambda _done: None,
) -> VenuesTaken:
    """The same in a transaction that has begun."""
    taken = VenuesTaken()
    for start in range(0, len(venues), VENUES_PER_STATEMENT_MAX):
        part = venues[start : start + VENUES_PER_STATEMENT_MAX]
        await _take(tx, part, taken, is_dry_run=is_dry_run)
        progress(start + len(part))
    return taken


async def _take(tx: Tx, wanted: Sequence[Venue], taken: VenuesTaken, *, is_dry_run: bool) -> None:
    present = await catalogue.venues_by_code(tx, [one.code for one in wanted])
    changed: list[Venue] = []
    for one in wanted:
        before = present.get(one.code)
        after = one if before is None else _merge(before, one)
        if before is None:
            taken.new += 1
        elif after == before:
            taken.unchanged += 1
            continue
        else:
            taken.changed += 1
        changed.append(after)
    if changed and not is_dry_run:
        await catalogue.upsert_venues(tx, changed)


def _merge(before: Venue, wanted: Venue) -> Venue:
    """The facts of the list over what is there; what it does not say stays (tags, summaries, whether active).

    A name that the list gives is the operator's: it is no longer one that was made from the Chinese.
    """
    name, tags = {**before.name, **wanted.name}, before.tags
    if name != before.name:
        tags = tuple(tag for tag in tags if tag != catalogue.ROMANISED_NAME)
    return msgspec.structs.replace(
        before,
        latitude=before.latitude if wanted.latitude is None else wanted.latitude,
        longitude=before.longitude if wanted.longitude is None else wanted.longitude,
        name=name,
        tags=tags,
        city=wanted.city or before.city,
    )
