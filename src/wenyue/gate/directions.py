"""Where somebody who is not let in belongs: which refusal is told, and the visits to name beside it. Pure.

A person stands at one gate, so what is booked at this venue comes first: today's visit, then a coming day's. Only who
has nothing left here is sent to another venue. Whatever is told, the person's next visits are named with it.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from wenyue.booking import Admission, BookingState
from wenyue.gate.model import DIRECTIONS_MAX, Candidate, CardStanding, Facts, Reason, Verdict

# Of today's places here, the reason the gate keeper can do most about is told.
_MOST_USEFUL: Final = (
    Reason.MINOR_WAITS,
    Reason.NEEDS_MANUAL,
    Reason.PERSON_BANNED,
    Reason.CARD_FROZEN,
    Reason.CARD_NOT_ACTIVE,
    Reason.CARD_EXPIRED,
    Reason.CARD_DEAD,
    Reason.HELD_UNPAID,
    Reason.ALREADY_USED,
    Reason.VENUE_CLOSED,
    Reason.NOT_YET,
    Reason.EXPIRED,
    Reason.WRONG_DAY,
    Reason.WRONG_VENUE,
    Reason.CANCELLED,
    Reason.NO_BOOKING,
)
_USED_AND_OVER: Final = _MOST_USEFUL.index(Reason.EXPIRED)  # said after what is still to come today
_DIRECTED: Final = frozenset(
    {
        Reason.ALREADY_USED,
        Reason.NOT_YET,
        Reason.WRONG_DAY,
        Reason.EXPIRED,
        Reason.WRONG_VENUE,
        Reason.VENUE_CLOSED,
        Reason.CANCELLED,
        Reason.NO_BOOKING,
    }
)


def admission_window(one: Candidate) -> tuple[datetime, datetime]:
    """From when and until when (excluded) the gate admits: the session with the preset's grace."""
    opens = one.place.starts_at - timedelta(seconds=one.entry_early_s)
    return opens, one.place.ends_at + timedelta(seconds=one.entry_late_s)


def is_open_now(one: Candidate, now: datetime) -> bool:
    """Whether the gate admits to this place's session at `now`, whatever day the calendar shows since it began."""
    opens, closes = admission_window(one)
    return opens <= now < closes


def is_for_today(place: Admission, today: date, now: datetime) -> bool:
    """Whether it is a visit of `today`, or one that began on an earlier day and goes on."""
    return place.on_date == today or (place.on_date < today and now < place.ends_at)


def most_useful(verdicts: Sequence[Verdict], facts: Facts, now: datetime) -> Verdict:
    """Of several refusals, each with its place, the one to tell. Never empty."""
    return min(verdicts, key=lambda verdict: _rank(verdict, facts, now))


def directions(
    verdict: Verdict, candidates: Iterable[Candidate], facts: Facts, now: datetime
) -> tuple[Admission, ...]:
    """The next visits, at most DIRECTIONS_MAX, that the refused person can still make: today's first, then by time.

    Without the one that the verdict tells already, unless it only says that nothing is booked here.
    """
    if verdict.reason not in _DIRECTED:
        return ()
    told = None if verdict.place is None or verdict.reason is Reason.NO_BOOKING else _visit(verdict.place)
    coming: dict[tuple[int, int, datetime], Admission] = {}
    for one in sorted(candidates, key=lambda one: _when(one.place, facts.today)):
        place = one.place
        is_coming = place.state is BookingState.CONFIRMED and place.is_live and place.redeemed_at is None
        is_reachable = place.is_open and one.closed is None and now < admission_window(one)[1]
        is_coming = is_coming and one.card is CardStanding.GOOD
        if one.is_presented and is_coming and is_reachable and _visit(place) != told:
            coming.setdefault(_visit(place), place)
    return tuple(coming.values())[:DIRECTIONS_MAX]


def _visit(place: Admission) -> tuple[int, int, datetime]:
    return place.venue_id, place.product_id, place.starts_at


def _when(place: Admission, today: date) -> tuple[bool, datetime]:
    return place.on_date != today, place.starts_at


def _rank(verdict: Verdict, facts: Facts, now: datetime) -> tuple[int, int, int, datetime]:
    """Smaller is told first."""
    place = verdict.place
    if place is None:
        return 9, 0, 0, now
    days = (place.on_date - facts.today).days
    is_over = now >= place.ends_at
    group = _group(
        is_here=place.venue_id == facts.venue_id,
        is_today=is_for_today(place, facts.today, now),
        is_coming=days > 0,
        is_void=verdict.reason is Reason.CANCELLED,
        is_spent=place.redeemed_at is not None or is_over,
    )
    reason = _MOST_USEFUL.index(verdict.reason)
    if verdict.reason is Reason.ALREADY_USED and is_over:
        reason = _USED_AND_OVER
    return group, reason if group == 0 else 0, abs(days), place.starts_at


def _group(*, is_here: bool, is_today: bool, is_coming: bool, is_void: bool, is_spent: bool) -> int:
    """Here today; here another day; elsewhere today; then what was cancelled here, is gone by, or is elsewhere later."""
    if is_void:
        return (3 if is_today else 6) if is_here else 8
    if is_here:
        return 0 if is_today else 1 if is_coming and not is_spent else 4
    if is_today and not is_spent:
        return 2
    return 5 if is_coming else 7
