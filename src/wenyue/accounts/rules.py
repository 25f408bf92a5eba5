"""Which names speak for a person whose document was seen: pure.

One member of staff who notes what they like must not fill somebody's names. So each stands for few names of one document, and a
name that two of them saw, or that the person says themselves, takes the place of one that a single member of staff saw.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum

from wenyue.core.limits import (
    KNOWN_NAMES_MAX,
    NAMES_OF_WITNESS_MAX,
    NAMES_SEEN_PER_DAY,
    NAMES_WAITING_MAX,
)


class Weight(IntEnum):
    """How well a name is known; a heavier one takes the place of a lighter one."""

    ONE = 0  # one member of staff saw it, or nobody knows who did
    HOLDER = 1  # the person says so, whose document was seen
    TWO = 2  # two members of staff saw it


@dataclass(frozen=True, slots=True)
class SeenName:
    """A name of a person. `seen_at`: since when it speaks for them, None: it does not. `struck_at`: an operator struck it."""

    key: bytes
    seen_at: datetime | None = None
    seen_by: int | None = None
    second_by: int | None = None
    noted_at: datetime | None = None
    holder_at: datetime | None = None
    struck_at: datetime | None = None

    @property
    def weight(self) -> Weight:
        """How well it is known."""
        if self.second_by is not None:
            return Weight.TWO
        return Weight.ONE if self.holder_at is None else Weight.HOLDER

    def is_by(self, staff_id: int) -> bool:
        """Whether this member of staff saw it."""
        return staff_id in (self.seen_by, self.second_by)


@dataclass(frozen=True, slots=True)
class Noted:
    """`row`: what is kept of the name, None: nothing new. `silenced`: the name whose place it takes. `is_noted`: it speaks."""

    row: SeenName | None
    silenced: SeenName | None
    is_noted: bool


def note_name(
    known: Sequence[SeenName], key: bytes, staff_id: int | None, now: datetime, *, of_day: int
) -> Noted:
    """A member of staff saw the name `key` on the document, or (None) its proved holder says it. `known`: the person's names.

    `of_day`: how many names this member of staff noted in the last day, of everybody.
    """
    before = next((one for one in known if one.key == key), SeenName(key))
    others = [one for one in known if one.key != key]
    name = _witnessed(before, others, staff_id, now, of_day)
    if name is None:
        return Noted(None, None, before.seen_at is not None)
    if name.seen_at is not None:
        return Noted(name if name != before else None, None, is_noted=True)
    speaking = [one for one in others if one.seen_at is not None]
    if len(speaking) < KNOWN_NAMES_MAX:
        return Noted(replace(name, seen_at=now), None, is_noted=True)
    least = min(speaking, key=lambda one: (one.weight, one.seen_at))
    if least.weight < name.weight:
        return Noted(replace(name, seen_at=now), least, is_noted=True)
    waiting = [one for one in others if one.seen_at is None and one.struck_at is None]
    is_kept = staff_id is not None and len(waiting) < NAMES_WAITING_MAX and name != before
    return Noted(name if is_kept else None, None, is_noted=False)


def _witnessed(
    name: SeenName, others: Sequence[SeenName], staff_id: int | None, now: datetime, of_day: int
) -> SeenName | None:
    """The name with this witness; None when their word adds nothing."""
    if staff_id is None:
        return replace(name, holder_at=name.holder_at or now, struck_at=None)
    if name.is_by(staff_id):
        return None if name.struck_at is not None else name
    if sum(one.is_by(staff_id) for one in others) >= NAMES_OF_WITNESS_MAX or of_day >= NAMES_SEEN_PER_DAY:
        return None
    if name.seen_by is None or name.struck_at is not None:
        return replace(name, seen_by=staff_id, second_by=None, noted_at=now, struck_at=None)
    return replace(name, second_by=name.second_by or staff_id)
