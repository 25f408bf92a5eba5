"""What became of each row of a file of bookings, once its batch was decided. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from wenyue.booking.slots.importing import ImportOutcome, Judged
from wenyue.imports.bookings import Entry, Verdict
from wenyue.imports.reading import Row, shown
from wenyue.imports.refusals import Reason, Refusal
from wenyue.locale import Message

_VERDICTS: Final = {
    ImportOutcome.WRITTEN: Verdict.IMPORTED,
    ImportOutcome.KNOWN: Verdict.ALREADY,
    ImportOutcome.CHANGED: Verdict.CHANGED,
    ImportOutcome.UPDATED: Verdict.UPDATED,
    ImportOutcome.CANCELLED: Verdict.CANCELLED,
}
_SOLD_OUT_FIX: Final = Message(
    "a date of this booking is full: raise the product's capacity in the map, or its pools'"
)
_RIVAL_FIX: Final = Message(
    "an earlier file brought {key}, which differs by signs or zeros only: write the same booking's number one way, or tell "
    "different bookings apart"
)


@dataclass(frozen=True, slots=True)
class BroughtRow:
    """One row. `booking_id`: of the booking that it is, or `refusal`; `differs`: what it says that the booking did not."""

    row: Row
    key: str
    verdict: Verdict
    booking_id: UUID | None = None
    refusal: Refusal | None = None
    differs: tuple[str, ...] = ()


def verdicts(part: Sequence[Entry], judged: Sequence[Judged]) -> Iterator[BroughtRow]:
    """Of every row of these bookings, in order. `judged`: of those that were understood."""
    answers = iter(judged)
    for entry in part:
        if not entry.parts:
            for row, refusal in zip(entry.rows, entry.refusals, strict=True):
                yield BroughtRow(row, entry.key, Verdict.REFUSED, refusal=refusal)
            continue
        one = next(answers)
        refusal = _refusal(entry, one)
        for row in entry.rows:
            if refusal is not None:
                yield BroughtRow(row, entry.key, Verdict.REFUSED, refusal=refusal)
            else:
                said = tuple(str(difference) for difference in one.said)
                yield BroughtRow(row, entry.key, _VERDICTS[one.outcome], one.id, differs=said)


def _refusal(entry: Entry, one: Judged) -> Refusal | None:
    if one.outcome is ImportOutcome.SOLD_OUT:
        first = entry.parts[0]
        return Refusal(Reason.SOLD_OUT, "", f"{first.arrival.isoformat()} + {first.nights}", _SOLD_OUT_FIX)
    if one.outcome is ImportOutcome.AMBIGUOUS:
        fix = _RIVAL_FIX.filled(key=repr(shown(one.rival.removeprefix("k:"))))
        return Refusal(Reason.KEY_AMBIGUOUS, "", shown(entry.key.removeprefix("k:")), fix)
    return None
