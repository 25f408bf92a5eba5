"""What a file is, for somebody who has to write a map of it: which column says what, which words and dates stand there.

Reads a file and nothing else; the console can offer the same.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice, pairwise
from typing import Final

from wenyue.core.documents import mask_document, mask_name, mask_phone
from wenyue.imports.columns import Kind, Shape, field_of
from wenyue.imports.guessing import SAMPLE_ROWS, Proposal, propose
from wenyue.imports.keys import fold_key, plain_text
from wenyue.imports.mapping import NULLS
from wenyue.imports.reading import Sheet, shown
from wenyue.imports.values import date_of

WORD_ROWS_MAX: Final = 100_000  # rows whose words are gathered
WORDS_MAX: Final = 100  # different words of one column; one with more of them holds no words
WORD_FIELDS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.VENUES: ("kind",),
    Kind.PRODUCTS: ("kind", "needs_visitors", "person_rule", "first_gate"),
    Kind.SESSIONS: (),
    Kind.CARDS: ("type", "state"),
    Kind.BOOKINGS: ("status", "product", "session", "venue"),
}
_DAY_AND_MONTH: Final = ("%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y")
_MASKS: Final[Mapping[Shape, Callable[[str], str]]] = {
    Shape.PERSON: mask_name,
    Shape.DOCUMENT: mask_document,
    Shape.PHONE: mask_phone,
}
_OF_SEVERAL: Final = frozenset({"companions"})  # names and documents of several persons in one text


@dataclass(frozen=True, slots=True)
class Survey:
    """A file that was looked at.

    `words`: field → the different words in its column, the most frequent first, of at most WORD_ROWS_MAX rows.
    `formats`: field → formats of its dates that offices do not usually write; of two, a person has to choose one.
    `examples`: a value of each column, masked where it is of a person, '' where nobody knows what it is.
    `rows`: how many were read. `has_groups`: rows below each other have the same number: of one booking, several visitors.
    """

    sheet: Sheet
    proposal: Proposal
    words: Mapping[str, tuple[str, ...]]
    formats: Mapping[str, tuple[str, ...]]
    examples: tuple[str, ...]
    rows: int
    has_groups: bool = False


def survey(sheet: Sheet, today: date, kind: Kind | None = None) -> Survey:
    """Look at a file. `kind`: what its rows are, where somebody said so. Raises InputError."""
    rows = [row.cells for row in islice(sheet.rows(), SAMPLE_ROWS)]
    proposal = propose(sheet.header, rows, today, kind)
    columns = [_filled(rows, at) for at in range(len(sheet.header))]
    fields = {one.field: columns[at] for at, one in enumerate(proposal.columns) if one.field is not None}
    words, read = _words(sheet, proposal)
    return Survey(
        sheet,
        proposal,
        words,
        {name: found for name, values in fields.items() if (found := _formats(proposal.kind, name, values))},
        tuple(
            _example(proposal.kind, one.field, values)
            for one, values in zip(proposal.columns, columns, strict=True)
        ),
        read,
        _has_groups(fields.get("key", ())),
    )


def _has_groups(keys: Sequence[str]) -> bool:
    folded = [fold_key(one) for one in keys]
    return any(one == before for before, one in pairwise(folded))


def _filled(rows: Sequence[Sequence[str]], at: int) -> list[str]:
    found = (plain_text(row[at]) for row in rows if at < len(row))
    return [one for one in found if one not in NULLS]


def _example(kind: Kind, name: str | None, values: Sequence[str]) -> str:
    field = field_of(kind, name or "")
    if not values or field is None or field.name in _OF_SEVERAL:
        return ""
    return shown(_MASKS.get(field.shape, str)(values[0]))


def _formats(kind: Kind, name: str, values: Sequence[str]) -> tuple[str, ...]:
    """Those in which all values can be read, when they are dates that are not read without."""
    field = field_of(kind, name)
    if field is None or field.shape is not Shape.DATE or all(date_of(one) is not None for one in values):
        return ()
    odd = [one for one in values if date_of(one) is None]
    return tuple(one for one in _DAY_AND_MONTH if all(_fits(value, one) for value in odd))


def _fits(value: str, spelling: str) -> bool:
    try:
        datetime.strptime(value, spelling)  # noqa: DTZ007 - a calendar date: it has no time zone
    except ValueError:
        return False
    return True


def _words(sheet: Sheet, proposal: Proposal) -> tuple[dict[str, tuple[str, ...]], int]:
    """The words of the fields that have some, and how many rows were read for them."""
    at = {one.field: number for number, one in enumerate(proposal.columns) if one.field is not None}
    counted = {name: Counter[str]() for name in WORD_FIELDS[proposal.kind] if name in at}
    read = 0
    for row in islice(sheet.rows(), WORD_ROWS_MAX):
        read += 1
        for name, words in counted.items():
            word = " ".join(plain_text(row.cells[at[name]]).split()) if at[name] < len(row.cells) else ""
            if word not in NULLS and len(words) <= WORDS_MAX:
                words[word] += 1
    found = {
        name: tuple(word for word, _ in words.most_common())
        for name, words in counted.items()
        if len(words) <= WORDS_MAX
    }
    return found, read
