"""The catalogue's rows: bounded reads, and upserts by code that a re-run leaves unchanged."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, TypeVar

import msgspec
from psycopg.types.json import Jsonb

from wenyue.catalogue.model import (
    Closure,
    NewClosure,
    OpeningHours,
    Product,
    Template,
    Venue,
    VenueKind,
)
from wenyue.catalogue.searching import found_venues, search_columns, storable
from wenyue.core.limits import PAGE_SIZE
from wenyue.locale import paired, unpaired
from wenyue.platform.database.db import Tx, fetch_dict, fetch_dicts, queries

PRODUCTS_PAGE_MAX: Final = 500
ROWS_MAX: Final = 20_000  # templates or closures read at once
CLOSURE_VENUES_AT_ONCE: Final = 100  # a venue has 200 closures that are not over at most: they fit
_SQL: Final = queries("wenyue.catalogue")
_PAIRED: Final = ("label",)  # in a template's sessions, for the release before
_T = TypeVar("_T")


class TooManyRows(Exception):
    """More rows than one reading takes: ask for fewer products or venues at once. Never a silent half."""


async def venues(
    tx: Tx,
    *,
    text: str = "",
    province: str | None = None,
    kind: VenueKind | None = None,
    after: int = 0,
    limit: int = PAGE_SIZE,
) -> list[Venue]:
    """One page of active venues: those that `text` finds, the best first; without a text all, in the order of their ids.

    `after` is the last id seen; of venues found, the last position (`found_venues`).
    """
    found = await found_venues(tx, text, province=province, kind=kind, after=after, limit=limit)
    return [one for _, one in found]


async def venue(tx: Tx, code: str) -> Venue | None:
    """The venue with this code, active or not."""
    row = await fetch_dict(tx, _SQL["venue"], {"code": storable(code)})
    return _convert(row, Venue) if row else None


async def venues_by_id(tx: Tx, ids: Sequence[int]) -> dict[int, Venue]:
    """The venues of these ids (as many as the caller lists)."""
    rows = await fetch_dicts(tx, _SQL["venues_by_id"], {"ids": list(ids)})
    return {row["id"]: _convert(row, Venue) for row in rows}


async def venues_by_code(tx: Tx, codes: Sequence[str]) -> dict[str, Venue]:
    """The venues of these codes, active or not."""
    rows = await fetch_dicts(tx, _SQL["venues_by_code"], {"codes": list(codes)})
    return {row["code"]: _convert(row, Venue) for row in rows}


async def venues_by_place(tx: Tx, places: Sequence[tuple[str | None, str]]) -> list[Venue]:
    """The venues of these provinces (None: any) and Chinese names, active or not."""
    wanted = json.dumps([{"province": province, "name": name} for province, name in places])
    rows = await fetch_dicts(tx, _SQL["venues_by_place"], {"places": wanted})
    return [_convert(row, Venue) for row in rows]


async def currencies(tx: Tx, venue_ids: Sequence[int]) -> dict[int, list[str]]:
    """In which currencies these venues sell, by venue; a venue without products is left out."""
    cursor = await tx.execute(_SQL["currencies"], {"venue_ids": list(venue_ids)})
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def weeks(tx: Tx, venue_ids: Sequence[int]) -> dict[int, list[OpeningHours]]:
    """The weeks of these venues, by venue; a venue without one is left out."""
    found: dict[int, list[OpeningHours]] = {}
    for row in await fetch_dicts(tx, _SQL["weeks"], {"venue_ids": list(venue_ids)}):
        found.setdefault(row["venue_id"], []).append(_convert(row, OpeningHours))
    return found


async def replace_weeks(tx: Tx, wanted: Mapping[int, Sequence[OpeningHours]]) -> None:
    """Set the whole weeks of these venues; a weekday that is not among them is closed."""
    if wanted:
        await tx.execute(_SQL["clear_weeks"], {"venue_ids": list(wanted)})
        await upsert_opening_hours(tx, [one for week in wanted.values() for one in week])


async def opening_hours(tx: Tx, venue_id: int) -> list[OpeningHours]:
    """The venue's week; a weekday that is missing is closed."""
    rows = await fetch_dicts(tx, _SQL["opening_hours"], {"venue_id": venue_id})
    return [_convert(row, OpeningHours) for row in rows]


async def products(tx: Tx, venue_id: int) -> list[Product]:
    """The venue's active products."""
    return [_convert(row, Product) for row in await fetch_dicts(tx, _SQL["products"], {"venue_id": venue_id})]


async def product(tx: Tx, product_id: int) -> Product | None:
    """The product with this id, active or not."""
    row = await fetch_dict(tx, _SQL["product"], {"id": product_id})
    return _convert(row, Product) if row else None


async def active_products(tx: Tx, *, after: int = 0, limit: int = PRODUCTS_PAGE_MAX) -> list[Product]:
    """One page of every active product of an active venue; `after` is the last id seen."""
    rows = await fetch_dicts(
        tx, _SQL["active_products"], {"after": after, "limit": max(1, min(limit, PRODUCTS_PAGE_MAX))}
    )
    return [_convert(row, Product) for row in rows]


async def templates(tx: Tx, product_ids: Sequence[int], today: date) -> dict[int, list[Template]]:
    """The templates of these products that are not over on `today`, by product. Raises TooManyRows."""
    rows = await _all_rows(tx, "templates", {"product_ids": list(product_ids), "today": today})
    found: dict[int, list[Template]] = {}
    for row in rows:
        one = _convert(row | {"sessions": unpaired(row["sessions"], *_PAIRED)}, Template)
        found.setdefault(one.product_id, []).append(one)
    return found


async def prices(
    tx: Tx, product_ids: Sequence[int], from_day: date, to_day: date
) -> dict[int, dict[date, int]]:
    """Prices by date (分) that differ from the products' own, by product."""
    most = len(product_ids) * ((to_day - from_day).days + 1)  # the primary key allows no more
    cursor = await tx.execute(
        _SQL["prices"],
        {"product_ids": list(product_ids), "from_day": from_day, "to_day": to_day, "limit": max(0, most)},
    )
    found: dict[int, dict[date, int]] = {}
    for product_id, on_date, price_minor in await cursor.fetchall():
        found.setdefault(product_id, {})[on_date] = price_minor
    return found


async def closures(
    tx: Tx, venue_ids: Sequence[int], from_day: date, to_day: date
) -> dict[int, list[Closure]]:
    """Closures in force that touch the range, by venue. Raises TooManyRows."""
    rows: list[dict[str, Any]] = []
    for at in range(0, len(venue_ids), CLOSURE_VENUES_AT_ONCE):
        part = list(venue_ids[at : at + CLOSURE_VENUES_AT_ONCE])
        days: dict[str, object] = {"from_day": from_day, "to_day": to_day}
        rows += await _all_rows(tx, "closures", {"venue_ids": part} | days)
    found: dict[int, list[Closure]] = {}
    for row in rows:
        found.setdefault(row["venue_id"], []).append(_convert(row, Closure))
    return found


async def upsert_venues(tx: Tx, wanted: Sequence[Venue]) -> dict[str, int]:
    """Make or update venues by code, with what they are found by; returns their ids by code.

    Codes are unique within one call. Reads the Chinese names: the first call of a process takes half a second longer.
    """
    rows = [msgspec.to_builtins(one) | search_columns(one) for one in wanted]
    await tx.execute(_SQL["upsert_venues"], {"rows": msgspec.json.encode(rows).decode()})
    cursor = await tx.execute(_SQL["venue_ids"], {"codes": [one.code for one in wanted]})
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def upsert_products(tx: Tx, wanted: Sequence[Product]) -> dict[tuple[int, str], int]:
    """Make or update products by venue and code; returns the ids of all products of these venues by (venue, code)."""
    await tx.execute(_SQL["upsert_products"], {"rows": _rows(wanted)})
    venue_ids = sorted({one.venue_id for one in wanted})
    cursor = await tx.execute(_SQL["product_ids"], {"venue_ids": venue_ids})
    return {(row[0], row[1]): row[2] for row in await cursor.fetchall()}


async def upsert_templates(tx: Tx, wanted: Sequence[Template]) -> None:
    """Make templates, or update those of the same product, period, kind of day, weekdays and priority.

    Slots that exist already stay as they are: see `booking.opening` for repricing and capacity.
    """
    rows = paired(msgspec.to_builtins(wanted), *_PAIRED)
    await tx.execute(_SQL["upsert_templates"], {"rows": msgspec.json.encode(rows).decode()})


async def upsert_opening_hours(tx: Tx, wanted: Sequence[OpeningHours]) -> None:
    """Set weekdays of opening hours."""
    await tx.execute(_SQL["upsert_opening_hours"], {"rows": _rows(wanted)})


async def set_prices(tx: Tx, product_id: int, by_date: dict[date, int]) -> None:
    """Set prices by date (分); slots that are open already take them by `booking.opening.reprice`."""
    rows = [
        {"product_id": product_id, "on_date": day.isoformat(), "price_minor": price}
        for day, price in by_date.items()
    ]
    await tx.execute(_SQL["set_prices"], {"rows": json.dumps(rows)})


async def closure(tx: Tx, closure_id: int) -> Closure | None:
    """The announced closure with this id, unless it was lifted."""
    row = await fetch_dict(tx, _SQL["closure"], {"id": closure_id})
    return _convert(row, Closure) if row else None


async def add_closure(tx: Tx, closure: NewClosure) -> int | None:
    """Announce a closure and return its id; None when the very same one stands already."""
    [(closure_id,)] = await (
        await tx.execute(
            _SQL["add_closure"], msgspec.structs.asdict(closure) | {"reason": Jsonb(closure.reason)}
        )
    ).fetchall()
    return closure_id


async def lift_closure(tx: Tx, closure_id: int, now: datetime) -> bool:
    """End a closure; False when it was lifted before or never was."""
    [(is_lifted,)] = await (await tx.execute(_SQL["lift_closure"], {"id": closure_id, "now": now})).fetchall()
    return is_lifted


async def _all_rows(tx: Tx, name: str, params: dict[str, object]) -> list[dict[str, Any]]:
    rows = await fetch_dicts(tx, _SQL[name], params | {"limit": ROWS_MAX + 1})
    if len(rows) > ROWS_MAX:
        raise TooManyRows(f"more than {ROWS_MAX} {name}")
    return rows


def _rows(wanted: Sequence[msgspec.Struct]) -> str:
    return msgspec.json.encode(wanted).decode()


def _convert(row: dict[str, Any], kind: type[_T]) -> _T:
    return msgspec.convert(row, kind)
