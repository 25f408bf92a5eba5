"""A list whose rows are few enough to be kept: each row understood, or refused with the reason. No row is lost."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from wenyue.imports.cells import Cells, Columns
from wenyue.imports.mapping import ColumnMap
from wenyue.imports.reading import InputError, Noise, Row, Sheet
from wenyue.imports.refusals import Refusal, RowRefused
from wenyue.locale import Message

LIST_ROWS_MAX: Final = 200_000
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Listed(Generic[R]):
    """A row of the file, and what it says or why it is refused."""

    row: Row
    found: R | Refusal


@dataclass(slots=True)
class Listing(Generic[R]):
    """A whole file. `left_out`: lines that are no rows."""

    rows: list[Listed[R]] = field(default_factory=list["Listed[R]"])
    left_out: Counter[Noise] = field(default_factory=Counter[Noise])

    def read(self) -> Iterator[tuple[int, R]]:
        """Those that were understood, each with its place in `rows`."""
        for at, one in enumerate(self.rows):
            if not isinstance(one.found, Refusal):
                yield at, one.found


def read_list(sheet: Sheet, chosen: ColumnMap, read: Callable[[Cells], R]) -> Listing[R]:
    """Every row of the file. `read` raises RowRefused. Raises InputError when the file cannot be read or is too long."""
    columns, listing = Columns(chosen, sheet.header), Listing[R]()
    for row in sheet.rows(listing.left_out):
        if row.number > LIST_ROWS_MAX:
            raise InputError(
                Message(
                    "{path} has more than {rows_max} rows: split it", path=sheet.path, rows_max=LIST_ROWS_MAX
                )
            )
        try:
            listing.rows.append(Listed(row, read(columns.of(row))))
        except RowRefused as refused:
            listing.rows.append(Listed(row, refused.refusal))
    return listing
