"""What becomes of each booking of a batch of another system's: by its key, by what is here, by the places that are left. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from wenyue.booking.slots.differing import DRAWING, Difference, Step, StoredBooking, differences, step_of
from wenyue.booking.slots.imported import ImportedBooking, ImportOutcome
from wenyue.imports.keys import fold_key, loose_key

_NAMED: Final = "k:"  # a key that the old system gave; others are digests of whole rows


class Alike(NamedTuple):
    """What an earlier run brought under a key that is, or may be, a row's."""

    source_key: str
    id: UUID
    body_hash: bytes


@dataclass(slots=True)
class Places:
    """Places left by pool, and which pools grow when there are none; both change as bookings are judged."""

    left: dict[int, int]
    growing: frozenset[int] = frozenset()
    grown: Counter[int] = field(default_factory=Counter[int])

    def take(self, wanted: Mapping[int, int]) -> bool:
        """Take these (negative: give back); False, and nothing is taken, when a pool that does not grow lacks them."""
        lacking = {pool_id: n - self.left.get(pool_id, 0) for pool_id, n in wanted.items() if n > 0}
        short = {pool_id: n for pool_id, n in lacking.items() if n > 0}
        if not short.keys() <= self.growing:
            return False
        for pool_id, n in short.items():
            self.left[pool_id] = self.left.get(pool_id, 0) + n
            self.grown[pool_id] += n
        for pool_id, n in wanted.items():
            self.left[pool_id] = self.left.get(pool_id, 0) - n
        return True


class Judged(NamedTuple):
    """What became of one. `id`: of the booking here; `said`: what differs; `rival`: the key of another that may be meant."""

    outcome: ImportOutcome
    id: UUID
    step: Step = Step.NOTHING
    said: tuple[Difference, ...] = ()
    rival: str = ""


def folded(source_key: str) -> str:
    """A stored key by the rule of today: one that an earlier release stored as it stood is the same as a row's now."""
    return _NAMED + fold_key(source_key[len(_NAMED) :]) if source_key.startswith(_NAMED) else source_key


def known_of(
    bookings: Sequence[ImportedBooking], alike: Sequence[Alike]
) -> tuple[dict[str, Alike], dict[str, str]]:
    """Of these bookings' keys: what an earlier run brought under the same, and the key of one that may be the same number."""
    same: dict[str, Alike] = {}
    loose: dict[str, str] = {}
    for one in alike:
        key = folded(one.source_key)
        same[key] = one
        if key.startswith(_NAMED):
            loose[loose_key(key[len(_NAMED) :])] = one.source_key
    rivals: dict[str, str] = {}
    for row in bookings:
        key = row.source_key
        if key not in same and key.startswith(_NAMED) and (found := loose.get(loose_key(key[len(_NAMED) :]))):
            rivals[key] = found
    return same, rivals


def judge(
    bookings: Sequence[ImportedBooking],
    alike: Sequence[Alike],
    stored: Mapping[UUID, StoredBooking],
    places: Places,
    today: date,
) -> list[Judged]:
    """The outcome of each booking, in order. `stored`: those of the known ones whose rows say something else now."""
    same, rivals = known_of(bookings, alike)
    found: list[Judged] = []
    for row in bookings:
        known = same.get(row.source_key)
        if known is not None:
            found.append(_again(row, known, stored, places, today))
        elif row.source_key in rivals:
            found.append(Judged(ImportOutcome.AMBIGUOUS, row.id, rival=rivals[row.source_key]))
        else:
            outcome = ImportOutcome.WRITTEN if places.take(drawn(row)) else ImportOutcome.SOLD_OUT
            found.append(Judged(outcome, row.id))
    return found


def _again(
    row: ImportedBooking,
    known: Alike,
    stored: Mapping[UUID, StoredBooking],
    places: Places,
    today: date,
) -> Judged:
    here = stored.get(known.id)
    if here is None:
        return Judged(ImportOutcome.KNOWN, known.id)
    step, said = step_of(here, row, today), differences(here, row)
    match step:
        case Step.NOTHING:
            return Judged(ImportOutcome.KNOWN, known.id)
        case Step.LEAVE:
            return Judged(ImportOutcome.CHANGED, known.id, step, said)
        case Step.CANCEL:
            places.take({pool_id: -n for pool_id, n in here.drawn.items()})
            return Judged(ImportOutcome.CANCELLED, known.id, step, said)
        case Step.SETTLE:
            return Judged(ImportOutcome.UPDATED, known.id, step, said)
        case Step.REPLACE:
            wanted = Counter(drawn(row))
            wanted.subtract(here.drawn)
            fits = places.take(wanted)
            return Judged(
                ImportOutcome.UPDATED if fits else ImportOutcome.SOLD_OUT,
                known.id,
                step if fits else Step.LEAVE,
                said,
            )


def drawn(one: ImportedBooking) -> dict[int, int]:
    """Places that the booking takes, by pool; nothing unless it is confirmed, or a no-show: those places stood empty."""
    wanted: dict[int, int] = {}
    if one.state in DRAWING:
        for line in one.lines:
            for pool_id in line.draw.pool_ids:
                wanted[pool_id] = wanted.get(pool_id, 0) + line.quantity
    return wanted
