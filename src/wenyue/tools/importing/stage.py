"""What an import stands on: a first look at the whole file, then the venue, products and dates it needs."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from wenyue import audit, catalogue
from wenyue.booking import importing
from wenyue.infra.db import Tx
from wenyue.tools.importing.bookings import Builder, DrawKey
from wenyue.tools.importing.demand import dates_of
from wenyue.tools.importing.model import ImportMap, Refusal, Reservation, Row
from wenyue.tools.importing.rules import RowReader
from wenyue.tools.importing.table import Table

_DAY_USE_ZH: Final = "（日间）"
_DAY_USE_EN: Final = " (day use)"

Progress = Callable[[str, int, int], None]  # phase, rows done, rows in all (0: not known yet)


@dataclass(slots=True)
class Survey:
    """What a first look at the file says."""

    rows: int = 0
    dates: set[DrawKey] = field(default_factory=set[DrawKey])
    used: Counter[DrawKey] = field(default_factory=Counter[DrawKey])

    def capacity(self, chosen: ImportMap, product: str, *, is_day_use: bool) -> int:
        """The capacity that the map states, or the most that was in use on one date."""
        stated = chosen.products[product].capacity
        if stated is not None:
            return stated
        return max(
            (n for (name, kind, _), n in self.used.items() if (name, kind) == (product, is_day_use)),
            default=0,
        )


@dataclass(slots=True)
class Stage:
    """What rows are turned into bookings with. `left`: places per pool, kept only in a dry run."""

    draws: dict[DrawKey, importing.SlotDraw]
    left: dict[int, int]
    venue_id: int | None
    slots_opened: int
    capacities: dict[str, int]


def read_all(table: Table, chosen: ImportMap) -> Iterator[tuple[Row, Reservation | Refusal]]:
    """Every row with what it means, in order."""
    reader = RowReader(chosen, table.header)
    return ((row, reader.read(row)) for row in table.rows())


def take_survey(table: Table, chosen: ImportMap, progress: Progress) -> Survey:
    """Read the whole file once: its rows, the dates it speaks of, the places in use on each. Raises InputError."""
    survey = Survey()
    for _, found in read_all(table, chosen):
        survey.rows += 1
        if survey.rows % 1000 == 0:
            progress("reading · 读取", survey.rows, 0)
        if isinstance(found, Reservation):
            for on_date in dates_of(found):
                key = (found.product, found.nights == 0, on_date)
                survey.dates.add(key)
                if found.status.draws:
                    survey.used[key] += found.quantity
    progress("reading · 读取", survey.rows, survey.rows)
    return survey


async def prepare(tx: Tx, chosen: ImportMap, survey: Survey, builder: Builder, now: datetime) -> Stage:
    """Make the venue, the products and the dates that the file speaks of; what exists stays as it is."""
    venue_id = await _venue(tx, chosen)
    kinds = sorted({(product, is_day_use) for product, is_day_use, _ in survey.dates})
    wanted = [_product(chosen, venue_id, product, is_day_use=is_day_use) for product, is_day_use in kinds]
    present = {one.code: one.id for one in await catalogue.products(tx, venue_id)}
    missing = [one for one in wanted if one.code not in present]
    if missing:
        made = await catalogue.upsert_products(tx, missing)
        present |= {code: product_id for (_, code), product_id in made.items()}
    ids = {kind: present[one.code] for kind, one in zip(kinds, wanted, strict=True)}
    capacities = {kind: survey.capacity(chosen, kind[0], is_day_use=kind[1]) for kind in kinds}
    slots = [
        builder.slot(venue_id, ids[key[:2]], key, capacities[key[:2]])
        for key in sorted(survey.dates, key=lambda key: (ids[key[:2]], key[2]))
    ]
    opened = await importing.open_slots(tx, slots)
    if opened:
        detail: dict[str, object] = {"slots": opened}
        entry = audit.Entry(now, f"import:{chosen.source}", "venue.slots_opened", f"venue:{venue_id}", detail)
        await audit.record(tx, [entry])
    draws = await _draws(tx, survey, ids)
    by_code = {one.code: capacities[kind] for kind, one in zip(kinds, wanted, strict=True)}
    return Stage(draws, {}, venue_id, opened, by_code)


async def _venue(tx: Tx, chosen: ImportMap) -> int:
    """The venue's id; an existing venue is used as it is."""
    found = await catalogue.venue(tx, chosen.venue.code)
    if found is not None:
        return found.id
    venue = catalogue.Venue(
        code=chosen.venue.code,
        kind="hotel",
        name_zh=chosen.venue.name_zh,
        name_en=chosen.venue.name_en,
        timezone=chosen.venue.timezone,
        source=f"import:{chosen.source}",
    )
    return (await catalogue.upsert_venues(tx, [venue]))[venue.code]


def _product(chosen: ImportMap, venue_id: int, name: str, *, is_day_use: bool) -> catalogue.Product:
    mapped = chosen.products[name]
    return catalogue.Product(
        venue_id=venue_id,
        code=f"{mapped.code}-day" if is_day_use else mapped.code,
        kind="session" if is_day_use else "night",
        name_zh=mapped.name_zh + (_DAY_USE_ZH if is_day_use else ""),
        name_en=mapped.name_en + (_DAY_USE_EN if is_day_use else ""),
        price_minor=chosen.replay.slot_price_minor,
        currency=chosen.venue.currency,
        policy_code="hotel",
        needs_visitors=False,
        person_rule="none",
        is_first_gate=False,
    )


async def _draws(
    tx: Tx, survey: Survey, ids: dict[tuple[str, bool], int]
) -> dict[DrawKey, importing.SlotDraw]:
    if not survey.dates:
        return {}
    days = [on_date for _, _, on_date in survey.dates]
    found = await importing.slot_draws(tx, sorted(set(ids.values())), min(days), max(days))
    by_id = {(ids[key[:2]], key[2]): key for key in survey.dates if key[:2] in ids}
    return {by_id[at]: draw for at, draw in found.items() if at in by_id}


async def rehearse(tx: Tx, chosen: ImportMap, survey: Survey) -> Stage:
    """The same stage without writing: dates that do not exist yet get made-up pools with negative ids."""
    venue = await catalogue.venue(tx, chosen.venue.code)
    kinds = sorted({(product, is_day_use) for product, is_day_use, _ in survey.dates})
    present = {one.code: one.id for one in await catalogue.products(tx, venue.id)} if venue else {}
    codes = {kind: _product(chosen, 0, kind[0], is_day_use=kind[1]).code for kind in kinds}
    ids = {kind: present[code] for kind, code in codes.items() if code in present}
    draws = await _draws(tx, survey, ids)
    pool_ids = sorted({pool_id for draw in draws.values() for pool_id in draw.pool_ids})
    left = await importing.places_left(tx, pool_ids)
    capacities = {kind: survey.capacity(chosen, kind[0], is_day_use=kind[1]) for kind in kinds}
    missing = sorted(key for key in survey.dates if key not in draws)
    for number, key in enumerate(missing, start=1):
        draws[key] = importing.SlotDraw(-number, -1, venue.id if venue else -1, key[2], (-number,))
        left[-number] = capacities[key[:2]]
    by_code = {codes[kind]: capacity for kind, capacity in capacities.items()}
    return Stage(draws, left, venue.id if venue else None, len(missing), by_code)
