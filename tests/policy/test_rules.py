"""Presets, the party rules, cancellation, strikes and bans: tables of facts and answers, and properties."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenyue.core.documents import age_on
from wenyue.policy import (
    CancelTerms,
    PartyProblem,
    Preset,
    ban_after,
    cancel_limit,
    cancel_terms,
    check_party,
    parse_preset,
    release_at,
    sales_end_at,
    shipped_presets,
)
from wenyue.policy.model import PresetError

PRESETS = shipped_presets()
LINGYIN, GUOBO, GUGONG, HALL = (
    PRESETS[code] for code in ("lingyin", "guobo", "gugong", "maozhuxi-jiniantang")
)
SHANGHAI = "Asia/Shanghai"
VISIT = date(2026, 11, 20)
NINE = datetime(2026, 11, 20, 9, tzinfo=ZoneInfo(SHANGHAI))


def local(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZoneInfo(SHANGHAI))


def born(age: int, on: date = VISIT) -> date:
    return date(on.year - age, on.month, on.day)


def test_the_four_published_presets_are_shipped_with_their_sources() -> None:
    assert set(PRESETS) == {
        "default", "gugong", "guobo", "hotel", "lingyin", "maozhuxi-jiniantang", "shuttle", "table",
    }  # fmt: skip
    assert all(len(one.source) > 40 for one in PRESETS.values())
    assert LINGYIN.day_caps == {"workday": 35_000, "weekend": 50_000, "holiday": 65_000}
    assert [(one.starts, one.ends) for one in LINGYIN.slots] == [(time(7), time(13)), (time(11), time(17))]
    assert LINGYIN.exempt_from_age == 70
    assert len(GUOBO.slots) == 3
    assert HALL.cancel_limits is not None
    assert msgspec.structs.astuple(HALL.cancel_limits) == (2, 4, 6, 12)


@pytest.mark.parametrize(
    ("preset", "released"),
    [
        (LINGYIN, local(13, 8)),
        (GUOBO, local(13, 17)),
        (GUGONG, local(13, 20)),
        (HALL, local(14, 12, 30)),
    ],
)
def test_release(preset: Preset, released: datetime) -> None:
    answer = release_at(preset, VISIT, SHANGHAI)
    assert answer == released
    assert answer.tzinfo is UTC


def test_sales_end_with_the_session_or_at_midnight_before_without_same_day_booking() -> None:
    starts, ends = local(20, 9), local(20, 12)
    assert sales_end_at(GUGONG, starts, ends, SHANGHAI) == local(20, 0)
    assert sales_end_at(GUOBO, starts, ends, SHANGHAI) == ends
    assert sales_end_at(PRESETS["shuttle"], starts, ends, SHANGHAI) == starts - timedelta(minutes=5)
    # a night from 14:00 to noon is sold until midnight
    assert sales_end_at(PRESETS["hotel"], local(20, 14), local(21, 12), SHANGHAI) == local(21, 0)


@pytest.mark.parametrize(
    ("preset", "now", "terms"),
    [
        (LINGYIN, local(19, 16, 59), CancelTerms(is_allowed=True, strike=None, until=local(19, 17))),
        (LINGYIN, local(19, 17), CancelTerms(is_allowed=False, strike="no_show", until=local(19, 17))),
        (GUOBO, local(20, 14, 59), CancelTerms(is_allowed=True, strike="cancel", until=local(20, 15))),
        (GUOBO, local(20, 15), CancelTerms(is_allowed=False, strike="no_show", until=local(20, 15))),
        (GUGONG, local(19, 23, 59), CancelTerms(is_allowed=True, strike=None, until=local(20, 0))),
        (GUGONG, local(20, 0), CancelTerms(is_allowed=True, strike="late_cancel", until=local(20, 20))),
        (GUGONG, local(20, 20), CancelTerms(is_allowed=False, strike="no_show", until=local(20, 20))),
        (PRESETS["table"], local(20, 6, 59), CancelTerms(is_allowed=True, strike=None, until=local(20, 7))),
        (PRESETS["table"], local(20, 7), CancelTerms(is_allowed=False, strike=None, until=local(20, 7))),
    ],
)
def test_cancel_terms(preset: Preset, now: datetime, terms: CancelTerms) -> None:
    assert cancel_terms(preset, VISIT, NINE, SHANGHAI, now) == terms


def test_a_preset_without_cancellation_refuses_it() -> None:
    fixed = msgspec.structs.replace(GUGONG, cancel=())
    assert not cancel_terms(fixed, VISIT, NINE, SHANGHAI, local(1, 0)).is_allowed


@pytest.mark.parametrize(
    ("ages", "problem"),
    [
        ([40] * 5, None),
        ([40] * 6, PartyProblem.TOO_MANY),
        ([70, *[40] * 5], None),  # 70 and older need no reservation
        ([69, *[40] * 5], PartyProblem.TOO_MANY),
        ([14], PartyProblem.MINOR_ALONE),
        ([15], None),
        ([40, 14, 14, 14], None),
        ([40, 14, 14, 14, 14], PartyProblem.MINOR_ALONE),
        ([40, 41, 1, 2, 3], None),
        ([71, 5], None),
        ([], None),
    ],
)
def test_lingyin_parties(ages: list[int], problem: PartyProblem | None) -> None:
    assert check_party(LINGYIN, [born(age) for age in ages], VISIT) is problem


def test_guobo_takes_three_minors_at_most_however_many_adults() -> None:
    births = [born(40), born(41), born(3), born(4), born(5)]
    assert check_party(GUOBO, births, VISIT) is None
    more = msgspec.structs.replace(GUOBO, party_max=6)
    assert check_party(more, [*births, born(6)], VISIT) is PartyProblem.TOO_MANY_MINORS


def test_an_unknown_birth_counts_as_an_adult() -> None:
    assert check_party(LINGYIN, [None, born(3)], VISIT) is None


_people = st.lists(st.dates(date(1920, 1, 1), date(2026, 12, 31)), max_size=7)
_visits = st.one_of(
    st.dates(date(2027, 1, 1), date(2032, 12, 31)),
    st.sampled_from(
        [date(2028, 2, 28), date(2028, 2, 29), date(2028, 3, 1), date(2029, 2, 28), date(2029, 3, 1)]
    ),
)


@given(_people, _visits)
def test_parties_are_judged_by_the_age_on_the_day_of_the_visit(births: list[date], visit: date) -> None:
    ages = [age_on(birth, visit) for birth in births]
    minors = sum(1 for age in ages if age <= 14)
    expected = None
    if sum(1 for age in ages if age < 70) > 5:
        expected = PartyProblem.TOO_MANY
    elif minors > 3 * (len(ages) - minors):
        expected = PartyProblem.MINOR_ALONE
    assert check_party(LINGYIN, births, visit) is expected


@given(st.dates(date(1924, 1, 1), date(2010, 1, 1)), _visits)
def test_leap_day_births_come_of_age_as_the_kernel_says(birth: date, visit: date) -> None:
    leap_birth = date(birth.year - birth.year % 4, 2, 29)
    is_minor = check_party(LINGYIN, [leap_birth], visit) is PartyProblem.MINOR_ALONE
    assert is_minor == (age_on(leap_birth, visit) <= 14)


def no_shows(*days: date) -> list[tuple[str, date]]:
    return [("no_show", day) for day in days]


def days_ago(*numbers: int) -> list[date]:
    return [VISIT - timedelta(days=number) for number in numbers]


@pytest.mark.parametrize(
    ("preset", "strikes", "ban_days"),
    [
        (LINGYIN, [], None),
        (LINGYIN, no_shows(VISIT), 30),
        (LINGYIN, no_shows(*days_ago(0, 40)), 60),
        (LINGYIN, no_shows(*days_ago(0, 40, 900)), 90),
        (LINGYIN, no_shows(*days_ago(0, 40, 900, 901)), 90),
        (LINGYIN, [("cancel", VISIT)], None),
        (GUOBO, no_shows(*days_ago(0, 400)), None),
        (GUOBO, [*no_shows(*days_ago(0, 400)), ("cancel", VISIT)], 30),  # cancelling oneself counts
        (GUOBO, no_shows(*days_ago(0, 100, 200, 300)), None),  # the count starts over after a ban
        (GUOBO, no_shows(*days_ago(0, 100, 200, 300, 400, 500)), 30),
        (GUGONG, no_shows(*days_ago(0, 90, 179)), 60),
        (GUGONG, no_shows(*days_ago(0, 90, 180)), None),
        (GUGONG, [*no_shows(*days_ago(0, 0, 90)), ("late_cancel", VISIT)], None),  # one a day at most
        (HALL, no_shows(*days_ago(0, 119)), 120),
        (HALL, no_shows(*days_ago(0, 120)), None),
        (PRESETS["hotel"], no_shows(VISIT, VISIT, VISIT), None),
    ],
)
def test_bans(preset: Preset, strikes: list[tuple[str, date]], ban_days: int | None) -> None:
    answer = ban_after(preset, strikes, VISIT)
    assert answer == (None if ban_days is None else timedelta(days=ban_days))


@pytest.mark.parametrize(
    ("cancels", "is_reached"),
    [
        ([], False),
        (days_ago(0), False),
        (days_ago(0, 0), True),
        (days_ago(1, 2, 3), False),  # 20 November 2026 is a Friday
        (days_ago(1, 2, 3, 4), True),
        (days_ago(5, 6, 7, 8), False),  # the week before
        (days_ago(5, 6, 7, 8, 9, 10), True),  # six in November
        (days_ago(30, 31, 32, 33, 60, 61, 90, 91, 120, 121, 150), False),
        (days_ago(30, 31, 32, 33, 60, 61, 90, 91, 120, 121, 150, 151), True),
        (days_ago(*range(400, 420)), False),  # last year
    ],
)
def test_cancel_limits_of_the_memorial_hall(cancels: list[date], *, is_reached: bool) -> None:
    assert (cancel_limit(HALL.cancel_limits, cancels, VISIT) is not None) is is_reached
    assert cancel_limit(LINGYIN.cancel_limits, cancels, VISIT) is None


def changed(change: Callable[[dict[str, Any]], Any]) -> str:
    document = json.loads(msgspec.json.encode(LINGYIN))
    change(document)
    return json.dumps(document)


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        ("{", "truncated"),
        ("[]", "Expected `object`"),
        (changed(lambda d: d.pop("party_max")), "party_max"),
        (changed(lambda d: d.update(party_size=3)), "party_size"),
        (changed(lambda d: d.update(party_max=0)), "$.party_max"),
        (changed(lambda d: d.update(party_max="5")), "$.party_max"),
        (changed(lambda d: d.update(release_time="8 o'clock")), "$.release_time"),
        (changed(lambda d: d.update(person_rule="week")), "$.person_rule"),
        (changed(lambda d: d.update(code="Ling Yin")), "`code`"),
        (changed(lambda d: d.update(source=" ")), "`source`"),
        (changed(lambda d: d.update(day_caps={"sunday": 5})), "day_caps"),
        (changed(lambda d: d["cancel"].append({"days_before": 1})), "`cancel[1]`"),
        (changed(lambda d: d["cancel"].append({})), "`cancel[1]`"),
        (changed(lambda d: d["cancel"][0].update(before_start_s=5)), "`cancel[0]`"),
        (changed(lambda d: d.update(minor_age_max=None)), "`minor_age_max`"),
        (changed(lambda d: d["strikes"].update(ladder=[])), "`strikes.ladder`"),
        (changed(lambda d: d["strikes"]["ladder"].reverse()), "`strikes.ladder`"),
        (changed(lambda d: d["strikes"].update(kinds=[])), "`strikes.kinds`"),
        (changed(lambda d: d["slots"].reverse()), "`slots[1]`"),
        (changed(lambda d: d.update(may_overlap=False)), "`may_overlap`"),
        (changed(lambda d: d["slots"][0].update(ends="06:00:00")), "`slots[0]`"),
    ],
)
def test_a_mistyped_preset_names_the_place_and_the_field(raw: str, named: str) -> None:
    with pytest.raises(PresetError) as caught:
        parse_preset(raw, where="policy.preset 'x'")
    assert str(caught.value).startswith("policy.preset 'x': ")
    assert named in str(caught.value)


@given(st.text(max_size=40) | st.binary(max_size=40))
def test_parsing_never_fails_otherwise(raw: str | bytes) -> None:
    with pytest.raises(PresetError):
        parse_preset(raw)
