"""Whoever writes a map of an old system's file is told which of its venues are here, and under which code."""

from collections import Counter
from collections.abc import Sequence

from wenyue import catalogue
from wenyue.imports.booking_maps import VenueHere
from wenyue.locale import DEFAULT
from wenyue.platform.database.db import Tx


async def venues_here(tx: Tx, names: Sequence[str]) -> dict[str, VenueHere]:
    """Of these Chinese names those by which exactly one active venue is called. Only reads what travellers may see."""
    there = await catalogue.venues_by_place(tx, [(None, name) for name in names])
    found = [one for one in there if one.is_active]
    count = Counter(one.name.get(DEFAULT, "") for one in found)
    sold = await catalogue.currencies(tx, [one.id for one in found])
    return {
        name: VenueHere(one.code, one.kind, one.timezone, next(iter(sold.get(one.id, ())), "CNY"))
        for one in found
        if count[name := one.name.get(DEFAULT, "")] == 1
    }
