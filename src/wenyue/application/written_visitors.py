"""A booked visitor in the clear, for a list that leaves the house."""

from datetime import date
from typing import Final

from wenyue.booking import PartyVisitor
from wenyue.core.documents import Document, DocumentKind, document_candidates, parse_document
from wenyue.core.personal import Vault
from wenyue.imports.booking_lists import WrittenVisitor

_SOME_DAY: Final = date(2100, 1, 1)  # a passport's number is judged the same on every day


def written_visitor(vault: Vault, no: int, key: bytes | None, one: PartyVisitor) -> WrittenVisitor:
    """The visitor with this number in the party; `key`: by which the place knows the person."""
    return WrittenVisitor(no, one.name, one.kind, _country(vault, key, one), one.number)


def _country(vault: Vault, key: bytes | None, one: PartyVisitor) -> str:
    """Of a passport whose number does not say it: the one under which its person is indexed."""
    if one.kind != DocumentKind.PASSPORT or key is None:
        return ""
    if isinstance(parse_document(DocumentKind.PASSPORT, one.number, today=_SOME_DAY), Document):
        return ""
    candidates = document_candidates(one.number, today=_SOME_DAY)
    return next((found.nationality or "" for found in candidates if vault.person_key(found.key) == key), "")
