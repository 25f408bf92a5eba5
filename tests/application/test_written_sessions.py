"""Days in a row on which a session is the same are one row; whatever differs begins another."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from wenyue.application.written_sessions import session_rows
from wenyue.booking.slots.importing import SessionThere
from wenyue.catalogue import Product, Venue
from wenyue.imports.sessions import DAYS_OF_ROW_MAX

VENUE = Venue(code="lake", kind="attraction", name={"zh-CN": "湖"})
PRODUCT = Product(venue_id=1, code="day", kind="session", name={"zh-CN": "票"}, price_minor=100, id=7)
FIRST = date(2026, 12, 1)


def there(day: int, hour: int = 1, **changed: Any) -> SessionThere:
    """`hour`: UTC, eight less than there."""
    on_date = FIRST + timedelta(days=day)
    starts = datetime(on_date.year, on_date.month, on_date.day, hour, tzinfo=UTC)
    return SessionThere(7, on_date, starts, starts + timedelta(hours=2), 50, 100, {}, None, True)._replace(
        **changed
    )


def spans(*sessions: SessionThere) -> list[tuple[int, int, int | None]]:
    rows = session_rows(VENUE, PRODUCT, sessions, FIRST)
    return [((one.first - FIRST).days, (one.until - FIRST).days, one.price_minor) for one in rows]


def test_days_in_a_row_are_one_row() -> None:
    [row] = session_rows(VENUE, PRODUCT, [there(0), there(1), there(2)], FIRST)
    assert (row.venue, row.product, row.starts, row.ends, row.price_minor) == (
        "lake",
        "day",
        time(9),
        time(11),
        None,
    )
    assert len(list(row.days())) == 3


def test_a_gap_another_price_and_another_time_begin_a_row() -> None:
    assert spans(there(0), there(2)) == [(0, 0, None), (2, 2, None)]
    assert spans(there(0), there(1, price_minor=90), there(2)) == [(0, 0, None), (1, 1, 90), (2, 2, None)]
    assert spans(there(0), there(0, 4), there(1), there(1, 4)) == [(0, 1, None), (0, 1, None)]


def test_what_is_over_or_closed_is_left_out() -> None:
    assert spans(there(-1), there(0), there(1, is_open=False)) == [(0, 0, None)]


def test_a_row_has_no_more_days_than_an_import_reads() -> None:
    found = spans(*(there(day) for day in range(DAYS_OF_ROW_MAX + 1)))
    assert found == [(0, DAYS_OF_ROW_MAX - 1, None), (DAYS_OF_ROW_MAX, DAYS_OF_ROW_MAX, None)]
