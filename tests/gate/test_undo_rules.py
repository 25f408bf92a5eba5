"""Who may take an admission back: a keeper alone a little, beyond that with a second person."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenyue.accounts import Staff
from wenyue.core.duties import Duty, Role, duties_of_role
from wenyue.gate.model import UndoFacts, UndoLimits, UndoOutcome
from wenyue.gate.undo_rules import undo_outcome

NOW = datetime(2026, 10, 2, 1, 0, tzinfo=UTC)
FACTS = UndoFacts(venue_id=1, is_admission=True, at=NOW - timedelta(minutes=5), staff_id=3)
OPERATOR = Staff(9, "boss", "", duties_of_role("operator"))
LIMITS = UndoLimits(per_place=1, per_day=10)


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        (FACTS, UndoOutcome.UNDONE),
        (replace(FACTS, keeper_count=9), UndoOutcome.UNDONE),
        (replace(FACTS, place_count=1), UndoOutcome.SECOND_NEEDED),
        (replace(FACTS, keeper_count=10), UndoOutcome.SECOND_NEEDED),
        (replace(FACTS, place_count=7, second=OPERATOR), UndoOutcome.UNDONE),
        (
            replace(FACTS, place_count=1, second=replace(OPERATOR, duties=duties_of_role("admin"))),
            UndoOutcome.UNDONE,
        ),
        (
            replace(FACTS, place_count=1, second=replace(OPERATOR, duties=duties_of_role("gate"))),
            UndoOutcome.SECOND_UNFIT,
        ),
        (
            replace(
                FACTS, place_count=1, second=replace(OPERATOR, duties=frozenset({Duty(Role.APPROVER, 1)}))
            ),
            UndoOutcome.UNDONE,
        ),
        (replace(FACTS, place_count=1, second=replace(OPERATOR, id=3)), UndoOutcome.SECOND_UNFIT),
        (
            replace(FACTS, place_count=1, second=replace(OPERATOR, duties=duties_of_role("operator", [2]))),
            UndoOutcome.SECOND_UNFIT,
        ),
        (
            replace(FACTS, place_count=1, second=replace(OPERATOR, duties=duties_of_role("operator", [1]))),
            UndoOutcome.UNDONE,
        ),
        (replace(FACTS, is_admission=False, second=OPERATOR), UndoOutcome.NOT_ADMITTED),
        (replace(FACTS, at=NOW - timedelta(hours=3), second=OPERATOR), UndoOutcome.TOO_LATE),
    ],
)
def test_security_M5_who_may_take_back(facts: UndoFacts, outcome: UndoOutcome) -> None:
    assert undo_outcome(facts, LIMITS, "扫错人", NOW) is outcome
    assert undo_outcome(facts, LIMITS, "  ", NOW) is not UndoOutcome.UNDONE


@given(st.integers(0, 5), st.integers(0, 20), st.integers(0, 4), st.integers(0, 12))
def test_security_M5_alone_never_beyond_the_limits(
    place: int, keeper: int, per_place: int, per_day: int
) -> None:
    facts = replace(FACTS, place_count=place, keeper_count=keeper)
    outcome = undo_outcome(facts, UndoLimits(per_place, per_day), "扫错人", NOW)
    assert (outcome is UndoOutcome.UNDONE) == (place < per_place and keeper < per_day)
