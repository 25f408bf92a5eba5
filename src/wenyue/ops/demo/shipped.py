"""The list of national 5A attractions that we ship, read as any list of venues."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from wenyue.imports.columns import Kind, known_names
from wenyue.imports.listing import read_list
from wenyue.imports.mapping import ColumnMap, ColumnRule
from wenyue.imports.reading import Options, open_sheet
from wenyue.imports.venues import ATTRACTION, VenueRow, code_of, read_venue

SHIPPED_FILE: Final = Path(__file__).parents[1] / "data" / "china-5a-attractions.csv"
PUBLIC_LIST: Final = "public list"  # where its facts come from
_LEVEL: Final = "5A"


def shipped_attractions() -> Iterator[tuple[int, VenueRow]]:
    """The national 5A attractions, each with the line of the file that we ship. Reads that file."""
    sheet = open_sheet(SHIPPED_FILE, known_names(Kind.VENUES))
    columns = {name: ColumnRule(name) for name in ("province", "name", "latitude", "longitude")}
    chosen = ColumnMap(
        Kind.VENUES, PUBLIC_LIST, Options(), columns, defaults={"kind": ATTRACTION, "level": _LEVEL}
    )
    for at, found in (listing := read_list(sheet, chosen, read_venue)).read():
        yield listing.rows[at].row.line, found


def shipped_code(province: str, name: str) -> str:
    """The code of one of them."""
    return code_of(province, name, _LEVEL.lower())
