"""Which bookings of the past fit beside those of the present. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from wenyue.ops.backup.venue.model import Candidate, Conflict, Draw, Reason

Person = tuple[bytes, date, int]


@dataclass(slots=True)
class Room:
    """What is left now, counted from the bookings and not from the counters; goes down as bookings are let in.

    `pools`: places left, `cards`: entries left by (card, entitlement), None without end, `persons`: places that are taken.
    """

    pools: dict[int, int]
    cards: dict[tuple[int, int], int | None]
    persons: set[Person] = field(default_factory=set[Person])


def decide(candidates: Iterable[Candidate], room: Room) -> tuple[list[UUID], list[Conflict]]:
    """Let bookings in, in the given order (who booked first comes first), all lines or none; the others are conflicts."""
    returning: list[UUID] = []
    conflicts: list[Conflict] = []
    for one in candidates:
        conflict = _conflict(one, room)
        if conflict is not None:
            conflicts.append(conflict)
            continue
        for pool_id, count in _drawn(one.draws).items():
            room.pools[pool_id] -= count
        for key, count in _spent(one.draws).items():
            left = room.cards[key]
            room.cards[key] = None if left is None else left - count
        room.persons.update(one.persons)
        returning.append(one.id)
    return returning, conflicts


def _conflict(one: Candidate, room: Room) -> Conflict | None:
    for pool_id, count in _drawn(one.draws).items():
        if room.pools.get(pool_id, 0) < count:
            return Conflict(one.id, Reason.NO_PLACE, pool_id)
    for _, _, scope in (person for person in one.persons if person in room.persons):
        return Conflict(one.id, Reason.PERSON_HAS_ANOTHER, scope)
    for key, count in _spent(one.draws).items():
        if key not in room.cards:
            return Conflict(one.id, Reason.CARD_GONE, key[0])
        left = room.cards[key]
        if left is not None and left < count:
            return Conflict(one.id, Reason.CARD_USED_UP, key[0])
    return None


def _drawn(draws: tuple[Draw, ...]) -> Counter[int]:
    drawn: Counter[int] = Counter()
    for draw in draws:
        for pool_id in draw.pool_ids:
            drawn[pool_id] += draw.quantity
    return drawn


def _spent(draws: tuple[Draw, ...]) -> Counter[tuple[int, int]]:
    spent: Counter[tuple[int, int]] = Counter()
    for draw in draws:
        if draw.is_new and draw.card_id is not None and draw.entitlement_no is not None:
            spent[draw.card_id, draw.entitlement_no] += draw.quantity
    return spent
