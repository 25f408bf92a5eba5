"""What was held up: a scanned or typed text becomes the few things it can mean, most likely first. Pure."""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

from wenyue.gate.codes import code_range
from wenyue.gate.model import PRESENTED_LENGTH_MAX, Presented, Reason
from wenyue.gate.scanned import identifier_of, is_voucher, voucher_variants, without_address
from wenyue.gate.tokens import GateKeys, TokenClaims, TokenProblem, read_token
from wenyue.kernel.documents import Document, DocumentError, parse_document

_NOT_ALNUM: Final = re.compile(r"[^A-Z0-9]+")
_CARD_LIKE: Final = re.compile(r"[A-Z0-9]{6,40}")
_DOCUMENT_LIKE: Final = re.compile(
    r"[0-9]{15}|[0-9]{17}[0-9X]?"
)  # an ID number with a slip in it; 16 is a card
_WITH_NATIONALITY: Final = re.compile(r"([A-Z0-9]{5,17})[ /,]+([A-Z]{2,3})")


@dataclass(frozen=True, slots=True)
class Reading:
    """One thing the text can mean. `document` is the canonical key; `why` details a DOCUMENT_INVALID."""

    kind: Presented
    booking_id: UUID | None = None
    id_range: tuple[UUID, UUID] | None = None
    card_numbers: tuple[str, ...] = ()
    document: str | None = field(default=None, repr=False)
    problem: Reason | None = None
    why: str = ""


def read_presented(text: str, keys: GateKeys, today: date) -> list[Reading]:
    """Every reading of normalised `text`, in the order to try them; the last may only say what is wrong."""
    if not text or len(text) > PRESENTED_LENGTH_MAX:
        return [Reading(Presented.NOTHING, problem=Reason.UNKNOWN_CODE)]
    text = without_address(text)
    if is_voucher(text):
        return [_voucher(text, keys)]
    booking_id = identifier_of(text)
    if booking_id is not None:
        return [Reading(Presented.CODE, booking_id=booking_id)]
    compact = _NOT_ALNUM.sub("", text)
    found: list[Reading] = []
    id_range = code_range(compact)
    if id_range is not None:
        found.append(Reading(Presented.CODE, id_range=id_range))
    if _CARD_LIKE.fullmatch(compact):
        found.append(Reading(Presented.CARD, card_numbers=tuple({text, compact})))
    found.append(_document(text, compact, today))
    return found


def _voucher(text: str, keys: GateKeys) -> Reading:
    problems: list[TokenProblem] = []
    for variant in voucher_variants(text):
        claims = read_token(variant, keys)
        if isinstance(claims, TokenClaims):
            return Reading(Presented.VOUCHER, booking_id=claims.booking_id)
        problems.append(claims)
    is_torn = problems[0] is TokenProblem.MALFORMED  # half a code, a dirty lens: scanning again helps
    return Reading(Presented.VOUCHER, problem=Reason.UNKNOWN_CODE if is_torn else Reason.BAD_SIGNATURE)


def _document(text: str, compact: str, today: date) -> Reading:
    """A document of any kind. Its expiry is the gate keeper's to see; the number is what finds the booking."""
    number, nationality = text, None
    passport = _WITH_NATIONALITY.fullmatch(text)
    if passport:
        number, nationality = passport[1], passport[2]
    read = parse_document(
        None, number, today=today, nationality=nationality, expires_on=today if passport else None
    )
    if isinstance(read, Document):
        return Reading(Presented.DOCUMENT, document=read.key)
    if _is_meant_as_document(read, compact):
        return Reading(Presented.DOCUMENT, problem=Reason.DOCUMENT_INVALID, why=read.code.value)
    return Reading(Presented.NOTHING, problem=Reason.UNKNOWN_CODE)


def _is_meant_as_document(error: DocumentError, compact: str) -> bool:
    return _DOCUMENT_LIKE.fullmatch(compact) is not None or error.code.value.startswith(
        ("document_bad_mrz", "document_expired", "document_bad_nationality")
    )
