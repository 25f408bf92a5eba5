"""The process that opens a workbook: `python -m wenyue.imports.reading.workbook_child`, asked by JSON on standard input.

It writes one JSON list of texts for each row to standard output and, last, what it found to standard error. Workbooks
are read whole into memory and small ones can claim millions of rows; so it has limits of its own, and when it dies,
only it does.
"""

import json
import math
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from wenyue.imports.reading.heading import find_header, fold_name
from wenyue.imports.reading.model import (
    COLUMNS_MAX,
    HEADING_ROWS,
    ROWS_MAX,
    WORKBOOK_BOUNDS,
)
from wenyue.platform.confined import answer_confined

_EXACT_MAX: Final = 10**15  # Excel keeps fifteen digits of a number
_GENERAL_DIGITS: Final = 5  # what Excel shows, and saves as CSV, of a number that is too long for its cell


def main() -> None:
    """Answer the one question: the rows, or the reason why there are none."""
    answer_confined(
        WORKBOOK_BOUNDS, lambda asked: _read(asked["path"], asked["sheet"], frozenset(asked["known"]))
    )


def _read(path: str, wanted: str, known: frozenset[str]) -> dict[str, Any]:
    from python_calamine import CalamineWorkbook, SheetVisibleEnum  # noqa: PLC0415 - after the limits are set

    with CalamineWorkbook.from_path(path) as book:  # pyright: ignore[reportUnknownMemberType]
        visible = [one.name for one in book.sheets_metadata if one.visible == SheetVisibleEnum.Visible]
        names = [wanted] if wanted else visible or list(book.sheet_names)
        if wanted and wanted not in book.sheet_names:
            return {"problem": "sheet", "sheets": book.sheet_names[:20]}
        best, best_score, others = None, -1, list[str]()
        for name in names:
            sheet = book.get_sheet_by_name(name)
            score = _score(sheet, known)
            if score:
                others.append(name)
            if score > best_score:
                best, best_score = sheet, score
        if best is None or best_score == 0:
            return {"problem": "empty"}
        for number, cells in enumerate(_rows(best), start=1):
            if number > ROWS_MAX:
                return {"problem": "rows"}
            sys.stdout.write(json.dumps(cells, ensure_ascii=False, separators=(",", ":")))
            sys.stdout.write("\n")
        return {
            "sheet": best.name,
            "others": [name for name in others if name != best.name][:20],
            "hidden": len(book.sheet_names) - len(visible),
        }


def _score(sheet: Any, known: frozenset[str]) -> int:  # noqa: ANN401 - the library's sheet
    """How much a sheet looks like the one: known names in its header first, then that it has rows at all."""
    if not sheet.height or not sheet.width:
        return 0
    first = list[list[str]]()
    for cells in sheet.iter_rows():
        first.append([text_of(cell) for cell in cells[:COLUMNS_MAX]])
        if len(first) == HEADING_ROWS:
            break
    at = find_header(first, known)
    if at is None:
        return 0
    names = len({fold_name(cell) for cell in first[at]} & known)
    return names * 1_000 + min(999, 1 + len(first))


def _rows(sheet: Any) -> Iterator[list[str]]:  # noqa: ANN401 - the library's sheet
    """Texts of every row from the first one that is used; a cell that was merged downwards stands in each of its rows."""
    top, left = sheet.start or (0, 0)
    below: dict[int, dict[int, int]] = {}  # row → {column → first row of its merged range}
    for (row, column), (last_row, _) in sheet.merged_cell_ranges or ():
        for at in range(row + 1, min(last_row, row + 100_000) + 1):
            below.setdefault(at - top, {})[column - left] = row - top
    kept: dict[tuple[int, int], str] = {}
    firsts = {(row, column) for ranges in below.values() for column, row in ranges.items()}
    for number, cells in enumerate(sheet.iter_rows()):
        texts = [text_of(cell) for cell in cells[: COLUMNS_MAX + 1]]
        for column, row in below.get(number, {}).items():
            if column < len(texts) and not texts[column]:
                texts[column] = kept.get((row, column), "")
        for column in range(len(texts)):
            if (number, column) in firsts:
                kept[number, column] = texts[column]
        yield texts


def text_of(cell: object) -> str:  # noqa: PLR0911 - one for each kind of cell
    """A cell as Excel would show it to a person who widened the column.

    A number beyond fifteen digits was rounded when it was typed: it is given as Excel shows it (`1.10105E+17`), so
    that it is refused where an identifier is wanted.
    """
    match cell:
        case str():
            return cell
        case bool():
            return "1" if cell else "0"
        case int():
            return str(cell) if abs(cell) < _EXACT_MAX else f"{cell:.{_GENERAL_DIGITS}E}"
        case float():
            if not math.isfinite(cell):
                return ""
            if abs(cell) >= _EXACT_MAX:
                return f"{cell:.{_GENERAL_DIGITS}E}"
            return str(int(cell)) if cell.is_integer() else f"{cell:.15g}"
        case datetime():
            return cell.date().isoformat() if cell.time() == time() else f"{cell:%Y-%m-%d %H:%M:%S}"
        case date():
            return cell.isoformat()
        case time():
            return f"{cell:%H:%M:%S}"
        case timedelta():
            seconds = round(cell.total_seconds())
            return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        case _:
            return ""


if __name__ == "__main__":
    main()
