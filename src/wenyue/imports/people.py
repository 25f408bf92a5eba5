"""People in cells: a holder's document with its kind and country, and several persons in one cell. Pure."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from wenyue.core.documents import (
    Document,
    DocumentErrorCode,
    DocumentKind,
    mask_name,
    parse_document,
    parse_name,
)
from wenyue.imports.cells import DOCUMENT_WORDS, Cells
from wenyue.imports.countries import country_of
from wenyue.imports.keys import fold_key, is_ruined
from wenyue.imports.reading import fold_name
from wenyue.imports.refusals import Reason, Refusal, RowRefused
from wenyue.locale import Message

_BETWEEN: Final = re.compile(r"[;；、\n\r|]+")
_RUINED: Final = Message("Excel rounded this number: format the column as text and export it again")
KIND_WORDS: Final = {kind: word for word, kind in reversed(DOCUMENT_WORDS.items())}  # the first word of each


def said_document(
    cells: Cells, today: date, *, needs_kind: bool = True, needs_country: bool = True
) -> Document | None:
    """The document that the row's columns for kind, country and number say. Raises RowRefused.

    `needs_kind` False: of a kind that is not known here it is what its number looks like. `needs_country` False: a passport
    of a country that is not said is none.
    """
    raw = cells.raw("document")
    if not raw:
        return None
    if is_ruined(raw):
        raise cells.refuse(Reason.BAD_DOCUMENT, "document", _RUINED)
    kind, country = cells.text("document_type"), cells.text("document_country") or cells.text("country")
    if kind and needs_kind and fold_name(kind) not in DOCUMENT_WORDS:
        raise cells.refuse(
            Reason.UNKNOWN_WORD, "document_type", Message("no kind of document that is known here")
        )
    code = country_of(country) if country else ""
    if code is None:
        raise cells.refuse(
            Reason.UNKNOWN_WORD, "country", Message("no country: write its code, such as USA, FRA or KOR")
        )
    found = parsed_document(DOCUMENT_WORDS.get(fold_name(kind)), raw, today, code)
    if found == DocumentErrorCode.NATIONALITY_NEEDED and not needs_country:
        return None
    if isinstance(found, str):
        raise cells.refuse(
            Reason.BAD_DOCUMENT, "document", Message("no valid number of a document: {code}", code=found)
        )
    return found


def parsed_document(kind: DocumentKind | None, raw: str, today: date, country: str = "") -> Document | str:
    """The document, or the code of what is wrong. No list says until when one is valid: the gate looks at that."""
    number = fold_key(raw)
    found = parse_document(kind, number, today=today, nationality=country or None)
    if not isinstance(found, Document):
        found = parse_document(kind, number, today=today, nationality=country or None, expires_on=today)
    return found if isinstance(found, Document) else found.code.value


def read_people(cells: Cells, field: str, most: int, today: date) -> Iterator[tuple[str, Document]]:
    """`王小明 110105…; JOHN SMITH 护照 USA 123456789`: name, kind, country where a passport needs it, number.

    Raises RowRefused, naming the person by a mask.
    """
    parts = [part for part in (" ".join(one.split()) for one in _BETWEEN.split(cells.raw(field))) if part]
    if len(parts) > most:
        raise RowRefused(
            Refusal(
                Reason.TOO_LONG,
                cells.column(field),
                f"{len(parts)}",
                Message("at most {most} people", most=most),
            )
        )
    for part in parts:
        yield _person(cells, field, part, today)


def _person(cells: Cells, field: str, text: str, today: date) -> tuple[str, Document]:
    words = text.split(" ")
    number = words.pop()
    country = words.pop() if len(words) > 1 and _is_country(words[-1]) else ""
    kind = DOCUMENT_WORDS.get(fold_name(words[-1])) if len(words) > 1 else None
    if kind is not None:
        words.pop()
    elif country:
        words.append(country)  # a name may end like a country's code
        country = ""

    def refuse(reason: Reason, fix: Message) -> RowRefused:
        return RowRefused(Refusal(reason, cells.column(field), mask_name(" ".join(words)), fix))

    name = parse_name(" ".join(words))
    if not isinstance(name, str):
        raise refuse(
            Reason.BAD_NAME,
            Message("write each as a name and the number of a document, with a blank between them"),
        )
    if is_ruined(number):
        raise refuse(Reason.BAD_DOCUMENT, _RUINED)
    found = parsed_document(kind, number, today, country_of(country) or "")
    if isinstance(found, str):
        raise refuse(Reason.BAD_DOCUMENT, Message("no valid number of a document: {code}", code=found))
    return name, found


def _is_country(word: str) -> bool:
    """A code of three letters, or a name in Chinese: others may be a part of somebody's name."""
    return (len(word) == len("USA") or not word.isascii()) and country_of(word) is not None


def written_person(name: str, kind: str, country: str | None, number: str) -> str:
    """A person as `read_people` reads them."""
    word = KIND_WORDS[DocumentKind(kind)]
    needs_country = country is not None and country != "CHN"
    return " ".join([name, word, *([country] if needs_country and country else []), number])
