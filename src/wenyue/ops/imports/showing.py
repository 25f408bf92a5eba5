"""What an import of bookings did, or would do, at a terminal."""

from typing import Final

from rich.console import Console
from rich.table import Table as Grid

from wenyue.application.import_venue_facts import VenueFacts
from wenyue.booking.slots.importing import Difference
from wenyue.imports.bookings import ImportMap, ShownRow, Tally, Verdict
from wenyue.imports.reading import Noise
from wenyue.locale import Message, command_locale, text_in
from wenyue.locale.terminal import gettext
from wenyue.ops.imports.run import Options, Summary

_VERDICT_TEXT: Final = {
    Verdict.IMPORTED: Message("new"),
    Verdict.ALREADY: Message("the same as in an earlier run"),
    Verdict.UPDATED: Message("changed by the file"),
    Verdict.CANCELLED: Message("cancelled by the file, places given back"),
    Verdict.CHANGED: Message("changed, but changed here as well or over (left as it is)"),
    Verdict.REFUSED: Message("refused"),
}
_DIFFERENCE_TEXT: Final = {
    Difference.STATUS: Message("status"),
    Difference.WHEN: Message("product, date or session"),
    Difference.QUANTITY: Message("number of places"),
    Difference.PRICE: Message("price"),
    Difference.DETAILS: Message("who comes, or another detail"),
}
NOISE_TEXT: Final = {
    Noise.TITLE: Message("titles"),
    Noise.TOTAL: Message("totals"),
    Noise.NOTE: Message("notes"),
    Noise.BLANK: Message("blank"),
    Noise.HEADER_AGAIN: Message("repeated headers"),
}


def show(summary: Summary, chosen: ImportMap, console: Console, options: Options) -> None:
    """Print the sums; they add up to the rows of the file. Of a dry run also the first rows, before and after."""
    tally, done, sheet = summary.tally, summary.done, summary.sheet
    title = gettext("{source}: {n} rows", source=chosen.source, n=tally.rows)
    if sheet.encoding:
        form = gettext(
            "{encoding}, delimiter {delimiter}", encoding=sheet.encoding, delimiter=repr(sheet.delimiter)
        )
        title = f"{title} ({form})"
    dry = gettext("DRY RUN, nothing written")
    console.print(f"{title} · {dry}" if summary.is_dry_run else title, markup=False)
    for oddity in sheet.oddities:
        console.print(oddity.say(command_locale()), markup=False)
    for venue in done.venues:
        console.print(_of_venue(venue, is_dry_run=summary.is_dry_run), markup=False)
    if summary.is_dry_run:
        for row in done.first:
            console.print(_before_and_after(row))
    console.print(_sums(tally))
    left_out = ", ".join(
        f"{NOISE_TEXT[one].say(command_locale())} {n}" for one, n in summary.left_out.most_common()
    )
    if left_out:
        console.print(gettext("lines that are no rows: {left_out}", left_out=left_out), markup=False)
    if done.slots_opened:
        opened = ", ".join(f"{code} {capacity}" for code, capacity in sorted(done.capacities.items()))
        console.print(
            gettext("{n} dates opened; capacity per date: {opened}", n=done.slots_opened, opened=opened)
        )
    if done.gone.count:
        told = gettext(
            "live here from earlier runs, but not in this file (left as they are): {n}", n=done.gone.count
        )
        console.print(told, markup=False)
    if options.report:
        console.print(gettext("row by row: {path}", path=options.report), markup=False)
    if options.refused:
        console.print(gettext("refused rows: {path}", path=options.refused), markup=False)


def _sums(tally: Tally) -> Grid:
    grid = Grid()
    grid.add_column(gettext("what happened to the rows"))
    grid.add_column(gettext("rows"), justify="right")
    for verdict in Verdict:
        if tally.verdicts[verdict] or verdict in {Verdict.IMPORTED, Verdict.REFUSED}:
            grid.add_row(_VERDICT_TEXT[verdict].say(command_locale()), str(tally.verdicts[verdict]))
    for difference, count in tally.differences.most_common():
        grid.add_row(f"    ≠ {_DIFFERENCE_TEXT[Difference(difference)].say(command_locale())}", str(count))
    for reason, count in tally.reasons.most_common():
        grid.add_row(f"    {reason.value}", str(count), style="yellow")
    total = (
        gettext("the sum matches the file's rows") if tally.is_complete else gettext("THE SUM DOESN'T MATCH")
    )
    grid.add_row(total, str(sum(tally.verdicts.values())), style="bold")
    return grid


def _of_venue(venue: VenueFacts, *, is_dry_run: bool) -> str:
    """Whether it is there, with its clock and money."""
    money = ", ".join(venue.currencies)
    if venue.id is not None:
        return gettext(
            "venue {code} is there: {name}, {timezone}, {currency}",
            code=venue.code,
            name=text_in(venue.name, command_locale()),
            timezone=venue.timezone,
            currency=money,
        )
    if is_dry_run:
        return gettext(
            "venue {code} would be made: {timezone}, {currency}",
            code=venue.code,
            timezone=venue.timezone,
            currency=money,
        )
    return gettext(
        "venue {code} was made: {timezone}, {currency}",
        code=venue.code,
        timezone=venue.timezone,
        currency=money,
    )


def _before_and_after(row: ShownRow) -> Grid:
    title = gettext("row {n}", n=row.number)
    if row.refusal is not None:
        title = f"{title}: {row.refusal.reason.value}: {row.refusal.fix.say(command_locale())}"
    grid = Grid(title=title, title_justify="left")
    for name in (gettext("column"), gettext("in the file"), gettext("understood")):
        grid.add_column(name)
    for cell in row.cells:
        grid.add_row(cell.column, cell.before, cell.after)
    return grid
