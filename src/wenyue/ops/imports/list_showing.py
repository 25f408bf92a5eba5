"""What became of a list, at a terminal and in files: the sums, the first rows of a dry run, each row of a report."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from wenyue.application.list_outcomes import Difference, ListOutcome, ListTaken, ListVerdict
from wenyue.imports.columns import FIELDS, title_of
from wenyue.imports.listing import Listed, Listing
from wenyue.imports.mapping import ColumnMap
from wenyue.imports.reading import Sheet, fold_name
from wenyue.imports.refused_rows import refused_rows, told
from wenyue.imports.row_files import row_file
from wenyue.locale import Message, command_locale
from wenyue.locale.terminal import gettext
from wenyue.ops.imports.showing import NOISE_TEXT

SHOWN_ROWS: Final = 10
_SHOWN_MAX: Final = 20
_REPORT: Final = ("row", "line", "here", "verdict", "reason", "what to do", "changes")
_VERDICTS: Final = {
    ListVerdict.NEW: Message("new"),
    ListVerdict.CHANGED: Message("changed"),
    ListVerdict.SAME: Message("unchanged"),
    ListVerdict.KEPT: Message("differs, left as it is here: changing it needs a second person"),
    ListVerdict.REFUSED: Message("refused"),
}


@dataclass(frozen=True, slots=True)
class Brought:
    """A list that was brought in, or rehearsed; `outcomes`: one for each of its rows."""

    sheet: Sheet
    chosen: ColumnMap
    listing: Listing[Any]
    outcomes: Sequence[ListOutcome]
    taken: ListTaken


def write_files(brought: Brought, report: Path | None, refused: Path | None) -> None:
    """The report of every row, and the refused rows in the form of the file. Raises InputError."""
    rows = list(zip(brought.listing.rows, brought.outcomes, strict=True))
    if refused is not None:
        with refused_rows(refused, brought.sheet, command_locale()) as refuse:
            for one, outcome in rows:
                if outcome.refusal is not None:
                    refuse(one.row, outcome.refusal)
    if report is not None:
        with row_file(report) as write:
            write(_REPORT)
            for one, outcome in rows:
                write(_reported(one, outcome))


def _reported(one: Listed[Any], outcome: ListOutcome) -> Sequence[str]:
    refusal = outcome.refusal
    return (
        str(one.row.number),
        str(one.row.line),
        outcome.what,
        outcome.verdict.value,
        refusal.reason.value if refusal else "",
        told(refusal, command_locale()) if refusal else "",
        "; ".join(_difference(each) for each in outcome.differences),
    )


def show(brought: Brought, console: Console, *, is_dry_run: bool) -> None:
    """Print the sums, which add up to the rows of the file; of a dry run the first rows, too."""
    locale = command_locale()
    for oddity in brought.sheet.oddities:
        console.print(oddity.say(locale), markup=False, soft_wrap=True)
    if is_dry_run:
        console.print(_first_rows(brought))
    console.print(_sums(brought.outcomes, is_dry_run=is_dry_run))
    refused = [
        gettext("line {line}: {why}", line=one.row.line, why=told(outcome.refusal, locale))
        for one, outcome in zip(brought.listing.rows, brought.outcomes, strict=True)
        if outcome.refusal is not None
    ]
    for line in (*refused[:_SHOWN_MAX], *_notes(brought, is_dry_run=is_dry_run)):
        console.print(line, markup=False, soft_wrap=True)


def _sums(outcomes: Sequence[ListOutcome], *, is_dry_run: bool) -> Grid:
    grid = Grid(title=gettext("DRY RUN, nothing written") if is_dry_run else None)
    grid.add_column(gettext("what happened to the rows"))
    grid.add_column(gettext("rows"), justify="right")
    counts = Counter(one.verdict for one in outcomes)
    for verdict, text in _VERDICTS.items():
        if counts[verdict] or verdict is not ListVerdict.KEPT:
            grid.add_row(text.say(command_locale()), str(counts[verdict]))
    reasons = Counter(one.refusal.reason.value for one in outcomes if one.refusal)
    for reason, n in reasons.most_common():
        grid.add_row(f"    {reason}", str(n), style="yellow")
    grid.add_row(gettext("sum"), str(len(outcomes)), style="bold")
    return grid


def _notes(brought: Brought, *, is_dry_run: bool) -> list[str]:
    """By what rows were recognised, what was no row, what was opened, what the list has no more."""
    notes: list[str] = []
    known = Counter(one.known_by for one in brought.outcomes if one.known_by)
    if known:
        text = gettext(
            "known by their code: {code}; by where they are and their name: {name}",
            code=known["code"],
            name=known["name"],
        )
        notes.append(text)
    if brought.listing.left_out:
        left_out = ", ".join(
            f"{NOISE_TEXT[one].say(command_locale())} {n}"
            for one, n in brought.listing.left_out.most_common()
        )
        notes.append(gettext("lines that are no rows: {left_out}", left_out=left_out))
    taken = brought.taken
    if taken.slots_opened:
        opened = (
            gettext("{n} sessions would be opened", n=taken.slots_opened)
            if is_dry_run
            else gettext("{n} sessions were opened", n=taken.slots_opened)
        )
        notes.append(opened)
    if taken.gone:
        first = ", ".join(taken.gone[:_SHOWN_MAX]) + (" …" if len(taken.gone) > _SHOWN_MAX else "")
        words = gettext(
            "{n} that an earlier list brought are not in this one; nothing was done", n=len(taken.gone)
        )
        notes.append(f"{words}: {first}")
    return notes


def _first_rows(brought: Brought) -> Grid:
    """What stands in the file, what becomes of it, what of it is here already."""
    locale, chosen = command_locale(), brought.chosen
    at = {fold_name(name): number for number, name in enumerate(brought.sheet.header)}
    columns = [
        (title_of(field, locale), at[fold_name(chosen.columns[field.name].column)])
        for field in FIELDS[chosen.kind]
        if field.name in chosen.columns
    ]
    grid = Grid(title=gettext("the first rows"))
    for name in (gettext("line"), gettext("in the file"), gettext("here")):
        grid.add_column(name)
    for one, outcome in zip(brought.listing.rows[:SHOWN_ROWS], brought.outcomes, strict=False):
        cells = one.row.cells
        said = [
            f"{title}: {cells[where]}"
            for title, where in columns
            if where < len(cells) and cells[where].strip()
        ]
        here = [_VERDICTS[outcome.verdict].say(locale) + (f": {outcome.what}" if outcome.what else "")]
        here += [outcome.here.say(locale)] if outcome.here is not None else []
        here += [_difference(each) for each in outcome.differences]
        here += [told(outcome.refusal, locale)] if outcome.refusal is not None else []
        grid.add_row(str(one.row.line), Text("\n".join(said)), Text("\n".join(here)), end_section=True)
    return grid


def _difference(one: Difference) -> str:
    before, after = one.before or "–", one.after or "–"
    if one.is_applied:
        return f"{one.field}: {before} → {after}"
    return gettext(
        "{field}: {after} in the file, {before} here (left as it is)",
        field=one.field,
        before=before,
        after=after,
    )
