"""A list of cards, gone through: the whole file looked at first, then batch after batch; every row reported.

Kill it at any moment: what was committed is known by source and number when it runs again, and the rest follows.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from wenyue.application.import_cards import find_gone, import_cards, known_types, note_cards
from wenyue.application.on_server import KeyedWorks
from wenyue.application.operating import Operator
from wenyue.cards.importing import BATCH_MAX, Change, ImportCards, Outcome, Verdict
from wenyue.core.clock import local_date
from wenyue.imports.cards import CardReader, CardRow, preview
from wenyue.imports.cells import Cells, Columns
from wenyue.imports.keys import loose_key
from wenyue.imports.mapping import ColumnMap
from wenyue.imports.reading import InputError, Noise, Row, Sheet
from wenyue.imports.refusals import Refusal, RowRefused
from wenyue.imports.refused_rows import Refuse, refused_rows
from wenyue.imports.row_files import WriteRow, row_file
from wenyue.imports.twins import Numbers, Twins, twin_refusal
from wenyue.locale import Locale, Message, say
from wenyue.locale.terminal import gettext

SHOWN_ROWS: Final = 10
GONE_SHOWN: Final = 20
_TIMEZONE: Final = "Asia/Shanghai"
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How to run. `batch`: rows per transaction, at most BATCH_MAX."""

    is_dry_run: bool = False
    batch: int = 500
    report: Path | None = None
    refused: Path | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """One of the first rows: what stands in the file, what it becomes, and what of it is here already."""

    line: int
    verdict: Verdict
    fields: list[tuple[str, str, str]]
    changes: tuple[Change, ...]
    refusal: Refusal | None


@dataclass(slots=True)
class CardSummary:
    """What became of a file. Its verdicts add up to its rows. `gone`: numbers that this source brought once; the first few."""

    rows: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter[Verdict])
    reasons: Counter[str] = field(default_factory=Counter[str])
    fields: Counter[tuple[str, bool]] = field(default_factory=Counter[tuple[str, bool]])
    left_out: Counter[Noise] = field(default_factory=Counter[Noise])
    shown: list[Shown] = field(default_factory=list[Shown])
    gone: int = 0
    gone_first: list[str] = field(default_factory=list[str])

    @property
    def is_complete(self) -> bool:
        """Whether every row was accounted for."""
        return sum(self.verdicts.values()) == self.rows


@dataclass(slots=True)
class _Survey:
    """The whole file, looked at once: how many rows, which stand in one another's way, which numbers there are."""

    rows: int = 0
    twins: Twins = field(default_factory=Twins)
    numbers: Numbers = field(default_factory=Numbers)


class CardImporter:
    """One import of one file by `operator`."""

    def __init__(
        self,
        works: KeyedWorks,
        operator: Operator,
        chosen: ColumnMap,
        sheet: Sheet,
        *,
        locale: Locale,
        progress: Progress,
    ) -> None:
        self._works, self._operator, self._map, self._sheet = works, operator, chosen, sheet
        self._columns, self._locale, self._progress = Columns(chosen, sheet.header), locale, progress
        self._names = {name: rule.column for name, rule in chosen.columns.items()}

    async def import_file(self, options: Options) -> CardSummary:
        """Go through the file. Raises InputError when it or the map cannot be used as a whole; nothing was written then."""
        types = await known_types(self._works)
        reader = CardReader(types, local_date(self._works.clock(), _TIMEZONE))
        _require_types(self._map, reader)
        survey = await asyncio.to_thread(self._look, reader)
        summary = CardSummary(rows=survey.rows)
        with _report(options, self._sheet, self._locale) as report, closing(survey.twins):
            rows = self._sheet.rows(summary.left_out)
            size = max(1, min(options.batch, BATCH_MAX))
            done = 0
            while part := await asyncio.to_thread(lambda: list(islice(rows, size))):
                await self._take(part, reader, survey, summary, report, is_dry_run=options.is_dry_run)
                done += len(part)
                self._progress(gettext("writing"), done, survey.rows)
            if survey.rows:
                await self._find_gone(survey, summary, report)
        if not options.is_dry_run:
            counts = {verdict.value: count for verdict, count in summary.verdicts.items()}
            await note_cards(self._works, self._operator, self._map.source, counts)
        return summary

    def _look(self, reader: CardReader) -> _Survey:
        """Beside the loop: reading takes minutes of a big file."""
        survey = _Survey()
        for row in self._sheet.rows():
            survey.rows += 1
            if survey.rows % 1_000 == 0:
                self._progress(gettext("reading"), survey.rows, 0)
            try:
                number, key = self._keys(reader, self._columns.of(row))
            except RowRefused:
                continue
            survey.numbers.add(number)
            survey.twins.add(row.line, key, loose_key(number))
        return survey

    def _keys(self, reader: CardReader, cells: Cells) -> tuple[str, str]:
        """The number as it is kept, and as it is told from others: with its dashes."""
        return reader.number_of(cells), cells.key("card_no")

    async def _take(
        self,
        part: Sequence[Row],
        reader: CardReader,
        survey: _Survey,
        summary: CardSummary,
        report: "_Report",
        *,
        is_dry_run: bool,
    ) -> None:
        """One batch, one transaction; its rows are reported after the commit."""
        read = await asyncio.to_thread(lambda: [self._read(row, reader, survey) for row in part])
        wanted = [one for one in read if isinstance(one, CardRow)]
        request = ImportCards(self._map.source, wanted, self._names, is_dry_run)
        outcomes: Iterator[Outcome] = iter(
            await import_cards(self._works, self._operator, request) if wanted else []
        )
        for row, found in zip(part, read, strict=True):
            outcome = (
                next(outcomes) if isinstance(found, CardRow) else Outcome(Verdict.REFUSED, refusal=found)
            )
            self._count(row, found, outcome, summary)
            report.add(row, found, outcome)

    def _read(self, row: Row, reader: CardReader, survey: _Survey) -> CardRow | Refusal:
        try:
            cells = self._columns.of(row)
            self._keys(reader, cells)
            twin = survey.twins.of(row.line)
            if twin is not None:
                return twin_refusal(twin, cells.column("card_no"), cells.masked("card_no"))
            return reader.read(cells)
        except RowRefused as refused:
            return refused.refusal

    def _count(self, row: Row, found: CardRow | Refusal, outcome: Outcome, summary: CardSummary) -> None:
        summary.verdicts[outcome.verdict] += 1
        if outcome.refusal is not None:
            summary.reasons[outcome.refusal.reason.value] += 1
        for change in outcome.changes:
            summary.fields[change.field, change.is_applied] += 1
        if len(summary.shown) < SHOWN_ROWS:
            fields = preview(self._columns.of(row), found) if isinstance(found, CardRow) else []
            summary.shown.append(Shown(row.line, outcome.verdict, fields, outcome.changes, outcome.refusal))

    async def _find_gone(self, survey: _Survey, summary: CardSummary, report: "_Report") -> None:
        def tell(number: str) -> None:
            report.gone(number)
            if len(summary.gone_first) < GONE_SHOWN:
                summary.gone_first.append(number)

        summary.gone = await find_gone(
            self._works, self._operator, self._map.source, survey.numbers.has, tell
        )


class _Report:
    """A line for each row, and the refused ones in the file's own form; either may be left out."""

    def __init__(self, write: WriteRow | None, refuse: Refuse | None, locale: Locale) -> None:
        self._write, self._refuse, self._locale = write, refuse, locale

    def add(self, row: Row, found: CardRow | Refusal, outcome: Outcome) -> None:
        """What became of a row."""
        refusal = outcome.refusal
        if refusal is not None and self._refuse is not None:
            self._refuse(row, refusal)
        if self._write is None:
            return
        said = (
            (refusal.reason.value, refusal.column, refusal.value, say(refusal.fix, self._locale))
            if refusal
            else ("",) * 4
        )
        number = found.card_no if isinstance(found, CardRow) else ""
        card_id = "" if outcome.card_id is None else str(outcome.card_id)
        changes = "; ".join(say(told(one), self._locale) for one in outcome.changes)
        self._write((str(row.number), str(row.line), number, outcome.verdict.value, *said, changes, card_id))

    def gone(self, number: str) -> None:
        """A number that the file has no more."""
        if self._write is not None:
            self._write(("", "", number, "gone", "", "", "", "", "", ""))


def told(change: Change) -> Message:
    """A change in words: `valid_to: 2026-12-31 → 2027-12-31`, `phone: differs (left as it is here)`."""
    if not change.after and not change.before:
        return (
            Message("{field}: changed", field=change.field)
            if change.is_applied
            else Message("{field}: differs (left as it is here)", field=change.field)
        )
    before = change.before or "–"
    if change.is_applied:
        return Message("{field}: {before} → {after}", field=change.field, before=before, after=change.after)
    return Message(
        "{field}: {after} in the file, {before} here (left as it is)",
        field=change.field,
        before=before,
        after=change.after,
    )


@contextmanager
def _report(options: Options, sheet: Sheet, locale: Locale) -> Generator[_Report]:
    with ExitStack() as open_files:
        refuse = (
            open_files.enter_context(refused_rows(options.refused, sheet, locale))
            if options.refused
            else None
        )
        write = open_files.enter_context(row_file(options.report)) if options.report else None
        if write is not None:
            write(
                (
                    "row",
                    "line",
                    "card_no",
                    "verdict",
                    "reason",
                    "column",
                    "value",
                    "what to do",
                    "changes",
                    "card id",
                )
            )
        yield _Report(write, refuse, locale)


def _require_types(chosen: ColumnMap, reader: CardReader) -> None:
    """What the map calls card types are some. Raises InputError."""
    words = chosen.words.get("type", {})
    meant = {
        *words.values(),
        *({chosen.defaults["type"]} if "type" in chosen.defaults else set[str]()) - words.keys(),
    }
    if unknown := sorted(one for one in meant if not reader.knows_type(one)):
        raise InputError(
            Message(
                "the map names card types that are not here: {unknown}; here are: {codes}",
                unknown=", ".join(unknown),
                codes=", ".join(sorted(reader.codes)),
            )
        )
