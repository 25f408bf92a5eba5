"""Numbers of identity documents, and what becomes of them when they are read on one fixed day."""

from datetime import date

from wenyue.core.documents import (
    Document,
    DocumentError,
    DocumentErrorCode,
    DocumentKind,
    DocumentWarning,
    parse_document,
)

TODAY = date(2026, 11, 22)
ID = DocumentKind.RESIDENT_ID
PERMIT = DocumentKind.RESIDENCE_PERMIT
PR = DocumentKind.FOREIGN_PR
HM = DocumentKind.HM_PERMIT
TW = DocumentKind.TW_PERMIT
PASSPORT = DocumentKind.PASSPORT
E = DocumentErrorCode
W = DocumentWarning
VALID = "11010519491231002X"


def with_check(first_17: str) -> str:
    """ISO 7064 MOD 11-2 by its recursive definition, not by the weights the code under test uses."""
    product = 0
    for digit in first_17:
        product = (product + int(digit)) * 2 % 11
    check = (12 - product) % 11
    return first_17 + ("X" if check == 10 else str(check))


def accepted(kind: DocumentKind | None, raw: str, **more: str | date) -> Document:
    """The document that this number is; it must be accepted."""
    result = parse_document(kind, raw, today=TODAY, **more)  # pyright: ignore[reportArgumentType] - str or date by name
    assert isinstance(result, Document), result
    return result


def refused(kind: DocumentKind | None, raw: str, **more: str | date) -> DocumentError:
    """Why this number is not accepted; it must not be."""
    result = parse_document(kind, raw, today=TODAY, **more)  # pyright: ignore[reportArgumentType] - str or date by name
    assert isinstance(result, DocumentError), result
    return result
