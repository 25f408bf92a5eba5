"""The admission decision: pure. One place at a time is judged, then the most useful answer is given."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from wenyue.booking import Admission, BookingState
from wenyue.core.documents import age_on
from wenyue.gate.directions import admission_window, is_for_today, is_open_now, most_useful
from wenyue.gate.model import Candidate, CardStanding, Facts, Presented, Reason, Verdict

_CARD: Final = {
    CardStanding.FROZEN: Reason.CARD_FROZEN,
    CardStanding.DEAD: Reason.CARD_DEAD,
    CardStanding.NOT_ACTIVE: Reason.CARD_NOT_ACTIVE,
    CardStanding.EXPIRED: Reason.CARD_EXPIRED,
}


def decide(facts: Facts, now: datetime) -> Verdict:
    """Whether the gate opens, for which place, and if not why not. Whoever is let in must still be redeemed.

    A presentation that means several places (a party, or one person's several products) is asked about, unless the
    gate keeper said which: a second scan of one voucher never uses up somebody else's place. Of a number that several
    persons have, not even the only admissible place is taken without asking. A withheld place is never taken, and nothing
    but that there is one today is told: whoever has the document shows it.
    """
    nothing = _why_nothing(facts, now)
    if nothing is not None:
        return Verdict(nothing)
    chosen = [one for one in facts.candidates if one.is_presented and _is_chosen(one.place, facts)]
    if not chosen:
        return Verdict(Reason.SHOW_DOCUMENT if _is_withheld_today(facts, now) else Reason.NOT_IN_PARTY)
    judged = [(one, _judge(one, facts, now)) for one in chosen]
    admissible = [one.place for one, verdict in judged if verdict.is_admitted]
    if not admissible and _is_withheld_now(facts, now):
        return Verdict(Reason.SHOW_DOCUMENT)
    if not admissible:
        return most_useful([verdict for _, verdict in judged], facts, now)
    waiting = [one.place for one, verdict in judged if verdict.reason is Reason.MINOR_WAITS]
    used = [one.place for one, verdict in judged if _is_used_now(one, verdict, now)]
    if facts.is_shared_number or len(admissible) + len(waiting) + len(used) > 1:
        return Verdict(
            Reason.CHOOSE_VISITOR, admissible[0], choices=tuple(admissible), waiting=tuple(waiting)
        )
    return Verdict(Reason.ADMIT, admissible[0])


def _why_nothing(facts: Facts, now: datetime) -> Reason | None:
    """What was presented leads to no place at all.

    A card whose last day was yesterday still stands for the night or the session that began yesterday: like the
    booking, the gate asks whether the card is valid on the day of the visit, and whoever comes after midnight is
    judged by the place.
    """
    if facts.problem is not None:
        return facts.problem
    is_night_left = facts.card is CardStanding.EXPIRED and any(
        one.is_presented and one.place.venue_id == facts.venue_id and is_open_now(one, now)
        for one in facts.candidates
    )
    if facts.card is not CardStanding.GOOD and not is_night_left:
        return _CARD[facts.card]
    if facts.is_ambiguous:
        return Reason.NEEDS_MANUAL
    if any(not one.is_withheld for one in facts.candidates):
        return None
    if _is_withheld_today(facts, now):
        return Reason.SHOW_DOCUMENT
    is_identity = facts.presented in (Presented.DOCUMENT, Presented.CARD)
    return Reason.NO_BOOKING if is_identity else Reason.UNKNOWN_CODE


def _is_withheld_today(facts: Facts, now: datetime) -> bool:
    """Whether somebody booked a place here today for whoever has the document."""
    return any(
        one.is_withheld
        and _is_chosen(one.place, facts)
        and one.place.is_live
        and one.place.venue_id == facts.venue_id
        and is_for_today(one.place, facts.today, now)
        for one in facts.candidates
    )


def _is_withheld_now(facts: Facts, now: datetime) -> bool:
    """Whether the document would open the gate now to such a place."""
    held = [one for one in facts.candidates if one.is_withheld and _is_chosen(one.place, facts)]
    return any(_judge(one, facts, now).is_admitted for one in held)


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
        is_here_for_it = facts.presented is not Presented.DOCUMENT or is_for_today(place, facts.today, now)
        return Verdict(Reason.WRONG_VENUE if is_here_for_it else Reason.NO_BOOKING, place)
    if place.redeemed_at is not None:
        gate = place.redeemed_gate or ""
        return Verdict(Reason.ALREADY_USED, place, place.redeemed_at, gate, place.redemption_id)
    if one.closed is not None or not place.is_open:
        return Verdict(Reason.VENUE_CLOSED, place)
    return _judge_time(one, facts, now) or _judge_person(one, facts, now) or Verdict(Reason.ADMIT, place)


def _judge_time(one: Candidate, facts: Facts, now: datetime) -> Verdict | None:
    place = one.place
    opens, closes = admission_window(one)
    if now >= closes or place.state is BookingState.NO_SHOW:
        return Verdict(Reason.EXPIRED, place, closes)
    if now < opens:
        return Verdict(Reason.NOT_YET if place.on_date == facts.today else Reason.WRONG_DAY, place, opens)
    return None


def _judge_person(one: Candidate, facts: Facts, now: datetime) -> Verdict | None:
    place = one.place
    # Who shows the document is the person, with or without the lost card; anyone else may be its finder.
    has_card_problem = one.card is not CardStanding.GOOD
    if has_card_problem and not (one.card is CardStanding.FROZEN and facts.presented is Presented.DOCUMENT):
        return Verdict(_CARD[one.card], place)
    until = facts.banned.get(place.person_key) if place.person_key is not None else None
    if until is not None and until > min(
        now, place.starts_at
    ):  # of the visit: midnight does not lift it halfway
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
    return verdict.reason is Reason.ALREADY_USED and is_open_now(one, now)
