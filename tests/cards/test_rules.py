"""What a card pays for: each rule of a card type by table."""

from cProfile import Profile
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.support.card_rules import (
    DAY,
    HOLDER,
    LAKE,
    MOUNTAIN,
    NOW,
    SPOUSE,
    STRANGER,
    ask,
    at,
    card_of,
    pools,
    rules_of,
    want,
)
from wenyue.cards import CardRefusal, CardState, Use, history_days
from wenyue.cards.rules import bookable_from
from wenyue.cards.store import shipped_types


@pytest.mark.parametrize(
    ("state", "refusal"),
    [
        (CardState.PRINTED, CardRefusal.CARD_NOT_ACTIVE),
        (CardState.SHIPPED, CardRefusal.CARD_NOT_ACTIVE),
        (CardState.FROZEN, CardRefusal.CARD_FROZEN),
        (CardState.REPLACED, CardRefusal.CARD_DEAD),
        (CardState.CANCELLED, CardRefusal.CARD_DEAD),
        (CardState.EXPIRED, CardRefusal.CARD_EXPIRED),
    ],
)
def test_only_an_active_card_pays(state: CardState, refusal: CardRefusal) -> None:
    rules = rules_of()
    assert ask(rules, card_of(rules, state=state), want()) is refusal
    assert ask(rules, card_of(rules), want()) == 0


def test_refusals_carry_the_numbers_of_the_booking_outcomes() -> None:
    from wenyue.booking.model import Outcome

    assert {refusal.name: int(refusal) for refusal in CardRefusal} == {
        name: int(Outcome[name]) for name in CardRefusal.__members__
    }
    assert {outcome.name for outcome in Outcome if outcome.name.startswith("CARD_")} <= set(
        CardRefusal.__members__
    )


def test_both_ends_of_the_validity_are_inside() -> None:
    rules = rules_of()
    card = card_of(rules, valid_from=DAY, valid_to=DAY + timedelta(days=1))
    assert [ask(rules, card, want(on_date=DAY + timedelta(days=n))) for n in (-1, 0, 1, 2)] == [
        CardRefusal.CARD_NOT_YET_VALID,
        0,
        0,
        CardRefusal.CARD_EXPIRED,
    ]


def test_a_card_that_starts_with_the_first_visit_fits_all_visits_in_one_span() -> None:
    rules = rules_of(validity={"starts": "first_use", "days": 10})
    card = card_of(rules, Use(LAKE, DAY, 0, 1), valid_from=None, valid_to=None)
    verdicts = [ask(rules, card, want(on_date=DAY + timedelta(days=n))) for n in (-10, -9, 9, 10)]
    assert verdicts == [CardRefusal.CARD_EXPIRED, 0, 0, CardRefusal.CARD_EXPIRED]
    not_started = rules_of()
    assert ask(not_started, card_of(not_started, valid_from=None), want()) is CardRefusal.CARD_NOT_YET_VALID


@pytest.mark.parametrize(
    ("blackout", "days_in", "days_out"),
    [
        ({"holiday": "国庆节"}, ["2026-10-01", "2026-10-07"], ["2026-09-30", "2026-10-08"]),
        (
            {"from_date": "2026-05-01", "to_date": "2026-05-05"},
            ["2026-05-01", "2026-05-05"],
            ["2026-04-30", "2026-05-06"],
        ),
        ({"from_md": "10-18", "to_md": "11-18"}, ["2026-10-18", "2026-11-18"], ["2026-10-17", "2026-11-19"]),
        ({"from_md": "12-30", "to_md": "01-02"}, ["2026-12-30", "2026-01-02"], ["2026-12-29", "2026-01-03"]),
    ],
)
def test_blackouts(blackout: dict[str, str], days_in: list[str], days_out: list[str]) -> None:
    rules = rules_of(blackouts=[blackout])
    for day in days_in:
        assert ask(rules, card_of(rules), want(on_date=date.fromisoformat(day))) is CardRefusal.CARD_BLACKOUT
    for day in days_out:
        assert ask(rules, card_of(rules), want(on_date=date.fromisoformat(day))) == 0


def test_a_blackout_can_be_for_some_venues_only() -> None:
    rules = rules_of(blackouts=[{"from_md": "11-01", "to_md": "11-30", "scope": {"tags": ["v2"]}}])
    assert ask(rules, card_of(rules), want(MOUNTAIN)) is CardRefusal.CARD_BLACKOUT
    assert ask(rules, card_of(rules), want(LAKE)) == 0


@pytest.mark.parametrize(
    ("scope", "verdict"),
    [
        ({}, 0),
        ({"codes": ["venue-1"]}, 0),
        ({"codes": ["venue-2"]}, CardRefusal.CARD_NOT_COVERED),
        ({"codes": ["venue-2"], "tags": ["5a"]}, 0),
        ({"tags": ["4a"]}, CardRefusal.CARD_NOT_COVERED),
        ({"tags": ["5a"], "except_codes": ["venue-1"]}, CardRefusal.CARD_NOT_COVERED),
        ({"kinds": ["attraction"]}, 0),
        ({"kinds": ["hotel"]}, CardRefusal.CARD_NOT_COVERED),
        ({"product_kinds": ["night", "session"]}, 0),
        ({"product_kinds": ["night"]}, CardRefusal.CARD_NOT_COVERED),
        ({"gate": "first"}, 0),
        ({"gate": "second"}, CardRefusal.CARD_NOT_COVERED),
    ],
)
def test_scope(scope: dict[str, Any], verdict: int) -> None:
    rules = rules_of(entitlements=pools({"scope": scope}))
    assert ask(rules, card_of(rules), want()) == verdict


def test_an_inner_attraction_is_no_first_gate() -> None:
    rules = rules_of(entitlements=pools({"scope": {"gate": "first"}}, {"scope": {"gate": "second"}}))
    assert ask(rules, card_of(rules), want(is_first_gate=True)) == 0
    assert ask(rules, card_of(rules), want(is_first_gate=False)) == 1


def test_a_pool_added_to_the_type_later_is_not_on_older_cards() -> None:
    rules = rules_of(entitlements=pools({"scope": {"kinds": ["hotel"]}}, {}))
    card = card_of(rules)
    del card.entitlements[1]
    assert ask(rules, card, want()) is CardRefusal.CARD_NOT_COVERED


@pytest.mark.parametrize(
    ("changes", "now", "verdict"),
    [
        ({"lead": {"minutes": 60}}, at(2026, 11, 25, 8, 0), 0),
        ({"lead": {"minutes": 60}}, at(2026, 11, 25, 8, 0, 1), CardRefusal.CARD_LEAD_TIME),
        ({"lead": {"days": 1}}, at(2026, 11, 24, 23, 59), 0),
        ({"lead": {"days": 1}}, at(2026, 11, 25, 0, 0), CardRefusal.CARD_LEAD_TIME),
        ({"lead": {"days": 1, "until": "17:00:00"}}, at(2026, 11, 24, 16, 59, 59), 0),
        ({"lead": {"days": 1, "until": "17:00:00"}}, at(2026, 11, 24, 17, 0), CardRefusal.CARD_LEAD_TIME),
        ({"lead": {"days": 1, "until": "17:00:00"}}, at(2026, 11, 23, 18, 0), 0),
        (
            {"release": {"days": 7, "time": "08:00:00"}},
            at(2026, 11, 18, 7, 59, 59),
            CardRefusal.CARD_LEAD_TIME,
        ),
        ({"release": {"days": 7, "time": "08:00:00"}}, at(2026, 11, 18, 8, 0), 0),
    ],
)
def test_lead_and_release_time(changes: dict[str, Any], now: datetime, verdict: int) -> None:
    rules = rules_of(**changes)
    assert ask(rules, card_of(rules), want(), now) == verdict


def test_the_release_instant_is_known() -> None:
    rules = rules_of(release={"days": 7, "time": "08:00:00"})
    assert bookable_from(rules, DAY, NOW) == at(2026, 11, 18, 8, 0)
    assert bookable_from(rules_of(), DAY, NOW) is None


@pytest.mark.parametrize(
    ("changes", "keys", "quantity", "verdict"),
    [
        ({}, (HOLDER,), 1, 0),
        ({}, (), 1, 0),
        ({}, (STRANGER,), 1, CardRefusal.CARD_PERSON),
        ({}, (SPOUSE,), 1, CardRefusal.CARD_PERSON),
        ({}, (HOLDER,), 2, CardRefusal.CARD_PARTY),
        ({"admits": "named", "party_max": 2, "companions_max": 1}, (HOLDER, SPOUSE), 2, 0),
        (
            {"admits": "named", "party_max": 2, "companions_max": 1},
            (HOLDER, STRANGER),
            2,
            CardRefusal.CARD_PERSON,
        ),
        ({"admits": "named", "party_max": 2, "companions_max": 1}, (SPOUSE,), 1, 0),
        (
            {"admits": "named", "party_max": 2, "companions_max": 1, "needs_holder": True},
            (SPOUSE,),
            1,
            CardRefusal.CARD_PERSON,
        ),
        ({"admits": "anyone", "party_max": 3}, (STRANGER, SPOUSE), 2, 0),
    ],
)
def test_people(changes: dict[str, Any], keys: tuple[bytes, ...], quantity: int, verdict: int) -> None:
    rules = rules_of(**changes)
    card = card_of(rules, companions=frozenset({SPOUSE}))
    assert ask(rules, card, want(quantity=quantity, person_keys=keys)) == verdict


def test_a_pool_of_n_pays_n_times() -> None:
    rules = rules_of(entitlements=pools({"granted": 2}), party_max=2)
    card = card_of(rules)
    for n in range(2):
        day = DAY + timedelta(days=n)
        assert ask(rules, card, want(on_date=day)) == 0
        card.take(Use(LAKE, day, 0, 1))
    assert ask(rules, card, want()) is CardRefusal.CARD_EXHAUSTED
    card.give_back(Use(LAKE, DAY, 0, 1))
    assert ask(rules, card, want()) == 0
    assert ask(rules, card, want(quantity=2)) is CardRefusal.CARD_EXHAUSTED


SUNDAY, MONDAY = date(2026, 11, 22), date(2026, 11, 23)


@pytest.mark.parametrize(
    ("limit", "used", "wanted", "verdict"),
    [
        ({"per": "day"}, (LAKE, DAY), (MOUNTAIN, DAY), CardRefusal.CARD_PERIOD),
        ({"per": "day"}, (LAKE, DAY), (LAKE, DAY + timedelta(days=1)), 0),
        ({"per": "day", "by": "venue"}, (LAKE, DAY), (LAKE, DAY), CardRefusal.CARD_SAME_VENUE_DAY),
        ({"per": "day", "by": "venue"}, (LAKE, DAY), (MOUNTAIN, DAY), 0),
        ({"per": "week"}, (LAKE, SUNDAY), (LAKE, MONDAY), 0),
        ({"per": "week"}, (LAKE, MONDAY), (LAKE, date(2026, 11, 29)), CardRefusal.CARD_PERIOD),
        ({"per": "week"}, (LAKE, date(2025, 12, 31)), (LAKE, date(2026, 1, 2)), CardRefusal.CARD_PERIOD),
        ({"per": "month"}, (LAKE, date(2026, 11, 1)), (LAKE, date(2026, 11, 30)), CardRefusal.CARD_PERIOD),
        ({"per": "month"}, (LAKE, date(2026, 10, 31)), (LAKE, date(2026, 11, 1)), 0),
        ({"per": "month"}, (LAKE, date(2025, 11, 1)), (LAKE, date(2026, 11, 1)), 0),
        ({"per": "month", "by": "venue"}, (LAKE, DAY), (MOUNTAIN, DAY), 0),
        ({"per": "card", "by": "venue"}, (LAKE, date(2026, 1, 1)), (LAKE, DAY), CardRefusal.CARD_EXHAUSTED),
        ({"per": "card", "by": "venue"}, (LAKE, date(2026, 1, 1)), (MOUNTAIN, DAY), 0),
    ],
)
def test_limits_hold_in_a_pool_and_over_the_card(
    limit: dict[str, Any], used: tuple[int, date], wanted: tuple[int, date], verdict: int
) -> None:
    one = {"max": 1, **limit}
    for rules in (rules_of(limits=[one]), rules_of(entitlements=pools({"limits": [one]}))):
        card = card_of(rules, Use(*used, 0, 1))
        assert ask(rules, card, want(*wanted)) == verdict


def test_a_pools_limit_counts_only_that_pool_and_the_cards_limit_all() -> None:
    two = pools({"granted": 1, "limits": [{"max": 1, "per": "day"}]}, {})
    rules = rules_of(entitlements=two)
    card = card_of(rules, Use(LAKE, DAY, 0, 1))
    assert ask(rules, card, want(MOUNTAIN)) == 1
    strict = rules_of(entitlements=two, limits=[{"max": 1, "per": "day"}])
    assert ask(strict, card_of(strict, Use(LAKE, DAY, 0, 1)), want(MOUNTAIN)) is CardRefusal.CARD_PERIOD


def test_the_pool_that_got_furthest_gives_the_reason() -> None:
    rules = rules_of(entitlements=pools({"granted": 1}, {"limits": [{"max": 1, "per": "week"}]}))
    card = card_of(rules, Use(LAKE, DAY, 0, 1), Use(LAKE, DAY, 1, 1))
    assert ask(rules, card, want()) is CardRefusal.CARD_PERIOD


def test_days_between_two_visits_of_one_venue() -> None:
    rules = rules_of(entitlements=pools({"interval_days": 30}))
    card = card_of(rules, Use(LAKE, date(2026, 10, 26), 0, 1))
    assert ask(rules, card, want(on_date=date(2026, 11, 24))) is CardRefusal.CARD_INTERVAL
    assert ask(rules, card, want(on_date=date(2026, 11, 25))) == 0
    assert ask(rules, card, want(on_date=date(2026, 9, 27))) is CardRefusal.CARD_INTERVAL
    assert ask(rules, card, want(MOUNTAIN, date(2026, 10, 26))) == 0


def test_one_open_reservation_ends_with_use_or_expiry() -> None:
    rules = rules_of(open_max=1)
    assert (
        ask(rules, card_of(rules, Use(LAKE, DAY, 0, 1)), want(MOUNTAIN)) is CardRefusal.CARD_OPEN_RESERVATION
    )
    assert ask(rules, card_of(rules, Use(LAKE, DAY, 0, 1, is_redeemed=True)), want(MOUNTAIN)) == 0
    today = Use(LAKE, NOW.date(), 0, 1)
    assert ask(rules, card_of(rules, today), want(MOUNTAIN)) is CardRefusal.CARD_OPEN_RESERVATION
    yesterday = Use(LAKE, NOW.date() - timedelta(days=1), 0, 1)
    assert ask(rules, card_of(rules, yesterday), want(MOUNTAIN)) == 0


def test_history_days_says_which_uses_matter() -> None:
    assert history_days(rules_of()) == 0
    assert history_days(rules_of(limits=[{"max": 1, "per": "week"}])) == 6
    assert history_days(rules_of(entitlements=pools({"interval_days": 45}))) == 44
    assert history_days(rules_of(limits=[{"max": 1, "per": "card", "by": "venue"}])) is None
    assert history_days(rules_of(open_max=1)) is None


def test_the_plain_case_is_cheap_enough_for_every_booking() -> None:
    """The contract says 10 µs. Calls are counted, since test machines are shared and a call costs some 0.1 µs."""
    rules = shipped_types()["demo"].rules
    card, use = card_of(rules), want()
    assert ask(rules, card, use) == 0
    profile = Profile()
    profile.runcall(ask, rules, card, use)
    assert sum(entry.callcount for entry in profile.getstats()) <= 30
