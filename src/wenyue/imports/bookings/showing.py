"""A row before and after: what stands in each column that the map names, and what was understood. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from wenyue.core.documents import mask_document, mask_name, mask_phone
from wenyue.imports.bookings.columns import column_map
from wenyue.imports.bookings.model import Entry, ImportMap, Reservation
from wenyue.imports.reading import fold_name, shown
from wenyue.imports.refusals import Refusal


@dataclass(frozen=True, slots=True)
class ShownCell:
    """One column: its name in the file, what stands there, what it was understood as ('': it is not said there alone)."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One row. `refusal`: why it is not taken; its cells are then as they stand."""

    number: int
    cells: tuple[ShownCell, ...]
    refusal: Refusal | None = None


def first_rows(
    entries: Iterable[Entry], header: Sequence[str], chosen: ImportMap, most: int
) -> tuple[ShownRow, ...]:
    """At most so many rows of these bookings."""
    return tuple(islice((row for one in entries for row in shown_rows(one, header, chosen)), most))


def shown_rows(entry: Entry, header: Sequence[str], chosen: ImportMap) -> list[ShownRow]:
    """The rows of a booking of the file; who comes is masked."""
    rows: list[ShownRow] = []
    at = {fold_name(name): number for number, name in enumerate(header)}
    for number, row in enumerate(entry.rows):
        part = entry.parts[number] if entry.parts else None
        after = _understood(part, chosen) if part else {}
        cells: list[ShownCell] = []
        for field, rule in column_map(chosen).columns.items():
            place = at.get(fold_name(rule.column), len(row.cells))
            raw = row.cells[place] if place < len(row.cells) else ""
            mask = {"name": mask_name, "document": mask_document, "phone": mask_phone}.get(field, str)
            cells.append(ShownCell(rule.column, shown(mask(raw.strip())), after.get(field, "")))
        rows.append(ShownRow(row.number, tuple(cells), entry.refusals[number] if entry.refusals else None))
    return rows


def _understood(one: Reservation, chosen: ImportMap) -> dict[str, str]:
    """Field → what it says here."""
    person, product = one.person, chosen.products[one.product]
    when = f"{one.session.starts:%H:%M}-{one.session.ends:%H:%M}" if one.session else ""
    found = {
        "key.0": one.key.removeprefix("k:") if len(chosen.key_columns) == 1 else "",
        "venue": chosen.venues[one.venue].code,
        "product": f"{product.code} {when}".strip() if not chosen.columns.session else product.code,
        "session": when,
        "arrival": one.arrival.isoformat(),
        "departure": str(one.nights),
        "nights.0": str(one.nights) if len(chosen.columns.nights) == 1 else "",
        "quantity": str(one.quantity),
        "status": one.status.value,
        "status_date": one.status_on.isoformat(),
        "booked": one.booked_on.isoformat(),
        "price": f"{one.total_minor / 100:.2f}",
        "adults": str(one.adults),
        "children": str(one.children),
        "babies": str(one.babies),
        "country": one.country or "",
    }
    if person is not None:
        found["name"], found["phone"] = mask_name(person.name), mask_phone(person.phone)
        if person.document is not None:
            found["document"] = mask_document(person.document.number)
            found["document_type"] = person.document.kind.value
    return found
