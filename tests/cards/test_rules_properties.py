"""What a card pays for, over random rules and histories: no limit broken, no order that matters, the smallest refusal."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.card_rules import (
    DAY,
    HOLDER,
    LAKE,
    MOUNTAIN,
    STRANGER,
    ask,
    card_of,
    pools,
    rules_of,
    want,
)
from wenyue.cards import CardRefusal, CardRules, CardState, Use

days = st.integers(0, 60).map(lambda n: DAY + timedelta(days=n))


@st.composite
def limit_lists(draw: st.DrawFn) -> list[dict[str, Any]]:
    one = st.tuples(
        st.integers(1, 4),
        st.sampled_from(["day", "week", "month", "card"]),
        st.sampled_from(["venue", "all"]),
    )
    return [{"max": most, "per": per, "by": by} for most, per, by in draw(st.lists(one, max_size=2))]


@st.composite
def random_rules(draw: st.DrawFn) -> CardRules:
    own = [
        {
            "granted": draw(st.none() | st.integers(1, 5)),
            "limits": draw(limit_lists()),
            "interval_days": draw(st.sampled_from([0, 0, 1, 3])),
        }
        for _ in range(draw(st.integers(1, 3)))
    ]
    return rules_of(entitlements=pools(*own), limits=draw(limit_lists()), party_max=draw(st.integers(1, 3)))


requests = st.lists(st.tuples(st.sampled_from([LAKE, MOUNTAIN]), days, st.integers(1, 3)), max_size=40)


def period(per: str, day: date) -> object:
    keys = {"day": day, "week": day.isocalendar()[:2], "month": (day.year, day.month), "card": None}
    return keys[per]


def assert_limits(rules: CardRules, uses: list[Use]) -> None:
    """The naive reading: group every use by period and venue, and no group is larger than its limit."""
    scopes = [(rules.limits, uses)] + [
        (rule.limits, [use for use in uses if use.entitlement_no == no])
        for no, rule in enumerate(rules.entitlements)
    ]
    for own_limits, counted in scopes:
        for limit in own_limits:
            groups: dict[object, int] = {}
            for use in counted:
                key = (period(limit.per, use.on_date), use.venue_id if limit.by == "venue" else 0)
                groups[key] = groups.get(key, 0) + use.quantity
            assert max(groups.values(), default=0) <= limit.max


@settings(max_examples=300, deadline=None)
@given(random_rules(), requests)
def test_no_history_breaks_a_limit_or_a_grant(rules: CardRules, wanted: list[tuple[int, date, int]]) -> None:
    card = card_of(rules, valid_to=date(2030, 1, 1))
    for venue_id, day, quantity in wanted:
        before = len(card.uses)
        verdict = ask(rules, card, want(venue_id, day, quantity))
        assert verdict == ask(rules, card, want(venue_id, day, quantity))
        assert len(card.uses) == before
        if not isinstance(verdict, CardRefusal):
            card.take(Use(venue_id, day, verdict, quantity))
    for no, rule in enumerate(rules.entitlements):
        used = sum(use.quantity for use in card.uses if use.entitlement_no == no)
        assert used == card.entitlements[no].used
        assert rule.granted is None or used <= rule.granted
        visits = sorted(
            (use.venue_id, use.on_date)
            for use in card.uses
            if use.entitlement_no == no and rule.interval_days
        )
        for (venue, one), (other_venue, other) in pairwise(visits):
            assert venue != other_venue or (other - one).days >= rule.interval_days
    assert_limits(rules, card.uses)


@settings(max_examples=300, deadline=None)
@given(random_rules(), requests, st.permutations(range(40)))
def test_the_answer_does_not_depend_on_the_order_of_the_history(
    rules: CardRules, wanted: list[tuple[int, date, int]], order: list[int]
) -> None:
    card = card_of(rules, *(Use(venue_id, day, 0, quantity) for venue_id, day, quantity in wanted))
    shuffled = replace(card, uses=[card.uses[n] for n in order if n < len(card.uses)])
    assert ask(rules, card, want()) == ask(rules, shuffled, want())


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(list(CardState)),
    st.sets(st.sampled_from(["over", "black", "outside", "late", "stranger"])),
)
def test_the_smallest_refusal_that_applies_is_given(state: CardState, wrong: set[str]) -> None:
    rules = rules_of(
        blackouts=[{"from_date": "2026-01-01", "to_date": "2026-12-31"}] if "black" in wrong else [],
        entitlements=pools({"scope": {"kinds": ["hotel"]}} if "outside" in wrong else {}),
        lead={"days": 30} if "late" in wrong else {},
    )
    card = card_of(rules, state=state, valid_to=date(2026, 2, 1) if "over" in wrong else date(2026, 12, 31))
    by_state = {
        CardState.PRINTED: 41,
        CardState.SHIPPED: 41,
        CardState.FROZEN: 42,
        CardState.REPLACED: 43,
        CardState.CANCELLED: 43,
        CardState.EXPIRED: 45,
    }
    applying = [
        (by_state.get(state, 0), state is not CardState.ACTIVE),
        (45, "over" in wrong),
        (46, "black" in wrong),
        (47, "outside" in wrong),
        (48, "late" in wrong),
        (49, "stranger" in wrong),
    ]
    expected = next((number for number, applies in applying if applies), 0)
    verdict = ask(rules, card, want(person_keys=(STRANGER,) if "stranger" in wrong else (HOLDER,)))
    assert int(verdict) == expected
