"""What a bare number can be: every document that could carry it, for finding by what stands on the document."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Final

from wenyue.core.documents.countries import NATIONALITIES, nationality_of
from wenyue.core.documents.machine_readable import looks_machine_readable
from wenyue.core.documents.model import Document, DocumentKind
from wenyue.core.documents.numbers import parse_document, parse_lines
from wenyue.core.documents.passports import is_foreign_number, passport_key
from wenyue.core.documents.text import compact

_LONGEST_RAW: Final = 256
_BETWEEN: Final = r"[\s/,;:()]+"
_NATIONALITY_LAST: Final = re.compile(rf"([A-Z0-9]{{5,17}}){_BETWEEN}([A-Z]{{2,3}})\)?")
_NATIONALITY_FIRST: Final = re.compile(rf"([A-Z]{{2,3}}){_BETWEEN}([A-Z0-9]{{5,17}})")
_PASSPORT: Final = DocumentKind.PASSPORT
# Documents whose number is letters and digits, besides passports; those that only their printed form tells come last.
_OTHER_KINDS: Final = (
    DocumentKind.HM_PERMIT,
    DocumentKind.TW_PERMIT,
    DocumentKind.FOREIGN_PR,
    DocumentKind.TRAVEL_DOCUMENT,
    DocumentKind.SEAFARER_PASSPORT,
)


def document_candidates(text: str, *, today: date) -> tuple[Document, ...]:
    """Every document that `text` can be the number of, most likely first; each canonical key once; empty for none.

    `text` is what a scanner or a keyboard gave: a number of any kind, machine-readable lines, or a passport number with
    its nationality behind or in front (`MA1234567 CHN`, `USA 123456789`). A passport number without a nationality is
    tried as every country's (about 270 documents), so whoever looks for bookings finds the right one, and asks which
    when more than one is found. Expiry is not judged. Never raises; bounded by the length of `text`.
    """
    if len(text) > _LONGEST_RAW:
        return ()
    number = compact(text)
    if not number:
        return ()
    found: dict[str, Document] = {}
    for document in _readings(text, number, today):
        found.setdefault(document.key, document)
    return tuple(found.values())


def _readings(text: str, number: str, today: date) -> Iterable[Document]:
    if looks_machine_readable(number):
        document = parse_lines(number, today)
        if isinstance(document, Document):
            yield document
        return
    line = " ".join(unicodedata.normalize("NFKC", text).split())
    line = line.upper() if line.isascii() else ""
    last = _NATIONALITY_LAST.fullmatch(line)
    if last and nationality_of(last[2]):
        yield from _of_country(last[1], last[2], today)
        return
    first = _NATIONALITY_FIRST.fullmatch(line)
    if first and nationality_of(first[1]):  # or a number with a blank in it: both
        yield from _of_country(first[2], first[1], today)
    yield from _of_anyone(number, today)


def _of_country(number: str, nationality: str, today: date) -> Iterable[Document]:
    """What a person of that nationality can hold under this number."""
    yield from _as_said(_PASSPORT, number, today, nationality)
    for kind in _OTHER_KINDS:
        yield from _as_said(kind, number, today, nationality)


def _of_anyone(number: str, today: date) -> Iterable[Document]:
    yield from _as_said(None, number, today)
    for military in (DocumentKind.OFFICER_ID, DocumentKind.SOLDIER_ID):
        yield from _as_said(military, number, today)
    yield from _of_country(number, "CHN", today)
    if is_foreign_number(number):
        for nationality in NATIONALITIES:
            yield Document(_PASSPORT, number, passport_key(nationality, number), nationality=nationality)


def _as_said(
    kind: DocumentKind | None, text: str, today: date, nationality: str | None = None
) -> Iterable[Document]:
    """The document, if `text` is one; the day of its expiry does not matter here, so any will do."""
    read = parse_document(kind, text, today=today, nationality=nationality, expires_on=today)
    if isinstance(read, Document):
        yield read
