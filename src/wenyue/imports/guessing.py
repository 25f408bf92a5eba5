"""Which column says what: a proposal with a confidence and a reason for each, made of its name and of its values. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from wenyue.core.documents import Document, DocumentErrorCode, Phone, parse_document, parse_name, parse_phone
from wenyue.imports.columns import FIELDS, Field, Kind, Shape
from wenyue.imports.keys import fold_key, is_ruined, plain_text
from wenyue.imports.reading.heading import fold_name
from wenyue.imports.values import date_of, number_of, span_in, span_of, time_of, whole_of
from wenyue.locale import Message

SAMPLE_ROWS: Final = 200
_SURE, _LIKELY, _PERHAPS = 100, 80, 50
_FITTING: Final = 0.7
_OF_SOME_COUNTRY: Final = frozenset({DocumentErrorCode.NATIONALITY_NEEDED, DocumentErrorCode.EXPIRY_NEEDED})
UNKNOWN: Final = Message("neither its name nor its values say what it is")


@dataclass(frozen=True, slots=True)
class Guess:
    """One column. `field` None: nothing that is read. `confidence`: of 100."""

    column: str
    field: str | None
    confidence: int
    reason: Message


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a file probably is. `missing`: fields that its kind needs and no column seems to say."""

    kind: Kind
    columns: tuple[Guess, ...]
    missing: tuple[str, ...]

    def mapped(self) -> dict[str, str]:
        """Field → column of all that was recognised."""
        return {one.field: one.column for one in self.columns if one.field is not None}


def propose(
    header: Sequence[str], rows: Sequence[Sequence[str]], today: date, kind: Kind | None = None
) -> Proposal:
    """What the columns of a file say. `rows`: its first SAMPLE_ROWS; `kind`: where somebody said what it is."""
    found = [_proposal(one, header, rows, today) for one in (Kind if kind is None else (kind,))]
    return max(found, key=_weight)


def _weight(one: Proposal) -> tuple[int, int]:
    return (
        sum(guess.confidence for guess in one.columns if guess.field is not None) - 150 * len(one.missing),
        len(one.mapped()),
    )


def _proposal(kind: Kind, header: Sequence[str], rows: Sequence[Sequence[str]], today: date) -> Proposal:
    """Every field gets the column that names it best; what then is left is tried by its values."""
    scored = sorted(
        (
            (-confidence, rank, at, field.name, reason)
            for at, name in enumerate(header)
            for field in FIELDS[kind]
            for confidence, rank, reason in [_by_name(field, name)]
            if confidence
        ),
        key=lambda one: one[:4],
    )
    chosen: dict[int, Guess] = {}
    taken: set[str] = set()
    for minus, _, at, field, reason in scored:
        if at not in chosen and field not in taken:
            chosen[at] = Guess(header[at], field, -minus, reason)
            taken.add(field)
    for at, name in enumerate(header):
        values = [text for row in rows if at < len(row) and (text := plain_text(row[at]))]
        if at in chosen:
            chosen[at] = _checked(chosen[at], kind, values, today)
        else:
            guess = _by_values(kind, name, values, taken, today)
            chosen[at] = guess
            taken |= {guess.field} if guess.field else set()
    missing = tuple(one.name for one in FIELDS[kind] if one.is_needed and one.name not in taken)
    return Proposal(kind, tuple(chosen[at] for at in range(len(header))), missing)


def _by_name(field: Field, column: str) -> tuple[int, int, Message]:
    """(confidence, rank of the name that it has, reason); 0 when the name says nothing of this field."""
    folded = fold_name(column)
    names = [fold_name(name) for name in field.names]
    if folded in names:
        rank = names.index(folded)
        return _SURE, rank, Message("the column is called {name}", name=repr(column))
    for rank, name in enumerate(names):
        if len(name) > 1 and (folded.endswith(name) or folded.startswith(name)):
            return (
                _LIKELY - 20 + min(19, len(name) * 20 // max(1, len(folded))),
                rank,
                Message("the column's name has {word} in it", word=repr(name)),
            )
    return 0, 0, UNKNOWN


def _checked(guess: Guess, kind: Kind, values: Sequence[str], today: date) -> Guess:
    """A name is believed less when the values do not look like it."""
    field = next(one for one in FIELDS[kind] if one.name == guess.field)
    share = _share(field.shape, values, today, is_named=True)
    if not values or share is None or share >= _FITTING:
        return guess
    reason = Message(
        "{reason}, but only {share} % of its values look like it",
        reason=guess.reason,
        share=round(share * 100),
    )
    return Guess(guess.column, guess.field, max(20, round(guess.confidence * share)), reason)


def _by_values(kind: Kind, column: str, values: Sequence[str], taken: set[str], today: date) -> Guess:
    """A column whose name says nothing, by what stands in it; only shapes that nothing else has."""
    for field in FIELDS[kind]:
        if field.name in taken or field.shape not in {Shape.DOCUMENT, Shape.PHONE, Shape.SPAN, Shape.PERSON}:
            continue
        if len(values) > 1 and (_share(field.shape, values, today) or 0) >= _FITTING:
            return Guess(column, field.name, _PERHAPS, Message("its values look like it"))
    return Guess(column, None, 0, UNKNOWN)


def _share(shape: Shape, values: Sequence[str], today: date, *, is_named: bool = False) -> float | None:
    """How many of the values look like the shape; None: any text does.

    `is_named`: the column says that it is it; then numbers count that are documents of some country.
    """
    looks: dict[Shape, Callable[[str], bool]] = {
        Shape.KEY: lambda raw: bool(fold_key(raw)) and not is_ruined(raw),
        Shape.WHOLE: lambda raw: whole_of(raw) is not None,
        Shape.NUMBER: lambda raw: number_of(raw) is not None,
        Shape.DATE: lambda raw: date_of(raw) is not None,
        Shape.TIME: lambda raw: time_of(raw) is not None or span_of(raw) is not None,
        Shape.SPAN: lambda raw: span_in(raw)[0] is not None or raw.endswith(("场", "段", "班", "次")),
        Shape.DOCUMENT: lambda raw: _is_document(raw, today, is_named=is_named),
        Shape.PHONE: lambda raw: isinstance(parse_phone(raw), Phone),
        Shape.PERSON: lambda raw: isinstance(parse_name(raw), str) and not any(c.isdigit() for c in raw),
    }
    look = looks.get(shape)
    if look is None or not values:
        return None
    return sum(look(one) for one in values[:SAMPLE_ROWS]) / len(values[:SAMPLE_ROWS])


def _is_document(raw: str, today: date, *, is_named: bool) -> bool:
    found = parse_document(None, fold_key(raw), today=today)
    return isinstance(found, Document) or (is_named and found.code in _OF_SOME_COUNTRY)
