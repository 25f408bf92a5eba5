"""Venues by what somebody types, and the rows that wait for what they are found by."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from wenyue.catalogue.model import Venue, VenueKind
from wenyue.catalogue.search import SEARCH_VERSION, is_blank, nearest, query_of, search_text
from wenyue.catalogue.search.query import STAGES
from wenyue.core.limits import PAGE_SIZE, PAGE_SIZE_MAX
from wenyue.locale import Texts
from wenyue.platform.database.db import Tx, fetch_dicts, queries

FOUND_MAX: Final = 1_000  # that a list filters and sorts
SEARCH_FILLED_AT_ONCE: Final = 200  # rows: each costs a tenth of a millisecond of computing
_STAGE: Final = 1 << 56  # a position is the stage above the id, so that the plain order is one of them
_BIGGEST_ID: Final = 2**63 - 1
_ALIKE_MAX: Final = 200  # looked at when nothing was found
_SQL: Final = queries("wenyue.catalogue", "searching.sql")


async def found_venues(
    tx: Tx,
    text: str,
    *,
    province: str | None = None,
    kind: VenueKind | None = None,
    after: int = 0,
    limit: int = PAGE_SIZE,
) -> list[tuple[int, Venue]]:
    """One page of active venues that `text` finds, the best first, each with its position; `after` is the last one seen.

    Without a text these are all, in the order of their ids; a text of signs alone finds nothing.
    """
    bounds: dict[str, object] = {
        "province": storable(province) if province else None,
        "kind": kind,
        "limit": max(1, min(limit, PAGE_SIZE_MAX)),
    }
    if is_blank(text):
        rows = await fetch_dicts(tx, _SQL["every"], bounds | {"after": after})
        return [(row["id"], msgspec.convert(row, Venue)) for row in rows]
    query = query_of(storable(text))
    if query is None:
        return []
    stage, last = divmod(max(after, 0), _STAGE)
    wanted: dict[str, object] = {f"query_{at}": one for at, one in enumerate(query.stages())}
    wanted |= {
        f"after_{at}": _BIGGEST_ID if at < stage else last if at == stage else 0 for at in range(STAGES)
    }
    rows = await fetch_dicts(tx, _SQL["found"], bounds | wanted)
    return [(row.pop("stage") * _STAGE + row["id"], msgspec.convert(row, Venue)) for row in rows]


async def found_ids(tx: Tx, text: str) -> list[int] | None:
    """The ids of active venues that `text` finds, the best first, FOUND_MAX at most; None without a text: it asks for all."""
    if is_blank(text):
        return None
    query = query_of(storable(text))
    if query is None:
        return []
    wanted: dict[str, object] = {f"query_{at}": one for at, one in enumerate(query.stages())}
    cursor = await tx.execute(_SQL["found_ids"], wanted | {"limit": FOUND_MAX})
    return [row[0] for row in await cursor.fetchall()]


async def near_venues(tx: Tx, text: str, limit: int) -> list[int]:
    """The ids of venues whose names are nearly what was typed, the nearest first. For when nothing was found."""
    query = query_of(storable(text))
    if query is None:
        return []
    cursor = await tx.execute(_SQL["alike"], {"query": query.loose(), "limit": _ALIKE_MAX})
    return nearest(query.whole, await cursor.fetchall(), limit)


async def fill_search(tx: Tx) -> int:
    """Write what some venues are found by that lack it, or have it by older rules; how many. Loads pypinyin if there are any."""
    params = {"version": SEARCH_VERSION, "limit": SEARCH_FILLED_AT_ONCE}
    rows = await (await tx.execute(_SQL["unfilled"], params)).fetchall()
    if not rows:
        return 0
    filled = [
        {"id": row[0]}
        | search_columns_of(name=row[1], province=row[2], city=row[3], aliases=row[4], summary=row[5])
        for row in rows
    ]
    await tx.execute(_SQL["fill"], {"rows": msgspec.json.encode(filled).decode()})
    return len(filled)


async def waiting_for_search(tx: Tx) -> int:
    """How many venues are not found by their words yet."""
    [(count,)] = await (await tx.execute(_SQL["waiting"], {"version": SEARCH_VERSION})).fetchall()
    return count


def search_columns(venue: Venue) -> dict[str, Any]:
    """What a venue is found by, as its row has it."""
    return search_columns_of(
        name=venue.name,
        province=venue.province,
        city=venue.city,
        aliases=venue.aliases,
        summary=venue.summary,
    )


def search_columns_of(
    *, name: Texts, province: str, city: str, aliases: Sequence[str], summary: Texts
) -> dict[str, Any]:
    """The same of facts."""
    text = search_text(name, province, city, aliases, summary)
    return {"search": text.lexemes, "search_names": text.names, "search_version": text.version}


def storable(text: str) -> str:
    """The text without what PostgreSQL cannot hold: NUL and lone surrogates."""
    return text.replace("\x00", "").encode(errors="ignore").decode()
