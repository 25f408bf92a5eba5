"""What lists of the catalogue are compared with, and what is written out: venues by name, the products of many venues."""

from collections.abc import Sequence
from datetime import date
from typing import Final

import msgspec

from wenyue.catalogue.model import Product, Venue, VenueKind
from wenyue.catalogue.store import venues
from wenyue.core.limits import PAGE_SIZE_MAX
from wenyue.platform.database.db import Tx, fetch_dicts, queries

PRODUCTS_OF_VENUE_MAX: Final = 200  # what is read of one venue where people choose
VENUES_PER_READ: Final = 100
_LOOKED_AT: Final = 2_000  # venues: the home page asks on every visit
_ROWS_MAX: Final = 20_000
_SQL: Final = queries("wenyue.catalogue", "listing.sql")


async def venues_by_name(tx: Tx, names: Sequence[str]) -> list[Venue]:
    """The active venues of these names, in whatever language; the first 20,000 of them."""
    rows = await fetch_dicts(tx, _SQL["venues_by_name"], {"names": list(names), "limit": _ROWS_MAX})
    return [msgspec.convert(row, Venue) for row in rows]


async def venues_of_provinces(tx: Tx, limit: int) -> list[Venue]:
    """Active attractions of different provinces, the first of each; where there are fewer provinces, the first of all follow."""
    wanted: dict[str, object] = {"among": _LOOKED_AT, "limit": limit}
    found = [
        msgspec.convert(row, Venue) for row in await fetch_dicts(tx, _SQL["venues_of_provinces"], wanted)
    ]
    if len(found) == limit:
        return found
    known = {one.id for one in found}
    more = [one for one in await venues(tx, limit=limit) if one.id not in known]
    return [*found, *more[: limit - len(found)]]


async def codes_of_source(tx: Tx, source: str) -> set[str]:
    """The codes of active venues that a source brought."""
    cursor = await tx.execute(_SQL["codes_of_source"], {"source": source})
    return {row[0] for row in await cursor.fetchall()}


async def provinces(tx: Tx, kind: VenueKind | None = None) -> list[tuple[str, int]]:
    """The provinces that have active venues (of a kind), with their number."""
    cursor = await tx.execute(_SQL["provinces"], {"kind": kind})
    return [(row[0], row[1]) for row in await cursor.fetchall()]


async def products_at(tx: Tx, venue_ids: Sequence[int]) -> list[Product]:
    """The products of these venues (as many as the caller lists), active or not, by venue; of each page the first 20,000."""
    found: list[Product] = []
    for at in range(0, len(venue_ids), VENUES_PER_READ):
        part = list(venue_ids[at : at + VENUES_PER_READ])
        rows = await fetch_dicts(tx, _SQL["products_at"], {"venue_ids": part, "limit": _ROWS_MAX})
        found += [msgspec.convert(row, Product) for row in rows]
    return found


async def products_of_source(tx: Tx, source: str) -> list[tuple[str, str]]:
    """The codes of venue and product of active products that a source brought; the first 20,000."""
    cursor = await tx.execute(_SQL["products_of_source"], {"source": source, "limit": _ROWS_MAX})
    return [(row[0], row[1]) for row in await cursor.fetchall()]


async def count_venues(tx: Tx) -> int:
    """How many active venues there are."""
    [(count,)] = await (await tx.execute(_SQL["count_venues"])).fetchall()
    return count


async def venues_after(tx: Tx, after: int) -> list[Venue]:
    """The next page of active venues, by id, after this one; none when that was the last."""
    return await venues(tx, after=after, limit=PAGE_SIZE_MAX)


async def count_products(tx: Tx) -> int:
    """How many active products active venues have."""
    [(count,)] = await (await tx.execute(_SQL["count_products"])).fetchall()
    return count


async def count_closures(tx: Tx, venue_id: int, today: date) -> int:
    """How many closures of the venue stand that are not over on `today`."""
    row = {"venue_id": venue_id, "today": today}
    [(count,)] = await (await tx.execute(_SQL["count_closures"], row)).fetchall()
    return count
