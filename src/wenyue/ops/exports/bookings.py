"""`wenyue export bookings`: every booking in one file, and the map with which `wenyue import bookings` reads it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from wenyue.application.export_bookings import BookingsOut, ExportBookings, VenueNotFound, export_bookings
from wenyue.application.operating import Operator
from wenyue.imports.booking_lists import WrittenRow, cells_of, header
from wenyue.imports.export_maps import booking_map
from wenyue.imports.row_files import text_file
from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.acting_as import Acting, AsOf
from wenyue.ops.arguments import day_of
from wenyue.ops.exports.command import app
from wenyue.ops.exports.writing import Export, ExportFile, Told, Words, locale_for, write_export
from wenyue.platform.fault import SetupError


@app.command("bookings")
def export_booking_list(
    file: ExportFile,
    *,
    map_file: Annotated[
        Path | None, typer.Option("--map", help="the map to write for the import; else beside the file")
    ] = None,
    venue: Annotated[str, typer.Option(help="only of this venue: its code")] = "",
    from_day: Annotated[str, typer.Option("--from", help="first day of visit or arrival, YYYY-MM-DD")] = "",
    to_day: Annotated[str, typer.Option("--to", help="last day of visit or arrival, YYYY-MM-DD")] = "",
    language: Words = "zh",
    by: AsOf = "",
) -> None:
    """Write every booking out, a row for each visitor or stay, with a map for the import. The file holds personal data."""
    console, out, locale = Console(), BookingsOut(), locale_for(file, language)
    beside = map_file or file.with_suffix(".map.toml")
    request = ExportBookings(
        venue,
        day_of(from_day, "--from") if from_day else None,
        day_of(to_day, "--to") if to_day else None,
    )

    def rows(works: Acting, operator: Operator, told: Told) -> AsyncIterator[WrittenRow]:
        return export_bookings(works, operator, told, request, out)

    try:
        count = write_export(Export(Message("bookings"), header, rows, cells_of), file, language, by, console)
    except VenueNotFound as error:
        raise SetupError(Message("--venue: venue {venue_code} not found", venue_code=repr(venue))) from error
    text_file(beside, booking_map(out.sold.listed_venues, out.sold.listed, locale))
    for line in _left_out(out):
        console.print(line, markup=False)
    console.print(
        gettext(
            "{n} bookings in {rows} rows: {path}; map: {map}",
            n=out.bookings,
            rows=count,
            path=file,
            map=beside,
        ),
        markup=False,
    )


def _left_out(out: BookingsOut) -> list[str]:
    """What is not in the file, or what an import would not take of it."""
    said: list[str] = []
    if out.holds:
        said.append(
            gettext(
                "left out, as they are no bookings: {n} holds that are not paid for or have lapsed",
                n=out.holds,
            )
        )
    if out.other_currency:
        said.append(
            gettext(
                "rows in another currency than their venue sells in, which an import refuses: {n}",
                n=out.other_currency,
            )
        )
    return said
