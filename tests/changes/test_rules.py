"""Who may decide about a change and when it is still the one that was agreed to: pure rules, over generated facts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from wenyue.changes import (
    DELAY,
    LASTS,
    REVIEWED_WITHIN,
    Bounds,
    Change,
    Counts,
    Effect,
    Looked,
    Refusal,
    State,
)
from wenyue.changes.rules import (
    bounds_for,
    course,
    digest_of,
    is_due,
    why_not_apply,
    why_not_decide,
    why_not_review,
    why_not_withdraw,
)
from wenyue.core.ids import uuid7

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
BOUNDS = Bounds(110, 0)
ASKED: dict[str, Any] = {"product_id": 3, "prices": {"2026-12-24": 9_900}}
WAS: dict[str, Any] = {"2026-12-24": 3_000}


def proposed(**more: Any) -> Change:
    """A price that staff:3 proposed at NOW."""
    change = Change(
        id=uuid7(),
        kind="prices.set",
        venue_id=7,
        effect=Effect.LOOSENS,
        request=ASKED,
        was=WAS,
        counts=Counts(2, 100),
        bounds=BOUNDS,
        reason="圣诞夜",
        digest=digest_of("prices.set", ASKED, WAS, BOUNDS, "圣诞夜"),
        proposed_by="staff:3",
        proposed_at=NOW,
        expires_at=NOW + LASTS,
    )
    return replace(change, **more)


def looked(**more: Any) -> Looked:
    """The same, as it would be done now."""
    return replace(Looked(7, Effect.LOOSENS, WAS, Counts(2, 100)), **more)


@pytest.mark.parametrize(
    ("effect", "is_one", "is_at_once", "applies_in", "reviewed_in"),
    [
        (Effect.RESTRICTS, False, True, None, REVIEWED_WITHIN),
        (Effect.RESTRICTS, True, True, None, None),
        (Effect.LOOSENS, False, False, None, None),
        (Effect.LOOSENS, True, False, DELAY, None),
    ],
)
def test_only_what_restricts_takes_effect_at_once(
    effect: Effect,
    *,
    is_one: bool,
    is_at_once: bool,
    applies_in: timedelta | None,
    reviewed_in: timedelta | None,
) -> None:
    found = course(effect, NOW, is_one_operator=is_one)
    assert found.is_at_once is is_at_once
    assert found.applies_at == (NOW + applies_in if applies_in else None)
    assert found.review_by == (NOW + reviewed_in if reviewed_in else None)


@given(
    after_s=st.integers(0, 200_000),
    state=st.sampled_from(State),
    decider=st.sampled_from(["staff:3", "staff:4"]),
)
def test_nobody_approves_their_own_nor_what_is_over(after_s: int, state: State, decider: str) -> None:
    now, change = NOW + timedelta(seconds=after_s), proposed(state=state)
    refusal = why_not_decide(change, decider, change.digest, now)
    may = state is State.WAITING and now < change.expires_at and decider != "staff:3"
    assert (refusal is None) is may
    assert (why_not_withdraw(change, decider, now) is None) is (
        state is State.WAITING and now < change.expires_at and decider == "staff:3"
    )


@pytest.mark.parametrize(
    "more",
    [
        {"request": {"product_id": 3, "prices": {"2026-12-24": 9_901}}},
        {"was": {"2026-12-24": 3_001}},
        {"bounds": Bounds(111, 0)},
        {"bounds": Bounds(110, 1)},
        {"reason": "别的"},
        {"kind": "slots.reopen"},
    ],
)
def test_a_decision_is_bound_to_everything_that_was_shown(more: dict[str, Any]) -> None:
    other = proposed(**more)
    digest = digest_of(other.kind, other.request, other.was, other.bounds, other.reason)
    assert digest != proposed().digest
    assert why_not_decide(proposed(), "staff:4", digest, NOW) is Refusal.DIFFERENT


def test_a_digest_does_not_depend_on_the_order_of_fields() -> None:
    turned = dict(reversed(ASKED.items()))
    assert digest_of("prices.set", turned, WAS, BOUNDS, "圣诞夜") == proposed().digest


@given(places=st.integers(0, 300), money=st.integers(0, 300))
def test_live_counts_move_within_the_stated_bounds_and_not_beyond(places: int, money: int) -> None:
    change = proposed(bounds=Bounds(110, 50))
    refusal = why_not_apply(change, looked(counts=Counts(5, places, money)))
    assert refusal is (None if places <= 110 and money <= 50 else Refusal.BEYOND_BOUNDS)


@pytest.mark.parametrize(
    "more",
    [{"was": {"2026-12-24": 3_001}}, {"effect": Effect.RESTRICTS}, {"venue_id": 8}, {"venue_id": None}],
)
def test_what_has_changed_meanwhile_is_proposed_again(more: dict[str, Any]) -> None:
    assert why_not_apply(proposed(), looked(**more)) is Refusal.MOVED_ON


@given(places=st.integers(0, 10**9))
def test_bounds_leave_a_tenth_and_never_state_less_than_is_touched(places: int) -> None:
    counts = Counts(1, places)
    shipped = bounds_for(counts)
    assert shipped is not None
    assert places + 100 <= shipped.places <= max(places * 1.1 + 1, places + 100)
    assert bounds_for(counts, places=places) == Bounds(places, 0)
    if places:
        assert bounds_for(counts, places=places - 1) is None
    assert bounds_for(counts, places=10**13) is None


def test_what_one_operator_proposed_alone_waits_for_its_time() -> None:
    change = proposed(applies_at=NOW + DELAY)
    assert not is_due(change, NOW + DELAY - timedelta(microseconds=1), is_one_operator=True)
    assert is_due(change, NOW + DELAY, is_one_operator=True)
    assert not is_due(change, NOW + DELAY, is_one_operator=False)
    assert not is_due(change, change.expires_at, is_one_operator=True)
    assert not is_due(replace(change, state=State.WITHDRAWN), NOW + DELAY, is_one_operator=True)
    assert not is_due(proposed(), NOW + DELAY, is_one_operator=True)


def test_whoever_did_it_does_not_review_it() -> None:
    done = proposed(state=State.APPLIED, review_by=NOW + REVIEWED_WITHIN)
    assert why_not_review(done, "staff:3") is Refusal.OWN
    assert why_not_review(done, "staff:4") is None
    assert why_not_review(replace(done, reviewed_at=NOW), "staff:4") is Refusal.NOT_REVIEWABLE
    assert why_not_review(proposed(), "staff:4") is Refusal.NOT_REVIEWABLE
