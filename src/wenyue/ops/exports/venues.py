"""`wenyue export venues`: every venue in one file, in the form that `wenyue import venues` reads."""

from typing import Final

from rich.console import Console

from wenyue.application.export_venues import export_venues
from wenyue.imports.venue_lists import cells_of, header
from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.acting_as import AsOf
from wenyue.ops.exports.command import app
from wenyue.ops.exports.writing import Export, ExportFile, Words, write_export

_VENUES: Final = Export(Message("venues"), header, export_venues, cells_of)


@app.command("venues")
def export_venue_list(file: ExportFile, *, language: Words = "zh", by: AsOf = "") -> None:
    """Write every venue out: names, place, hours, what describes it."""
    console = Console()
    count = write_export(_VENUES, file, language, by, console)
    console.print(gettext("{n} venues: {path}", n=count, path=file), markup=False)
