"""A list of cards as it is written: the columns that an import reads, a row for each card. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from wenyue.imports.cards import KnownType, State
from wenyue.imports.columns import FIELDS, Kind, title_of
from wenyue.imports.people import KIND_WORDS, written_person
from wenyue.imports.reading import fold_name
from wenyue.imports.usual_words import CARD_STATES
from wenyue.locale import DEFAULT, Locale, text_in

COLUMNS: Final = (
    "card_no",
    "type",
    "name",
    "document_type",
    "document",
    "country",
    "phone",
    "valid_from",
    "valid_to",
    "issued",
    "state",
    "companions",
    "remaining",
)
_STATE_NAMES: Final[Mapping[str, str]] = {
    state: next(word for word, meaning in CARD_STATES.items() if meaning == state and not word.isascii())
    for state in State
}
_MARKS: Final = frozenset(";；:：\n\r")


@dataclass(frozen=True, slots=True)
class WrittenPerson:
    """A holder or a companion in the clear: for the file, and nothing else."""

    name: str = field(repr=False)
    kind: str
    country: str | None
    number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class WrittenCard:
    """A card as it is. `remaining`: number of the entitlement → entries left, of those that count entries."""

    card_no: str
    type_code: str
    state: State
    holder: WrittenPerson | None
    phone: str = field(repr=False)
    valid_from: date | None
    valid_to: date | None
    issued: date
    companions: Sequence[WrittenPerson]
    remaining: Mapping[int, int]


def header(locale: Locale) -> list[str]:
    """The names of the columns."""
    fields = {field.name: field for field in FIELDS[Kind.CARDS]}
    return [title_of(fields[name], locale) for name in COLUMNS]


def cells_of(card: WrittenCard, card_type: KnownType, locale: Locale) -> list[str]:
    """The row of a card."""
    holder = card.holder
    country = holder.country if holder is not None else None
    return [
        card.card_no,
        card.type_code,
        holder.name if holder else "",
        _kind(holder.kind, locale) if holder else "",
        holder.number if holder else "",
        country if country is not None and country != "CHN" else "",
        card.phone,
        card.valid_from.isoformat() if card.valid_from else "",
        card.valid_to.isoformat() if card.valid_to else "",
        card.issued.isoformat(),
        _STATE_NAMES[card.state] if locale == DEFAULT else card.state.value,
        "; ".join(written_person(one.name, one.kind, one.country, one.number) for one in card.companions),
        _remaining(card, card_type, locale),
    ]


def _kind(kind: str, locale: Locale) -> str:
    return next(word for one, word in KIND_WORDS.items() if one.value == kind) if locale == DEFAULT else kind


def _remaining(card: WrittenCard, card_type: KnownType, locale: Locale) -> str:
    if len(card_type.allowances) == 1:
        return "".join(str(left) for left in card.remaining.values())
    names = [_called(card_type, no, locale) for no in range(len(card_type.allowances))]
    return "; ".join(f"{names[no]}:{left}" for no, left in sorted(card.remaining.items()) if no < len(names))


def _called(card_type: KnownType, no: int, locale: Locale) -> str:
    """An entitlement's name, where it says which one is meant and can stand in the cell; else its number, from 1."""
    name = text_in(card_type.allowances[no].names, locale)
    folded = [
        fold_name(known)
        for one in card_type.allowances
        for known in {fold_name(known) for known in one.names.values()}
    ]
    is_clear = folded.count(fold_name(name)) == 1 and not _MARKS & set(name) and not fold_name(name).isdigit()
    return name if is_clear else str(no + 1)
