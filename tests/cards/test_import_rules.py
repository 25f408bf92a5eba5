"""What a later list changes, and what the first says of a card's validity."""

from datetime import date

import pytest

from wenyue.cards import CardState, parse_rules
from wenyue.cards.importing.import_rules import brought_validity, difference, may_be_handed_over
from wenyue.cards.people import Validity

TODAY = date(2026, 11, 30)
NONE = frozenset[str]()
NAME = {"zh-CN": "次", "en": "Visits"}


@pytest.mark.parametrize(
    ("base", "said", "here", "applied", "kept"),
    [
        ({"valid_to": "1"}, {"valid_to": "1"}, {"valid_to": "9"}, NONE, NONE),  # the list says nothing new
        ({"valid_to": "1"}, {"valid_to": "2"}, {"valid_to": "1"}, frozenset({"valid_to"}), NONE),
        ({"valid_to": "1"}, {"valid_to": "2"}, {"valid_to": "2"}, NONE, NONE),  # here already
        (
            {"valid_to": "1"},
            {"valid_to": "2"},
            {"valid_to": "9"},
            NONE,
            frozenset({"valid_to"}),
        ),  # changed here, too
        ({}, {"phone": "1"}, {"phone": ""}, frozenset({"phone"}), NONE),  # a column that is new
        ({}, {"phone": "1"}, {"phone": "2"}, NONE, frozenset({"phone"})),
        ({"type": "a"}, {"type": "b"}, {"type": "a"}, NONE, frozenset({"type"})),
        ({"state": "active"}, {"state": "frozen"}, {"state": "active"}, frozenset({"state"}), NONE),
        ({"state": "frozen"}, {"state": "active"}, {"state": "frozen"}, frozenset({"state"}), NONE),
        ({"state": "active"}, {"state": "shipped"}, {"state": "active"}, NONE, frozenset({"state"})),
        ({"state": "active"}, {"state": "replaced"}, {"state": "active"}, NONE, frozenset({"state"})),
    ],
)
def test_only_what_is_as_it_was_left_is_changed(
    base: dict[str, str],
    said: dict[str, str],
    here: dict[str, str],
    applied: frozenset[str],
    kept: frozenset[str],
) -> None:
    found = difference(base, said, here)
    assert (found.applied, found.kept) == (applied, kept)


@pytest.mark.parametrize(
    ("validity", "first", "last", "issued", "expected"),
    [
        ({"months": 12}, date(2026, 1, 1), date(2026, 6, 30), None, (date(2026, 1, 1), date(2026, 6, 30))),
        ({"months": 12}, date(2026, 1, 1), None, None, (date(2026, 1, 1), date(2026, 12, 31))),
        ({"months": 12}, None, date(2026, 6, 30), date(2026, 1, 1), (date(2026, 1, 1), date(2026, 6, 30))),
        ({"months": 12}, None, date(2026, 6, 30), None, (date(2026, 6, 30), date(2026, 6, 30))),
        ({"months": 12}, None, None, date(2026, 1, 1), None),
        (
            {"starts": "issue", "months": 12},
            None,
            None,
            date(2026, 1, 1),
            (date(2026, 1, 1), date(2026, 12, 31)),
        ),
        ({"starts": "issue", "months": 12}, None, None, None, None),
        (
            {"starts": "fixed", "fixed_from": "2026-01-01", "until": "2026-12-31"},
            None,
            None,
            None,
            (date(2026, 1, 1), date(2026, 12, 31)),
        ),
        ({"starts": "first_use", "months": 12}, None, None, None, (None, None)),
    ],
)
def test_what_a_list_leaves_out_follows_from_the_type(
    validity: dict[str, object],
    first: date | None,
    last: date | None,
    issued: date | None,
    expected: tuple[date | None, date | None] | None,
) -> None:
    rules = parse_rules({"validity": validity, "entitlements": [{"name": NAME}]})
    found = brought_validity(rules, first=first, last=last, issued=issued, today=TODAY)
    assert found == (None if expected is None else Validity(*expected))


def test_a_card_that_was_not_in_use_is_handed_over() -> None:
    assert may_be_handed_over(CardState.SHIPPED, CardState.ACTIVE)
    assert not may_be_handed_over(CardState.CANCELLED, CardState.ACTIVE)
    assert not may_be_handed_over(CardState.SHIPPED, CardState.CANCELLED)
