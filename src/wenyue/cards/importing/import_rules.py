"""What a list of another system means for the cards here: the first time, and when a later list says something else. Pure.

`Said` is what one row says, field by field, as it is compared and kept: texts, of people keyed hashes. A field that the row
does not say is not in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from wenyue.cards.dates import validity_end, validity_window
from wenyue.cards.model import CardRules, CardState
from wenyue.cards.people import Validity

Said = Mapping[str, str]
HELD: Final = frozenset({CardState.ACTIVE, CardState.FROZEN, CardState.EXPIRED})  # they have a holder
_UNUSED: Final = frozenset({CardState.PRINTED, CardState.SHIPPED})
_NEVER_CHANGED: Final = frozenset({"type", "holder"})


@dataclass(frozen=True, slots=True)
class Difference:
    """Fields of a row that say something else than the last time: `applied` here, or `kept` as it is here, and reported."""

    applied: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()


def difference(base: Said, said: Said, here: Said) -> Difference:
    """What a row changes, where an earlier import left `base` of a card that is `here` now.

    Only what still is as it was left is changed; what the installation has already is no difference.
    """
    applied, kept = set[str](), set[str]()
    for name, wanted in said.items():
        before, now = base.get(name), here.get(name, "")
        if wanted in {before, now}:
            continue
        is_as_left = now == before if before is not None else not now
        is_possible = name not in _NEVER_CHANGED and (name != "state" or _may_become(now, wanted))
        (applied if is_as_left and is_possible else kept).add(name)
    return Difference(frozenset(applied), frozenset(kept))


def _may_become(now: str, wanted: str) -> bool:
    """A card that was in use, or is at its end, is not handed out anew; a replaced number is one of another card."""
    before, after = CardState[now.upper()], CardState[wanted.upper()]
    if CardState.REPLACED in {before, after}:
        return False
    return after not in _UNUSED or before in _UNUSED


def brought_validity(
    rules: CardRules, *, first: date | None, last: date | None, issued: date | None, today: date
) -> Validity | None:
    """First and last day of a card in use that comes from elsewhere; None: the list does not say enough.

    What the list says counts. What it leaves out follows from the type where the type alone decides it.
    """
    starts = rules.validity.starts
    if first is not None:
        return Validity(first, last or validity_end(rules.validity, first))
    if starts == "first_use":
        return Validity(None, last or rules.validity.until)
    if last is not None:
        return Validity(min(issued or today, last), last)
    if starts == "fixed" or (starts == "issue" and issued is not None):
        return Validity(*validity_window(rules, issued or today, today))
    return None


def may_be_handed_over(here: CardState, said: CardState) -> bool:
    """Whether a card that had no holder gets one by a later list."""
    return here in _UNUSED and said in HELD
