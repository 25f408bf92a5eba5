"""The list of places: which are in it, in which order, how many there would be after one change. Pure.

All of it is about masks of the directory: one byte for each venue.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from wenyue.booking.slots.outlook import NO_QUARTER, DayRooms
from wenyue.catalogue.directory import Directory
from wenyue.locale import Message
from wenyue.web.shared.i18n import Locale, say_date
from wenyue.web.traveller.list_query import PlacesQuery

CHANGES_SHOWN: Final = 3
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a list is made from. `found`: what the text finds, best first; None: there is no text.

    `days`: what is known of the dates of `strip` and of the day asked for; `cards`: what the card is good for, by day.
    """

    directory: Directory
    found: Sequence[int] | None
    days: Mapping[date, DayRooms]
    strip: tuple[date, ...]
    cards: Mapping[date | None, int]
    named: int  # the same as `found`, as a mask
    origin: Point | None = None

    def room(self, day: date, party: int) -> int | None:
        """The venues with room on a day; None: that is not known."""
        known = self.days.get(day)
        return None if known is None else known.mask(party)

    def is_known(self, query: PlacesQuery) -> bool:
        """Whether all is known of what is free that the query asks for."""
        wanted = (query.day,) if query.day is not None else self.strip
        return all(day in self.days for day in wanted)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to ask differently, and how many places there are then."""

    text: Message
    query: PlacesQuery
    count: int


def matching(shelf: Shelf, query: PlacesQuery) -> int:
    """The venues of a query. What is not known of free places leaves none out."""
    mask = shelf.directory.of_kind(query.kind or "") & shelf.directory.of_province(query.province)
    if query.text and shelf.found is not None:
        mask &= shelf.named
    if query.is_card and query.day in shelf.cards:
        mask &= shelf.cards[query.day]
    if query.is_free and shelf.is_known(query):
        mask &= free_on(shelf, query)
    return mask


def free_on(shelf: Shelf, query: PlacesQuery) -> int:
    """The venues with room for the party on the day, or on any date of the strip; of any kind, wherever."""
    mask = 0
    for day in (query.day,) if query.day is not None else shelf.strip:
        mask |= shelf.room(day, query.party) or 0
    return mask


def count_on(shelf: Shelf, query: PlacesQuery, day: date) -> int | None:
    """How many of the query's venues have room on a date; None: that is not known."""
    room = shelf.room(day, query.party)
    return (
        None if room is None else (matching(shelf, replace(query, day=day, is_free=False)) & room).bit_count()
    )


def ordered(shelf: Shelf, query: PlacesQuery) -> list[int]:
    """The ids of the query's venues in the order asked for."""
    mask, directory = matching(shelf, query), shelf.directory
    if query.sort == "near" and shelf.origin is not None:
        return directory.by_distance(mask, shelf.origin)
    if query.sort == "soon":
        return _soonest(shelf, query, mask)
    if query.text and shelf.found is not None:
        wanted = mask.to_bytes(len(directory.entries), "little")
        return [one for one in shelf.found if one in directory.position and wanted[directory.position[one]]]
    return directory.ids_of(mask)


def page_of(ids: Sequence[int], query: PlacesQuery, size: int) -> tuple[Sequence[int], int]:
    """(the ids of the page, how many there are up to its end). It begins after the last venue of the page before."""
    begins = ids.index(query.after) + 1 if query.after in ids else query.seen
    page = ids[begins : begins + size]
    return page, begins + len(page)


def changes(shelf: Shelf, query: PlacesQuery, locale: Locale) -> list[Change]:
    """Single changes by which places are found, three at most."""
    found: list[Change] = []
    for text, other in _candidates(shelf, query, locale):
        if other.day is not None and not shelf.is_known(other):
            continue
        count = (matching(shelf, other) & (free_on(shelf, other) if other.day else -1)).bit_count()
        if count:
            found.append(Change(text, other.first_page(), count))
        if len(found) == CHANGES_SHOWN:
            break
    return found


def _candidates(shelf: Shelf, query: PlacesQuery, locale: Locale) -> Iterator[tuple[Message, PlacesQuery]]:
    if query.day is not None:
        day = _nearest_day(shelf, query, query.day)
        if day is not None:
            yield Message("On {d} instead", d=say_date(day, locale)), replace(query, day=day)
    if query.party > 1 and (query.day is not None or query.is_free):
        half = (query.party + 1) // 2
        yield Message.plural("In two groups of {n}", "In two groups of {n}", half), replace(query, party=half)
    if query.is_card:
        yield Message("Also what my card doesn't cover"), replace(query, is_card=False)
    if query.kind is not None:
        yield Message("Places of every kind"), replace(query, kind=None)
    if query.province:
        yield Message("In every province"), replace(query, province="")
    if query.is_free:
        yield Message("Also those that are full"), replace(query, is_free=False)
    if query.day is not None:
        yield Message("On any day"), replace(query, day=None)
    if query.text:
        yield Message("Whatever they are called"), replace(query, text="")


def _nearest_day(shelf: Shelf, query: PlacesQuery, wanted: date) -> date | None:
    """The nearest date with room for the party, the later of two."""
    good = [day for day in shelf.strip if day != wanted and count_on(shelf, query, day)]
    return min(good, key=lambda day: (abs((day - wanted).days), day < wanted), default=None)


def _soonest(shelf: Shelf, query: PlacesQuery, mask: int) -> list[int]:
    directory, ids, rest = shelf.directory, list[int](), mask
    known = shelf.days.get(query.day) if query.day is not None else None
    if known is not None:
        free = rest & known.mask(query.party)
        rest &= ~free

        def begins(one: int) -> tuple[int, int]:
            at = directory.position[one]
            return (known.quarters[at] if at < len(known.quarters) else NO_QUARTER, one)

        ids += sorted(directory.ids_of(free), key=begins)
    for day in shelf.strip:
        if query.day is None or day > query.day:
            free = rest & (shelf.room(day, query.party) or 0)
            rest &= ~free
            ids += directory.ids_of(free)
    return ids + directory.ids_of(rest)
