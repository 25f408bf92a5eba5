"""Which column of a file says which field of a booking, as `cells` reads them. Pure."""

from collections.abc import Iterator

from wenyue.imports.bookings.model import DateColumn, DateParts, DaysBefore, ImportMap
from wenyue.imports.columns import Kind
from wenyue.imports.mapping import ColumnMap, ColumnRule


def column_map(chosen: ImportMap) -> ColumnMap:
    """The map's columns by field. Several columns of one field are numbered (`key.0`), parts of a date are named."""
    return ColumnMap(
        kind=Kind.BOOKINGS,
        source=chosen.source,
        options=chosen.options,
        columns=dict(_rules(chosen)),
        nulls=chosen.nulls | {""},
    )


def _rules(chosen: ImportMap) -> Iterator[tuple[str, ColumnRule]]:
    c = chosen.columns
    for number, name in enumerate(chosen.key_columns):
        yield f"key.{number}", ColumnRule(name)
    for number, name in enumerate(c.nights):
        yield f"nights.{number}", ColumnRule(name)
    dates = {"arrival": c.arrival, "departure": c.departure, "status_date": c.status_date, "booked": c.booked}
    for field, rule in dates.items():
        yield from _date_rules(field, rule)
    single = {
        "product": c.product,
        "status": c.status,
        "price": c.price,
        "adults": c.adults,
        "children": c.children,
        "babies": c.babies,
        "country": c.country,
        "venue": c.venue,
        "session": c.session,
        "starts": c.starts,
        "ends": c.ends,
        "name": c.name,
        "document_type": c.document_type,
        "document": c.document,
        "document_country": c.document_country,
        "phone": c.phone,
        "currency": c.currency,
        "quantity": c.quantity if isinstance(c.quantity, str) else None,
    }
    for field, name in single.items():
        if name is not None:
            yield field, ColumnRule(name)


def _date_rules(
    field: str, rule: DateColumn | DateParts | DaysBefore | None
) -> Iterator[tuple[str, ColumnRule]]:
    match rule:
        case None:
            return
        case DateParts(year, month, day):
            yield from ((f"{field}.year", ColumnRule(year)), (f"{field}.month", ColumnRule(month)))
            yield f"{field}.day", ColumnRule(day)
        case DateColumn(column=column, formats=formats):
            yield field, ColumnRule(column, formats)
        case DaysBefore(column=column):
            yield field, ColumnRule(column)
