"""What a gate says of visits at other venues. Pure.

A document or card number can be typed by whoever knows it. So a keeper learns where else somebody goes only where they may act,
and else no more than that something is booked elsewhere today – and that only while few such numbers were typed in vain. A
voucher or a booking's code is shown by whose it is, and says where it belongs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from wenyue.booking import Admission
from wenyue.core.limits import LOOKUPS_PER_DAY, LOOKUPS_PER_MINUTE
from wenyue.gate.directions import is_for_today
from wenyue.gate.model import Facts, Presented, Reason, ScanRequest, Verdict

_TYPED: Final = frozenset({Presented.DOCUMENT, Presented.CARD})
_ASKABLE: Final = _TYPED | {Presented.CODE}  # what is typed to see what it says
_IN_VAIN: Final = frozenset(
    {
        Reason.NO_BOOKING,
        Reason.WRONG_VENUE,
        Reason.UNKNOWN_CODE,
        Reason.CARD_FROZEN,
        Reason.CARD_DEAD,
        Reason.CARD_NOT_ACTIVE,
        Reason.CARD_EXPIRED,
    }
)


@dataclass(frozen=True, slots=True)
class Told:
    """The verdict and the other visits as this keeper sees them; `is_elsewhere`: something is booked elsewhere today."""

    verdict: Verdict
    others: tuple[Admission, ...]
    is_elsewhere: bool = False


def is_in_vain(verdict: Verdict, facts: Facts, *, is_well_formed: bool) -> bool:
    """A number or code that leads to nothing at this venue: it counts as a look-up of the keeper, and as a sign of the gate's.

    `is_well_formed`: what was presented could be a code or a card's number; then it counts though nobody was given it.
    """
    if facts.presented is Presented.NOTHING:
        return is_well_formed
    is_away = verdict.place is not None and verdict.place.venue_id != facts.venue_id
    return facts.presented in _ASKABLE and (verdict.reason in _IN_VAIN or is_away)


def are_few(in_minute: int, in_day: int) -> bool:
    """Whether so many numbers in vain are within the limits of looking up."""
    return in_minute < LOOKUPS_PER_MINUTE and in_day < LOOKUPS_PER_DAY


def told(
    request: ScanRequest,
    facts: Facts,
    verdict: Verdict,
    others: Sequence[Admission],
    *,
    is_few: bool,
) -> Told:
    """What is told. `is_few` False: nothing about other venues, whoever asks."""
    if facts.presented not in _TYPED:
        return Told(verdict, tuple(others))

    def is_shown(place: Admission) -> bool:
        is_allowed = request.venue_ids is None or place.venue_id in request.venue_ids
        return place.venue_id == request.venue_id or (is_few and is_allowed)

    hidden = [one for one in others if not is_shown(one)]
    place = verdict.place
    if place is not None and not is_shown(place):
        if verdict.reason is Reason.WRONG_VENUE:
            hidden.append(place)
        verdict = replace(verdict, reason=Reason.NO_BOOKING, place=None, at=None, gate="", scan_id=None)
    is_elsewhere = is_few and any(is_for_today(one, facts.today, one.starts_at) for one in hidden)
    return Told(verdict, tuple(one for one in others if is_shown(one)), is_elsewhere)
