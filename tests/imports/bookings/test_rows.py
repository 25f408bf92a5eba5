"""One row of an old system: what it becomes, or which column is wrong and what to do."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenyue.imports.bookings import ImportedStatus, ImportMap, Reservation, read_map, redeemed_nights
from wenyue.imports.bookings.model import DateColumn, OddRows
from wenyue.imports.bookings.rules import RowReader
from wenyue.imports.bookings.stage import Survey
from wenyue.imports.keyring import Clash, Clashing
from wenyue.imports.reading import Row
from wenyue.imports.refusals import Reason, Refusal

MAP = read_map(Path("examples/hotel-bookings.map.toml"))
GOOD = {
    "arrival_date_year": "2015",
    "arrival_date_month": "July",
    "arrival_date_day_of_month": "1",
    "stays_in_weekend_nights": "2",
    "stays_in_week_nights": "5",
    "reserved_room_type": "A",
    "reservation_status": "Check-Out",
    "reservation_status_date": "7/8/2015",
    "lead_time": "10",
    "adr": "75.5",
    "adults": "2",
    "children": "1",
    "babies": "0",
    "country": "PRT",
}
HEADER = tuple(GOOD)
TODAY = date(2026, 11, 30)


def read(chosen: ImportMap = MAP, /, **changes: str) -> Reservation | Refusal:
    return RowReader(chosen, HEADER, TODAY).read_row(Row(1, 2, list((GOOD | changes).values())))


def refusal(chosen: ImportMap = MAP, /, **changes: str) -> tuple[str, str, str]:
    found = read(chosen, **changes)
    assert isinstance(found, Refusal), found
    assert found.fix
    return found.reason.value, found.column, found.value


def test_good_row() -> None:
    found = read()
    assert isinstance(found, Reservation)
    assert (found.arrival, found.nights, found.booked_on) == (date(2015, 7, 1), 7, date(2015, 6, 21))
    assert (found.price_minor, found.total_minor) == (7_550, 52_850)
    assert (found.adults, found.children, found.country) == (2, 1, "PRT")
    assert found.status is ImportedStatus.REDEEMED
    assert "PRT" not in repr(found)


@pytest.mark.parametrize("spelled", ["7/8/2015", "07/08/2015", "2015-07-08"])
def test_both_date_forms_of_the_wild(spelled: str) -> None:
    found = read(reservation_status_date=spelled)
    assert isinstance(found, Reservation)
    assert found.status_on == date(2015, 7, 8)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("arrival_date_day_of_month", "31x", Reason.BAD_DATE),
        ("arrival_date_day_of_month", "0", Reason.BAD_DATE),
        ("arrival_date_month", "Juillet", Reason.BAD_DATE),
        ("arrival_date_year", "12015", Reason.BAD_DATE),
        ("arrival_date_year", "9" * 30, Reason.BAD_DATE),
        ("arrival_date_day_of_month", "9" * 30, Reason.BAD_DATE),
        ("arrival_date_year", "NULL", Reason.MISSING),
        ("reservation_status_date", "31/02/2015", Reason.BAD_DATE),
        ("reservation_status_date", "2/30/2015", Reason.BAD_DATE),
        ("reservation_status_date", "2015-13-01", Reason.BAD_DATE),
        ("reservation_status_date", "7/8/15", Reason.BAD_DATE),
        ("lead_time", "-1", Reason.NEGATIVE),
        ("lead_time", "99999", Reason.TOO_LARGE),
        ("stays_in_week_nights", "-3", Reason.NEGATIVE),
        ("stays_in_week_nights", "1.5", Reason.NOT_A_NUMBER),
        ("stays_in_week_nights", "1e3", Reason.NOT_A_NUMBER),
        ("stays_in_week_nights", "", Reason.MISSING),
        ("stays_in_week_nights", "101", Reason.TOO_LARGE),
        ("adults", "-2", Reason.NEGATIVE),
        ("adults", "9999", Reason.TOO_LARGE),
        ("adr", "-6.38", Reason.NEGATIVE),
        ("adr", "7,5,50", Reason.NOT_A_NUMBER),
        ("adr", "NaN", Reason.NOT_A_NUMBER),
        ("adr", "Infinity", Reason.NOT_A_NUMBER),
        ("adr", "99999999", Reason.TOO_LARGE),
        ("adr", "七十五", Reason.NOT_A_NUMBER),
        ("adr", "=cmd|'/c calc'!A1", Reason.NOT_A_NUMBER),
        ("reserved_room_type", "Z", Reason.UNKNOWN_PRODUCT),
        ("reservation_status", "", Reason.UNKNOWN_STATUS),
        ("country", "=cmd", Reason.BAD_COUNTRY),
        ("country", "Portugol", Reason.BAD_COUNTRY),
        ("country", "P\x00T", Reason.BAD_CHARACTER),
    ],
)
def test_each_wrong_value_names_its_column(column: str, value: str, reason: Reason) -> None:
    found = refusal(**{column: value})
    assert found[0] == reason.value
    # The three columns of the arrival are told as one date, under its last column.
    assert found[1] == (
        "arrival_date_day_of_month" if column.startswith("arrival_") and value != "NULL" else column
    )


def test_impossible_arrival() -> None:
    assert refusal(arrival_date_month="February", arrival_date_day_of_month="31") == (
        "bad-date",
        "arrival_date_day_of_month",
        "2015 February 31",
    )


def test_truncated_and_overfull_rows() -> None:
    reader = RowReader(MAP, HEADER, TODAY)
    for cells in (list(GOOD.values())[:5], [*GOOD.values(), "more"]):
        found = reader.read_row(Row(1, 2, cells))
        assert isinstance(found, Refusal)
        assert found.reason is Reason.COLUMN_COUNT


def test_odd_rows_follow_the_map() -> None:
    strict = _with_odd(is_day_use=False, takes_no_adults=False, takes_no_guests=False)
    day = {"stays_in_weekend_nights": "0", "stays_in_week_nights": "0"}
    assert refusal(strict, **day)[0] == "zero-nights"
    found = read(MAP, **day)
    assert isinstance(found, Reservation)
    assert (found.nights, found.total_minor) == (0, 7_550)

    assert refusal(strict, adults="0")[0] == "no-adults"
    assert isinstance(read(MAP, adults="0"), Reservation)
    assert refusal(MAP, adults="0", children="NULL")[0] == "no-guests"
    assert isinstance(read(_with_odd(takes_no_guests=True), adults="0", children="0"), Reservation)

    free = read(_with_odd(negative_price_is_zero=True), adr="-6.38")
    assert isinstance(free, Reservation)
    assert free.price_minor == 0


def _with_odd(
    *,
    is_day_use: bool = True,
    takes_no_adults: bool = True,
    takes_no_guests: bool = False,
    negative_price_is_zero: bool = False,
) -> ImportMap:
    return replace(MAP, odd=OddRows(is_day_use, takes_no_adults, takes_no_guests, negative_price_is_zero))


def test_stay_until_a_departure_date() -> None:
    columns = replace(MAP.columns, nights=(), departure=DateColumn("reservation_status_date", ("%m/%d/%Y",)))
    found = read(replace(MAP, columns=columns))
    assert isinstance(found, Reservation)
    assert found.nights == 7
    assert refusal(replace(MAP, columns=columns), reservation_status_date="6/30/2015")[0] == "negative"


def test_keys_tell_identical_rows_apart_and_survive_moved_columns() -> None:
    row = list(GOOD.values())
    reader = RowReader(MAP, HEADER, TODAY)
    keys = [_key(reader.read_row(Row(n, n + 1, row), occurrence=n)) for n in (1, 2, 3)]
    assert len(set(keys)) == 3
    assert [key.rpartition(":")[2] for key in keys] == ["1", "2", "3"]
    moved = RowReader(MAP, HEADER[::-1], TODAY)
    assert [_key(moved.read_row(Row(n, n + 1, row[::-1]), occurrence=n)) for n in (1, 2, 3)] == keys


def test_own_key_twice_is_refused() -> None:
    reader = RowReader(replace(MAP, key_columns=("lead_time", "country")), HEADER, TODAY)
    again = reader.read_row(Row(2, 3, list(GOOD.values())), Clashing(Clash.TWICE, 1))
    assert isinstance(again, Refusal)
    assert (again.reason, again.fix.say("en")) == (
        Reason.KEY_TWICE,
        "row 1 has the same key; is another column part of the key?",
    )
    alike = reader.read_row(Row(2, 3, list(GOOD.values())), Clashing(Clash.AMBIGUOUS, 7))
    assert isinstance(alike, Refusal)
    assert alike.reason is Reason.KEY_AMBIGUOUS
    assert alike.fix.say("en").startswith("row 7 has")


def _key(found: Reservation | Refusal) -> str:
    assert isinstance(found, Reservation)
    return found.key


def test_early_departure_uses_fewer_nights() -> None:
    left_early = read(reservation_status_date="7/4/2015")
    same_day = read(reservation_status_date="7/1/2015")
    late_entry = read(reservation_status_date="7/20/2015")
    cancelled = read(reservation_status="Canceled")
    found = [
        redeemed_nights(one)
        for one in (left_early, same_day, late_entry, cancelled)
        if not isinstance(one, Refusal)
    ]
    assert found == [3, 1, 7, 0]


def test_peak_demand_counts_overlapping_nights_that_were_not_cancelled() -> None:
    a, b, c = read(), read(arrival_date_day_of_month="7"), read(reservation_status="Canceled")
    d = read(arrival_date_day_of_month="8")
    e = read(arrival_date_day_of_month="7", reservation_status="No-Show")
    stays = [one for one in (a, b, c, d, e) if isinstance(one, Reservation)]
    assert len(stays) == 5
    survey = Survey()
    for one in stays:
        survey.add(one)
    assert survey.capacities(MAP) == {("", "A", False): 3}


@given(st.lists(st.text(max_size=30), max_size=18))
def test_no_row_raises(cells: list[str]) -> None:
    found = RowReader(MAP, HEADER, TODAY).read_row(Row(1, 2, cells))
    assert isinstance(found, Reservation | Refusal)


@given(st.sampled_from(HEADER), st.text(max_size=40))
def test_no_value_raises(column: str, value: str) -> None:
    found = read(**{column: value})
    if isinstance(found, Reservation):
        assert 0 <= found.nights <= 100
        assert found.total_minor >= 0
    else:
        assert found.fix
        assert len(found.value) <= 60
