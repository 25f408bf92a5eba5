"""The strict reader of card types, the shipped types, validity arithmetic, card numbers."""

import json
from datetime import date
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wenyue.cards import parse_rules
from wenyue.cards.codes import check_digit, clean_pin, new_card_no, new_pin
from wenyue.cards.dates import (
    activation_deadline,
    add_months,
    last_day_of_months,
    validity_end,
    validity_window,
)
from wenyue.cards.parse import RulesError, parse_type
from wenyue.cards.people import CardProblem, Denied, Validity, activation_terms
from wenyue.cards.rules import in_month_days
from wenyue.cards.store import shipped_types
from wenyue.core.card_numbers import clean_card_no

GOOD: dict[str, Any] = {"validity": {"months": 12}, "entitlements": [{"name_zh": "次", "name_en": "visits"}]}
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted([
    "person_type", "medium", "price_minor", "holder_age_min", "companions_max", "admits", "party_max", "open_max",
    "activation", "validity", "blackouts", "lead", "release", "limits", "entitlements", "sold_from_md",
])  # fmt: skip


def pool(**changes: Any) -> dict[str, Any]:
    return {"entitlements": [{"name_zh": "次", "name_en": "visits", **changes}]}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"party_maxx": 2}, "unknown field `party_maxx`"),
    ({"party_max": "2"}, "Expected `int`, got `str` - at `party_max`"),
    ({"party_max": 0}, "party_max: a whole number from 1"),
    ({"entitlements": []}, "entitlements: 1 to 32"),
    (pool(granted=0), r"entitlements\[0\].granted: a whole number from 1"),
    (pool(name_en=""), r"entitlements\[0\].name: travellers read it"),
    (
        pool(limits=[{"max": 1, "per": "year"}]),
        r"Invalid enum value 'year' - at `entitlements\[0\].limits\[0\]",
    ),
    (pool(limits=[{"max": 0, "per": "day"}]), r"entitlements\[0\].limits\[0\].max"),
    (pool(scope={"kinds": ["castle"]}), "castle"),
    ({"limits": [{"max": 1}]}, "missing required field `per`"),
    ({"blackouts": [{}]}, r"blackouts\[0\]: give one of"),
    (
        {"blackouts": [{"holiday": "春节", "from_md": "01-01", "to_md": "01-02"}]},
        r"blackouts\[0\]: give one of",
    ),
    ({"blackouts": [{"from_date": "2026-05-05", "to_date": "2026-05-01"}]}, r"blackouts\[0\].to_date"),
    ({"blackouts": [{"from_date": "2026-05-05"}]}, r"blackouts\[0\].to_date"),
    ({"blackouts": [{"from_md": "13-01", "to_md": "01-02"}]}, r"blackouts\[0\].from_md: write MM-DD"),
    ({"blackouts": [{"from_md": "12-01"}]}, r"blackouts\[0\].to_md: write MM-DD"),
    ({"validity": {}}, "validity: give months, days or until"),
    ({"validity": {"starts": "fixed", "months": 1}}, "validity.fixed_from"),
    ({"validity": {"fixed_from": "2026-01-01", "months": 1}}, "validity.fixed_from"),
    (
        {"validity": {"starts": "fixed", "fixed_from": "2026-02-01", "until": "2026-01-01"}},
        "validity.until: not before",
    ),
    ({"validity": {"starts": "first_use", "days": 10, "plus_days": 1}}, "validity.plus_days"),
    (
        {"validity": {"starts": "first_use", "days": 10}, "activation": {"auto_after_days": 90}},
        "activation.auto_after_days",
    ),
    ({"validity": {"months": 5000}}, "validity months"),
    ({"validity": {"until": "2026-13-01"}}, "validity.until"),
    (
        {"validity": {"starts": "fixed", "fixed_from": "9999-12-01", "months": 1}},
        "validity.fixed_from: a day from",
    ),
    ({"lead": {"until": "17:00:00"}}, "lead.until: needs lead.days"),
    ({"release": {"days": 7, "time": "25:00:00"}}, "release.time"),
    ({"sold_from_md": "12-01"}, "sold_to_md: write MM-DD"),
    ({"holder_age_min": 60, "holder_age_max": 18}, "holder_age_max: not below"),
    ({"person_type": "senior"}, "holder_age_min: needed"),
    ({"person_type": "family"}, "party_max: above 1"),
    ({"companions_max": 2}, 'admits: "named"'),
]


@pytest.mark.parametrize(("change", "message"), WRONG)
def test_a_wrong_field_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(RulesError, match=message):
        parse_rules(json.dumps(GOOD | change))


@pytest.mark.parametrize("raw", ["", "{", "[]", "null", b"\xff", "[" * 5000])
def test_what_is_no_json_object_is_refused(raw: str | bytes) -> None:
    with pytest.raises(RulesError):
        parse_rules(raw)


@settings(max_examples=500, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), ANY_JSON, max_size=3) | ANY_JSON)
def test_any_json_parses_or_is_a_rules_error(change: Any) -> None:
    raw = GOOD | cast(dict[str, Any], change) if isinstance(change, dict) else change
    problem = "none"
    try:
        parse_rules(json.dumps(raw))
    except RulesError as error:
        problem = str(error)
    assert problem


def test_the_parsed_form_is_accepted_too() -> None:
    assert parse_rules(GOOD) == parse_rules(json.dumps(GOOD))


@pytest.mark.parametrize(
    ("change", "message"),
    [({"code": "Große Karte"}, "code: "), ({"source": " "}, "source: "), ({"name_en": ""}, "name: ")],
)
def test_a_type_needs_code_names_and_source(change: dict[str, str], message: str) -> None:
    base = {"code": "t", "name_zh": "卡", "name_en": "card", "source": "notice", "rules": GOOD}
    assert parse_type(json.dumps(base)).code == "t"
    with pytest.raises(RulesError, match=message):
        parse_type(json.dumps(base | change))


def test_the_shipped_types_say_where_they_come_from() -> None:
    types = shipped_types()
    real = {code for code, one in types.items() if not one.is_demo}
    assert {
        "yichang-annual",
        "zhengkai-annual",
        "jjj-annual",
        "kunshan-electronic",
        "xiangyang-annual",
    } <= real
    assert {code for code, one in types.items() if one.is_demo} == {"demo"}
    assert "not a real card" in types["demo"].source
    assert all("public notice" in types[code].source for code in real)


# --- dates


@pytest.mark.parametrize(
    ("day", "months", "result"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 11, 22), 2, date(2027, 1, 22)),
        (date(2026, 12, 1), 0, date(2026, 12, 1)),
    ],
)
def test_months(day: date, months: int, result: date) -> None:
    assert add_months(day, months) == result


@pytest.mark.parametrize(
    ("first", "months", "last"),
    [
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 10, 31), 1, date(2026, 11, 30)),
        (date(2028, 2, 29), 48, date(2032, 2, 28)),
        (date(2027, 2, 28), 12, date(2028, 2, 27)),
        (date(2026, 1, 1), 12, date(2026, 12, 31)),
        (date(2026, 3, 15), 6, date(2026, 9, 14)),
    ],
)
def test_rules_R6_months_end_on_the_last_day_of_the_month_where_the_day_does_not_exist(
    first: date, months: int, last: date
) -> None:
    assert last_day_of_months(first, months) == last


@pytest.mark.parametrize(
    ("code", "issued", "activated", "window"),
    [
        ("yichang-annual", date(2026, 3, 1), date(2026, 4, 2), (date(2026, 4, 2), date(2027, 4, 1))),
        ("xiangyang-annual", date(2026, 3, 1), date(2026, 4, 2), (date(2026, 4, 3), date(2027, 4, 2))),
        ("kunshan-physical", date(2026, 3, 1), date(2026, 4, 2), (date(2026, 4, 2), date(2026, 12, 31))),
        ("hainan-annual", date(2026, 1, 1), date(2026, 2, 1), (date(2026, 2, 1), date(2027, 1, 31))),
        ("hainan-annual", date(2026, 1, 1), date(2026, 12, 1), (date(2026, 4, 1), date(2027, 3, 31))),
        ("shanghai-disney-2020", date(2026, 1, 1), date(2026, 2, 1), (None, None)),
    ],
)
def test_when_a_card_is_valid(
    code: str, issued: date, activated: date, window: tuple[date | None, date | None]
) -> None:
    assert validity_window(shipped_types()[code].rules, issued, activated) == window


def test_validity_from_issue_and_from_a_fixed_day() -> None:
    from_issue = parse_rules(GOOD | {"validity": {"starts": "issue", "days": 10}})
    assert validity_window(from_issue, date(2026, 1, 1), date(2026, 1, 5)) == (
        date(2026, 1, 1),
        date(2026, 1, 10),
    )
    fixed = parse_rules(
        GOOD
        | {"validity": {"starts": "fixed", "fixed_from": "2026-05-01", "months": 12, "until": "2026-12-31"}}
    )
    assert validity_window(fixed, date(2026, 1, 1), date(2026, 1, 5)) == (
        date(2026, 5, 1),
        date(2026, 12, 31),
    )
    assert validity_end(fixed.validity, date(2026, 1, 1)) == date(2026, 12, 31)


def test_the_activation_deadline() -> None:
    rules = shipped_types()["yichang-annual"].rules
    assert activation_deadline(rules.activation, date(2026, 3, 1)) == date(2026, 9, 1)
    on_time = activation_terms(rules, date(2026, 3, 1), None, date(2026, 9, 1))
    assert on_time == Validity(date(2026, 9, 1), date(2027, 8, 31))
    late = activation_terms(rules, date(2026, 3, 1), None, date(2026, 9, 2))
    assert late == Denied(CardProblem.DEADLINE_PASSED, on_date=date(2026, 9, 1))


def test_the_earliest_deadline_counts() -> None:
    rules = parse_rules(GOOD | {"activation": {"within_days": 90, "within_months": 6, "until": "2026-12-31"}})
    assert activation_deadline(rules.activation, date(2026, 1, 1)) == date(2026, 4, 1)
    assert activation_deadline(rules.activation, date(2026, 12, 1)) == date(2026, 12, 31)
    assert activation_deadline(parse_rules(GOOD).activation, date(2026, 1, 1)) is None


@pytest.mark.parametrize(
    ("birth", "problem"),
    [
        (date(1966, 11, 22), None),
        (date(1966, 11, 23), CardProblem.TOO_YOUNG),
        (None, CardProblem.BIRTH_UNKNOWN),
    ],
)
def test_a_senior_card_is_for_people_of_60(birth: date | None, problem: CardProblem | None) -> None:
    rules = shipped_types()["jjj-senior"].rules
    terms = activation_terms(rules, date(2026, 11, 1), birth, date(2026, 11, 22))
    assert (terms.problem if isinstance(terms, Denied) else None) == problem


def test_a_card_whose_time_is_over_is_not_activated() -> None:
    rules = shipped_types()["kunshan-physical"].rules
    terms = activation_terms(rules, date(2026, 1, 1), None, date(2027, 1, 1))
    assert terms == Denied(CardProblem.EXPIRED, on_date=date(2026, 12, 31))


@given(st.dates(date(2020, 1, 1), date(2030, 12, 31)), st.dates(), st.dates())
def test_a_yearly_range_and_its_complement_share_the_year(day: date, one: date, other: date) -> None:
    from_md, to_md = f"{one:%m-%d}", f"{other:%m-%d}"
    if from_md == to_md:
        assert in_month_days(day, from_md, to_md) == (f"{day:%m-%d}" == from_md)
    elif f"{day:%m-%d}" not in (from_md, to_md):
        assert in_month_days(day, from_md, to_md) != in_month_days(day, to_md, from_md)


# --- numbers


@given(st.integers(0, 10**15 - 1), st.integers(0, 15), st.integers(1, 9))
def test_every_single_wrong_digit_is_found(serial: int, place: int, shift: int) -> None:
    number = f"{serial:015}" + check_digit(f"{serial:015}")
    wrong = str((int(number[place]) + shift) % 10)
    mistyped = number[:place] + wrong + number[place + 1 :]
    assert check_digit(mistyped[:-1]) != mistyped[-1]


def test_numbers_and_pins_are_drawn_well_formed() -> None:
    numbers = {new_card_no() for _ in range(200)}
    assert len(numbers) == 200
    assert all(
        len(number) == 16 and number.isdecimal() and check_digit(number[:-1]) == number[-1]
        for number in numbers
    )
    assert all(len(pin) == 8 and pin.isdecimal() for pin in (new_pin() for _ in range(200)))


@pytest.mark.parametrize(
    ("raw", "number", "pin"),
    [
        (" 1234-5678 9012 3456 ", "1234567890123456", "1234567890123456"),
        ("１２３４５６７８", "12345678", "12345678"),
        ("wy-00012a", "WY00012A", "WY00012A"),
        ("1234\u200b5678", "12345678", "12345678"),
        ("", "", ""),
        ("123", "123", ""),  # of a system that counted its cards
        ("琼a-00/12", "琼A0012", ""),
        ("No.0088", "NO0088", ""),
        ("会员", "", ""),
        ("1" * 33, "", ""),
        ("1" * 70, "", ""),
        ("12'; DROP TABLE", "", ""),
    ],
)
def test_typed_numbers_are_cleaned(raw: str, number: str, pin: str) -> None:
    assert clean_card_no(raw) == number
    assert clean_pin(raw) == pin


@given(st.text(max_size=80))
def test_cleaning_never_fails_and_is_stable(raw: str) -> None:
    once = clean_card_no(raw)
    assert clean_card_no(once) == once
