"""What an import stands on: a first look at the whole file."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date

from wenyue.locale.terminal import gettext
from wenyue.ops.imports.bookings import ProductKey
from wenyue.ops.imports.demand import dates_of
from wenyue.ops.imports.model import ImportMap, Refusal, Reservation, Row
from wenyue.ops.imports.rules import RowReader
from wenyue.ops.imports.table import Table

Progress = Callable[[str, int, int], None]  # phase, rows done, rows in all (0: not known yet)
Used = tuple[ProductKey, date]


@dataclass(slots=True)
class Survey:
    """What a first look at the file says."""

    rows: int = 0
    dates: set[Used] = field(default_factory=set[Used])
    used: Counter[Used] = field(default_factory=Counter[Used])

    def capacities(self, chosen: ImportMap) -> dict[ProductKey, int]:
        """Of each product: the capacity that the map states, or the most that was in use on one date."""
        most: dict[ProductKey, int] = dict.fromkeys((product for product, _ in self.dates), 0)
        for (product, _), count in self.used.items():
            most[product] = max(most[product], count)
        stated = {product: chosen.products[product[0]].capacity for product in most}
        return {
            product: count if (said := stated[product]) is None else said for product, count in most.items()
        }


def read_all(table: Table, chosen: ImportMap) -> Iterator[tuple[Row, Reservation | Refusal]]:
    """Every row with what it means, in order."""
    reader = RowReader(chosen, table.header)
    return ((row, reader.read_row(row)) for row in table.rows())


def take_survey(table: Table, chosen: ImportMap, progress: Progress) -> Survey:
    """Read the whole file once: its rows, the dates it speaks of, the places in use on each. Raises InputError."""
    survey = Survey()
    for _, found in read_all(table, chosen):
        survey.rows += 1
        if survey.rows % 1000 == 0:
            progress(gettext("reading"), survey.rows, 0)
        if isinstance(found, Reservation):
            for on_date in dates_of(found):
                key = ((found.product, found.nights == 0), on_date)
                survey.dates.add(key)
                if found.status.draws:
                    survey.used[key] += found.quantity
    progress(gettext("reading"), survey.rows, survey.rows)
    return survey
