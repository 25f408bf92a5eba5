"""All venues by what lists are filtered and sorted by, small enough to be held by a process.

A filter is a mask: one byte for each venue in id order, read as one whole number, so that a count is an AND and a sum of
bits. At 10,000 venues that is a few microseconds.
"""

import asyncio
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from wenyue.catalogue.model import ProductKind, VenueKind
from wenyue.platform.database.db import Tx, fetch_dicts, queries

ENTRIES_MAX: Final = 20_000  # more venues than these are not listed by date or distance
OFFERS_MAX: Final = 60_000
_AT_ONCE: Final = 1_000  # rows read without giving way: a few milliseconds
NEAR_KM: Final = 40  # as far as one goes on the same day
NEAR_MAX: Final = 4
_DEGREE_KM: Final = 111.2  # of latitude
_EARTH_KM: Final = 6_371.0
_SQL: Final = queries("wenyue.catalogue", "directory.sql")


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A venue, active or not. Coordinates are degrees (WGS 84)."""

    id: int
    code: str
    kind: VenueKind
    province: str
    city: str
    latitude: float | None
    longitude: float | None
    tags: frozenset[str]
    is_active: bool


class Offer(msgspec.Struct, frozen=True, gc=False):
    """An active product. `is_unit`: it is booked by the room or the table, however many people come."""

    id: int
    venue_id: int
    kind: ProductKind
    is_first_gate: bool

    @property
    def is_unit(self) -> bool:
        """Booked by the room or the table."""
        return self.kind in ("night", "table")


class Directory:
    """Every venue in id order, and every active product. It never changes; `version` names what it was read from."""

    def __init__(self, version: str, entries: Sequence[Entry], offers: Sequence[Offer]) -> None:
        self.version, self.entries, self.offers = version, entries, offers
        self.ids: Final = tuple(one.id for one in entries)
        self.position: Final = {one: at for at, one in enumerate(self.ids)}
        self.offers_of: Final[dict[int, list[Offer]]] = {}
        for offer in offers:
            self.offers_of.setdefault(offer.venue_id, []).append(offer)
        self.active: Final = self.mask(lambda one: one.is_active)
        self.provinces: Final[dict[str, int]] = {}
        for one in entries:
            if one.is_active and one.province:
                self.provinces[one.province] = self.provinces.get(one.province, 0) + 1
        self._by_word: dict[tuple[str, str], int] = {}
        self._near: dict[int, tuple[int, ...]] = {}

    def mask(self, holds: Callable[[Entry], bool]) -> int:
        """The venues for which something holds."""
        return int.from_bytes(bytes(map(holds, self.entries)), "little")

    def of_kind(self, kind: str) -> int:
        """The active venues of a kind; '': of all."""
        return self._of("kind", kind)

    def of_province(self, province: str) -> int:
        """The active venues of a province; '': of all."""
        return self._of("province", province)

    def _of(self, field: str, word: str) -> int:
        if not word:
            return self.active
        found = self._by_word.get((field, word))
        if found is None:
            found = self.mask(lambda one: getattr(one, field) == word) & self.active
            if found:  # what nobody is, anybody may ask for: it costs no memory
                self._by_word[field, word] = found
        return found

    def of_ids(self, ids: Iterable[int]) -> int:
        """The active venues of these ids; unknown ones are left out."""
        marks = bytearray(len(self.entries))
        for one in ids:
            at = self.position.get(one)
            if at is not None:
                marks[at] = 1
        return int.from_bytes(marks, "little") & self.active

    def ids_of(self, mask: int) -> list[int]:
        """The ids in a mask, in order."""
        marks = mask.to_bytes(len(self.entries), "little")
        return [one.id for one, is_in in zip(self.entries, marks, strict=True) if is_in]

    def entry(self, venue_id: int) -> Entry | None:
        """The venue of an id."""
        at = self.position.get(venue_id)
        return None if at is None else self.entries[at]

    def by_distance(self, mask: int, origin: tuple[float, float]) -> list[int]:
        """The ids in a mask, the nearest first; at the end those of which nobody said where they are.

        By the flat earth of the origin's latitude: an order of neighbours, no distances.
        """
        marks, (here, there) = mask.to_bytes(len(self.entries), "little"), origin
        narrower = math.cos(math.radians(here)) ** 2
        far = [
            (math.inf, one.id)
            if one.latitude is None or one.longitude is None
            else ((one.latitude - here) ** 2 + narrower * (one.longitude - there) ** 2, one.id)
            for one, is_in in zip(self.entries, marks, strict=True)
            if is_in
        ]
        far.sort()
        return [id_ for _, id_ in far]

    def near(self, venue_id: int) -> tuple[int, ...]:
        """The ids of the active venues around a venue, the nearest first: at most NEAR_MAX, within NEAR_KM."""
        found = self._near.get(venue_id)
        here = self.entry(venue_id)
        if found is not None or here is None or here.latitude is None or here.longitude is None:
            return found or ()
        reach, origin = NEAR_KM / _DEGREE_KM, (here.latitude, here.longitude)
        around = [
            (distance_km(origin, (one.latitude, one.longitude)), one.id)
            for one in self.entries
            if one.latitude is not None
            and one.longitude is not None
            and abs(one.latitude - here.latitude) <= reach
            and one.is_active
            and one.id != venue_id
        ]
        found = tuple(id_ for far, id_ in sorted(around)[:NEAR_MAX] if far <= NEAR_KM)
        self._near[venue_id] = found
        return found

    def middle_of(self, place: str) -> tuple[float, float] | None:
        """Where a province or a city is, as far as its venues say: the middle of them (latitude, longitude)."""
        found = [
            (one.latitude, one.longitude)
            for one in self.entries
            if one.is_active
            and one.latitude is not None
            and one.longitude is not None
            and place in (one.province, one.city)
        ]
        if not found:
            return None
        return sum(one[0] for one in found) / len(found), sum(one[1] for one in found) / len(found)


def distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """As the crow flies, in kilometres, of two points in degrees."""
    latitude, beyond = math.radians(one[0]), math.radians(other[0])
    half = (
        math.sin((beyond - latitude) / 2) ** 2
        + math.cos(latitude) * math.cos(beyond) * math.sin(math.radians(other[1] - one[1]) / 2) ** 2
    )
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


async def read_directory(tx: Tx, known: Directory | None) -> Directory:
    """The directory as it is now; `known` itself when nothing in it has changed."""
    [found] = await (await tx.execute(_SQL["fingerprint"])).fetchall()
    version = "/".join(found)
    if known is not None and known.version == version:
        return known
    entries: list[Entry] = []
    while len(entries) < ENTRIES_MAX:
        after = entries[-1].id if entries else 0
        rows = await fetch_dicts(tx, _SQL["entries"], {"after": after, "limit": _AT_ONCE})
        entries += [msgspec.convert(row, Entry) for row in rows]
        if len(rows) < _AT_ONCE:
            break
        await asyncio.sleep(0)
    offers: list[Offer] = []
    while len(offers) < OFFERS_MAX:
        after = offers[-1].id if offers else 0
        cursor = await tx.execute(_SQL["offers"], {"after": after, "limit": _AT_ONCE})
        rows = await cursor.fetchall()
        offers += [Offer(*row) for row in rows]
        if len(rows) < _AT_ONCE:
            break
        await asyncio.sleep(0)
    return Directory(version, entries, offers)
