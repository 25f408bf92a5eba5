"""One row of a list of sessions, understood, and written again: one day, or the same on many. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Final

from wenyue.imports.cells import Cells
from wenyue.imports.columns import FIELDS, Kind, title_of
from wenyue.imports.products import price_text, read_place, read_price
from wenyue.imports.refusals import Reason
from wenyue.imports.values import date_of, span_in
from wenyue.imports.venues import one_line, printable, read_weekdays, texts_of
from wenyue.imports.weekdays import EVERY, weekdays_text
from wenyue.locale import DEFAULT, SOURCE, Locale, Message, Texts

DAYS_OF_ROW_MAX: Final = 400
CAPACITY_MAX: Final = 10_000_000
_DATE_SPAN: Final = re.compile(r"\s*[~至到]\s*|\s+-+\s+|(?<=[\d日])-(?=\d{4}\D)")


@dataclass(frozen=True, slots=True)
class SessionRow:
    """Sessions as a list says them, the same on each of its days.

    `venue`, `product`: a code or a name. `until` is included. `weekdays`: bits, Monday is 0. Times are the venue's; None: the
    list does not say them. `price_minor` None: what the product costs.
    """

    venue: str
    product: str
    first: date
    until: date
    capacity: int
    weekdays: int = EVERY
    starts: time | None = None
    ends: time | None = None
    label: Texts = field(default_factory=dict[str, str])
    price_minor: int | None = None

    def days(self) -> Iterator[date]:
        """The days on which it says that the session is."""
        for step in range((self.until - self.first).days + 1):
            day = self.first + timedelta(days=step)
            if self.weekdays & 1 << day.weekday():
                yield day


def read_session(cells: Cells) -> SessionRow:
    """The sessions in a row. Raises RowRefused."""
    first, until = _dates(cells)
    weekdays = read_weekdays(cells, "weekdays")
    starts, ends, named = _times(cells)
    row = SessionRow(
        venue=read_place(cells, "venue"),
        product=read_place(cells, "product"),
        first=first,
        until=until,
        capacity=_capacity(cells),
        weekdays=EVERY if weekdays is None else weekdays,
        starts=starts,
        ends=ends,
        label=texts_of(printable(cells, "label") or named, printable(cells, "label_en")),
        price_minor=read_price(cells, ""),
    )
    if not any(row.days()):
        raise cells.refuse(
            Reason.BAD_DATE, "weekdays", Message("none of its dates is on one of these weekdays")
        )
    return row


def session_header(locale: Locale) -> list[str]:
    """The names of the columns of a list that is written."""
    return [title_of(one, locale) for one in FIELDS[Kind.SESSIONS]]


def session_cells(row: SessionRow, locale: Locale) -> list[str]:
    """The row of a session, in the order of `session_header`: `read_session` reads it as the same."""
    return [
        row.venue,
        row.product,
        row.first.isoformat(),
        row.until.isoformat() if row.until != row.first else "",
        weekdays_text(row.weekdays, locale) if row.weekdays != EVERY else "",
        "",
        _clock_text(row.starts),
        _clock_text(row.ends),
        str(row.capacity),
        one_line(row.label.get(DEFAULT, "")),
        one_line(row.label.get(SOURCE, "")),
        price_text(row.price_minor),
    ]


def _clock_text(one: time | None) -> str:
    if one is None:
        return ""
    return f"{one:%H:%M:%S}" if one.second else f"{one:%H:%M}"


def _dates(cells: Cells) -> tuple[date, date]:
    """The first and the last day: two columns, or one that says both."""
    parts = _DATE_SPAN.split(unicodedata.normalize("NFKC", cells.text("date")))
    if len(parts) == 2 and (both := (date_of(parts[0]), date_of(parts[1]))) and None not in both:
        first, until = both
    else:
        first, until = cells.day("date"), cells.day("until")
    if first is None:
        raise cells.refuse(Reason.MISSING, "date", Message("a value is needed here"))
    until = until or first
    if until < first:
        raise cells.refuse(Reason.BAD_DATE, "until", Message("the last day is before the first"))
    if (until - first).days >= DAYS_OF_ROW_MAX:
        fix = Message("at most {most} days in one row: split it", most=DAYS_OF_ROW_MAX)
        raise cells.refuse(Reason.TOO_LARGE, "until", fix)
    return first, until


def _times(cells: Cells) -> tuple[time | None, time | None, str]:
    """When it begins and ends, and what its name is: `上午场 08:30-11:30` says both."""
    both, named = span_in(cells.text("span"))
    starts, ends = both or cells.span("starts") or (cells.clock("starts"), cells.clock("ends"))
    if starts is None and ends is not None:
        raise cells.refuse(Reason.MISSING, "starts", Message("say when it begins, too"))
    return starts, ends, named


def _capacity(cells: Cells) -> int:
    found = cells.whole("capacity", 0, CAPACITY_MAX)
    if found is None:
        raise cells.refuse(Reason.MISSING, "capacity", Message("a value is needed here"))
    return found
