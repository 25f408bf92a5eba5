"""`wenyue import venues`: the face of the venue import at a terminal."""

from typing import Final

from wenyue.application.import_venues import import_venues
from wenyue.imports.columns import Kind
from wenyue.imports.venues import read_venue
from wenyue.ops.acting_as import AsOf
from wenyue.ops.imports.command import app
from wenyue.ops.imports.lists import (
    DryRun,
    ListFile,
    ListKind,
    ListOptions,
    MapFile,
    RefusedFile,
    ReportFile,
    bring,
)

VENUES: Final = ListKind(Kind.VENUES, read_venue, import_venues)


@app.command("venues")
def import_venue_list(
    file: ListFile,
    *,
    map_file: MapFile = None,
    dry_run: DryRun = False,
    report: ReportFile = None,
    refused: RefusedFile = None,
    by: AsOf = "",
) -> None:
    """Bring a list of venues in: attractions, hotels, restaurants, transport."""
    bring(VENUES, ListOptions(file, map_file, dry_run, report, refused, by))
