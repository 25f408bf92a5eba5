"""The admission decision: pure. One place at a time is judged, then the most useful answer is given."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from wenyue.booking import Admission, BookingState
from wenyue.gate.model import Candidate, CardStanding, Facts, Presented, Reason, Verdict
from wenyue.kernel.documents import age_on

_CARD: Final = {
    CardStanding.FROZEN: Reason.CARD_FROZEN,
    CardStanding.DEAD: Reason.CARD_DEAD,
    CardStanding.NOT_ACTIVE: Reason.CARD_NOT_ACTIVE,
    CardStanding.EXPIRED: Reason.CARD_EXPIRED,
}
# When every place is refused, the reason the gate keeper can do most about is told; past days come last.
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
    Reason.WRONG_VENUE,
    Reason.WRONG_DAY,
    Reason.CANCELLED,
    Reason.NO_BOOKING,
)


def decide(facts: Facts, now: datetime) -> Verdict:
    """Whether the gate opens, for which place, and if not why not. Whoever is let in must still be redeemed.

    A presentation that means several places (a party, or one person's several products) is asked about, unless the
    gate keeper said which: a second scan of one voucher never uses up somebody else's place.
    """
    nothing = _why_nothing(facts)
    if nothing is not None:
        return Verdict(nothing)
    chosen = [one for one in facts.candidates if one.is_presented and _is_chosen(one.place, facts)]
    if not chosen:
        return Verdict(Reason.NOT_IN_PARTY)
    judged = [(one, _judge(one, facts, now)) for one in chosen]
    admissible = [one.place for one, verdict in judged if verdict.is_admitted]
    if not admissible:
        return min((verdict for _, verdict in judged), key=lambda verdict: _usefulness(verdict, facts))
    waiting = [one.place for one, verdict in judged if verdict.reason is Reason.MINOR_WAITS]
    used = [one.place for one, verdict in judged if _is_used_now(one, verdict, now)]
    if len(admissible) + len(waiting) + len(used) > 1:
        return Verdict(
            Reason.CHOOSE_VISITOR, admissible[0], choices=tuple(admissible), waiting=tuple(waiting)
        )
    return Verdict(Reason.ADMIT, admissible[0])


def admission_window(one: Candidate) -> tuple[datetime, datetime]:
    """From when and until when (excluded) the gate admits: the session with the preset's grace."""
    opens = one.place.starts_at - timedelta(seconds=one.entry_early_s)
    return opens, one.place.ends_at + timedelta(seconds=one.entry_late_s)


def _why_nothing(facts: Facts) -> Reason | None:
    """What was presented leads to no place at all."""
    if facts.problem is not None:
        return facts.problem
    if facts.card is not CardStanding.GOOD:
        return _CARD[facts.card]
    if facts.is_ambiguous:
        return Reason.NEEDS_MANUAL
    if facts.candidates:
        return None
    is_identity = facts.presented in (Presented.DOCUMENT, Presented.CARD)
    return Reason.NO_BOOKING if is_identity else Reason.UNKNOWN_CODE


def _is_chosen(place: Admission, facts: Facts) -> bool:
    return facts.visitor_no in (None, place.visitor_no) and facts.line_no in (None, place.line_no)


def _judge(one: Candidate, facts: Facts, now: datetime) -> Verdict:
    """The verdict on one place alone."""
    place = one.place
    if place.state is BookingState.HELD:
        return Verdict(Reason.HELD_UNPAID, place)
    if place.state in (BookingState.CANCELLED, BookingState.EXPIRED) or not place.is_live:
        return Verdict(Reason.CANCELLED, place)
    if place.venue_id != facts.venue_id:
        is_here_for_it = facts.presented is not Presented.DOCUMENT or place.on_date == facts.today
        return Verdict(Reason.WRONG_VENUE if is_here_for_it else Reason.NO_BOOKING, place)
    if place.redeemed_at is not None:
        gate = place.redeemed_gate or ""
        return Verdict(Reason.ALREADY_USED, place, place.redeemed_at, gate, place.redemption_id)
    if one.closed is not None or not place.is_open:
        return Verdict(Reason.VENUE_CLOSED, place)
    return _judge_time(one, facts, now) or _judge_person(one, facts) or Verdict(Reason.ADMIT, place)


def _judge_time(one: Candidate, facts: Facts, now: datetime) -> Verdict | None:
    place = one.place
    opens, closes = admission_window(one)
    if now >= closes or place.state is BookingState.NO_SHOW:
        return Verdict(Reason.EXPIRED, place, closes)
    if now < opens:
        return Verdict(Reason.NOT_YET if place.on_date == facts.today else Reason.WRONG_DAY, place, opens)
    return None


def _judge_person(one: Candidate, facts: Facts) -> Verdict | None:
    place = one.place
    # Who shows the document is the person, with or without the lost card; anyone else may be its finder.
    has_card_problem = one.card is not CardStanding.GOOD
    if has_card_problem and not (one.card is CardStanding.FROZEN and facts.presented is Presented.DOCUMENT):
        return Verdict(_CARD[one.card], place)
    if place.person_key is not None and place.person_key in facts.banned:
        return Verdict(Reason.PERSON_BANNED, place)
    if not _is_minor(one):
        return None
    adults = [other for other in _company(one, facts.candidates) if not _is_minor(other)]
    if any(adult.place.redeemed_at is not None for adult in adults):
        return None
    return Verdict(Reason.MINOR_WAITS if adults else Reason.NEEDS_MANUAL, place)


def _is_minor(one: Candidate) -> bool:
    """Full years on the day of the visit, not today. A document without a birth date is taken for an adult's."""
    if one.birth is None or one.minor_age_max is None:
        return False
    return age_on(one.birth, one.place.on_date) <= one.minor_age_max


def _company(one: Candidate, candidates: Sequence[Candidate]) -> Iterable[Candidate]:
    """The other live places of the same line."""
    place = one.place
    for other in candidates:
        same_line = (other.place.booking_id, other.place.line_no) == (place.booking_id, place.line_no)
        if same_line and other.place.is_live and other.place.visitor_no != place.visitor_no:
            yield other


def _is_used_now(one: Candidate, verdict: Verdict, now: datetime) -> bool:
    opens, closes = admission_window(one)
    return verdict.reason is Reason.ALREADY_USED and opens <= now < closes


def _usefulness(verdict: Verdict, facts: Facts) -> tuple[bool, int, int]:
    days = abs((verdict.place.on_date - facts.today).days) if verdict.place else 0
    is_past = verdict.place is not None and verdict.place.on_date < facts.today
    return is_past, _MOST_USEFUL.index(verdict.reason), days
