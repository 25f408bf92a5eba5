"""Where somebody who is not let in belongs: the day and the place that are right, of any line of any booking."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gate.test_rules import PLACE
from wenyue.booking import Admission, BookingState
from wenyue.gate.directions import directions
from wenyue.gate.model import DIRECTIONS_MAX, Candidate, CardStanding, Facts, Presented, Reason, Verdict
from wenyue.gate.rules import decide

HOTEL, RESTAURANT, PALACE, PARK = 1, 2, 3, 4
FIRST = date(2026, 11, 29)


def at(days: int, hour: int) -> datetime:
    """The wall clock in Shanghai so many days after the twenty-ninth of November."""
    return datetime(2026, 11, 29, tzinfo=UTC) + timedelta(days=days, hours=hour - 8)


def line(line_no: int, venue_id: int, days: int, hours: tuple[int, int], **changes: Any) -> Candidate:
    place = replace(
        PLACE,
        line_no=line_no,
        venue_id=venue_id,
        product_id=venue_id,
        on_date=FIRST + timedelta(days=days),
        starts_at=at(days, hours[0]),
        ends_at=at(days, hours[1]),
    )
    return Candidate(replace(place, **changes), birth=date(1990, 1, 1))


NIGHT, DINNER, DAY = (14, 36), (18, 20), (8, 17)
TRIP = (
    line(0, HOTEL, 1, NIGHT),
    line(1, HOTEL, 2, NIGHT),
    line(2, RESTAURANT, 2, DINNER),
    line(3, PALACE, 3, DAY),
)


def told(
    venue_id: int,
    now: datetime,
    *candidates: Candidate,
    presented: Presented = Presented.VOUCHER,
    card: CardStanding = CardStanding.GOOD,
) -> tuple[Verdict, tuple[Admission, ...]]:
    today = (now + timedelta(hours=8)).date()
    facts = Facts(presented, venue_id, today, candidates=candidates or TRIP, card=card)
    verdict = decide(facts, now)
    return verdict, directions(verdict, facts.candidates, facts, now)


ANSWERS: list[tuple[int, datetime, tuple[Reason, int, list[int]]]] = [
    (HOTEL, at(0, 15), (Reason.WRONG_DAY, 0, [1, 2, 3])),
    (PALACE, at(0, 15), (Reason.WRONG_DAY, 3, [0, 1, 2])),
    (RESTAURANT, at(0, 15), (Reason.WRONG_DAY, 2, [0, 1, 3])),
    (HOTEL, at(1, 9), (Reason.NOT_YET, 0, [1, 2, 3])),
    (PALACE, at(1, 15), (Reason.WRONG_DAY, 3, [0, 1, 2])),
    (PARK, at(1, 15), (Reason.WRONG_VENUE, 0, [1, 2, 3])),
    (PARK, at(2, 18), (Reason.WRONG_VENUE, 1, [2, 3])),
    (PARK, at(3, 18), (Reason.WRONG_VENUE, 3, [])),
    (HOTEL, at(3, 13), (Reason.WRONG_VENUE, 3, [])),
]


@pytest.mark.parametrize("presented", [Presented.VOUCHER, Presented.DOCUMENT, Presented.CARD])
@pytest.mark.parametrize(("venue_id", "now", "answer"), ANSWERS)
def test_ux_G1_the_day_and_the_place_that_are_right(
    venue_id: int, now: datetime, answer: tuple[Reason, int, list[int]], presented: Presented
) -> None:
    verdict, also = told(venue_id, now, presented=presented)
    assert verdict.place is not None
    assert (verdict.reason, verdict.place.line_no, [one.line_no for one in also]) == answer


USED = {"redeemed_at": at(3, 9), "redeemed_gate": "午门"}


@pytest.mark.parametrize(
    ("candidates", "reason", "line_no", "others"),
    [
        ((line(0, PALACE, 3, DAY, **USED), line(1, PARK, 3, DAY)), Reason.ALREADY_USED, 0, [1]),
        ((line(0, PALACE, 3, (8, 9), **USED), line(1, PALACE, 3, (18, 20))), Reason.NOT_YET, 1, []),
        ((line(0, PALACE, 3, (8, 9)), line(1, PALACE, 4, DAY)), Reason.EXPIRED, 0, [1]),
        ((line(0, PALACE, 2, DAY, **USED), line(1, PARK, 3, DAY)), Reason.WRONG_VENUE, 1, []),
        ((line(0, PALACE, 2, DAY, **USED), line(1, PARK, 5, DAY)), Reason.ALREADY_USED, 0, [1]),
        ((line(0, PALACE, 3, DAY, is_live=False), line(1, PARK, 3, DAY)), Reason.WRONG_VENUE, 1, []),
        ((line(0, PALACE, 3, DAY, is_live=False), line(1, PARK, 5, DAY)), Reason.CANCELLED, 0, [1]),
        ((line(0, PALACE, 3, DAY, is_live=False), line(1, PALACE, 5, DAY)), Reason.WRONG_DAY, 1, []),
        ((line(0, PARK, 3, DAY, state=BookingState.HELD), line(1, PALACE, 5, DAY)), Reason.WRONG_DAY, 1, []),
        ((line(0, PARK, 3, DAY, is_live=False),), Reason.CANCELLED, 0, []),
        ((line(0, PARK, 5, DAY),), Reason.NO_BOOKING, 0, [0]),
    ],
    ids=[
        "used here, another place today",
        "used and over, again in the evening",
        "too late, again tomorrow",
        "used yesterday, elsewhere today",
        "used yesterday, elsewhere later",
        "cancelled here, elsewhere today",
        "cancelled here, elsewhere later",
        "moved to another day",
        "only held elsewhere, booked here",
        "all cancelled, elsewhere",
        "nothing here, elsewhere later",
    ],
)
def test_ux_G1_used_cancelled_and_several_lines(
    candidates: tuple[Candidate, ...], reason: Reason, line_no: int, others: list[int]
) -> None:
    verdict, also = told(PALACE, at(3, 12), *candidates, presented=Presented.DOCUMENT)
    assert verdict.place is not None
    assert (verdict.reason, verdict.place.line_no) == (reason, line_no)
    assert [one.line_no for one in also] == others


@given(
    st.lists(
        st.tuples(st.sampled_from([HOTEL, PALACE, PARK]), st.integers(-3, 20), st.booleans(), st.booleans()),
        min_size=1,
        max_size=12,
    )
)
def test_ux_G1_nobody_is_sent_away_who_has_a_visit_here(
    lines: list[tuple[int, int, bool, bool]],
) -> None:
    candidates = [
        line(number, venue_id, days, DAY, is_live=is_live, **(USED if is_used else {}))
        for number, (venue_id, days, is_live, is_used) in enumerate(lines)
    ]
    now = at(0, 7)
    verdict, also = told(PALACE, now, *candidates)
    usable = [one.place for one in candidates if one.place.is_live and one.place.redeemed_at is None]
    here = [one for one in usable if one.venue_id == PALACE and one.on_date >= FIRST]
    assert len(also) <= DIRECTIONS_MAX
    assert all(one in usable and one.ends_at > now for one in also)
    assert verdict.place is not None
    if here:
        used_today = [one.place for one in candidates if one.place.redeemed_at and one.place.is_live]
        is_used_today = any(one.venue_id == PALACE and one.on_date == FIRST for one in used_today)
        nearest = min(here, key=lambda one: one.on_date)
        assert verdict.place.venue_id == PALACE
        if not is_used_today:
            assert verdict.place.on_date == nearest.on_date
            assert verdict.reason is (Reason.NOT_YET if nearest.on_date == FIRST else Reason.WRONG_DAY)
    elif any(one.on_date == FIRST for one in usable) and verdict.reason is not Reason.ALREADY_USED:
        assert (verdict.reason, verdict.place.on_date) == (Reason.WRONG_VENUE, FIRST)


def test_rules_R1_the_last_night_of_a_card_is_entered_after_midnight() -> None:
    night = line(0, HOTEL, 1, NIGHT)
    for presented in (Presented.CARD, Presented.VOUCHER):
        verdict, _ = told(HOTEL, at(2, 1), night, presented=presented, card=CardStanding.EXPIRED)
        assert verdict.reason is Reason.ADMIT
    over, _ = told(HOTEL, at(2, 13), night, presented=Presented.CARD, card=CardStanding.EXPIRED)
    assert over.reason is Reason.CARD_EXPIRED
    elsewhere, _ = told(PARK, at(2, 1), night, presented=Presented.CARD, card=CardStanding.EXPIRED)
    assert elsewhere.reason is Reason.CARD_EXPIRED


def test_rules_R1_a_ban_that_ends_at_midnight_counts_for_the_visit_that_began_before() -> None:
    night = line(0, HOTEL, 1, NIGHT)

    def verdict(until: datetime, now: datetime) -> Reason:
        facts = Facts(
            Presented.VOUCHER, HOTEL, FIRST + timedelta(days=2), candidates=(night,), banned={b"p0": until}
        )
        return decide(facts, now).reason

    assert verdict(at(2, 0), at(2, 1)) is Reason.PERSON_BANNED
    assert verdict(at(1, 14), at(2, 1)) is Reason.ADMIT
    assert verdict(at(3, 0), at(2, 1)) is Reason.PERSON_BANNED


def test_rules_R1_age_is_that_of_the_day_of_the_visit() -> None:
    night = replace(line(0, HOTEL, 1, NIGHT), birth=date(2011, 12, 1), minor_age_max=14)
    verdict, _ = told(
        HOTEL, at(2, 1), night
    )  # fifteen since midnight: a minor's booking, and nobody comes along
    assert verdict.reason is Reason.NEEDS_MANUAL
