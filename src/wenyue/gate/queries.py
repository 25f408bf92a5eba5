"""What was held up: a scanned or typed text becomes the few things it can mean, most likely first. Pure."""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

from wenyue.core.card_numbers import clean_card_no
from wenyue.core.documents import Document, DocumentError, document_candidates, parse_document
from wenyue.gate.codes import code_range
from wenyue.gate.model import PRESENTED_LENGTH_MAX, Presented, Reason
from wenyue.gate.scanned import identifier_of, is_voucher, voucher_variants, without_address
from wenyue.gate.tokens import GateKeys, TokenClaims, TokenProblem, read_token

_NOT_ALNUM: Final = re.compile(r"[^A-Z0-9]+")
_CARD_LIKE: Final = re.compile(r"[A-Z0-9]{6,40}")
_DOCUMENT_LIKE: Final = re.compile(
    r"[0-9]{15}|[0-9]{17}[0-9X]?"
)  # an ID number with a slip in it; 16 is a card


@dataclass(frozen=True, slots=True)
class Reading:
    """One thing the text can mean. `documents`: all that can carry the number; `why` details a DOCUMENT_INVALID.

    `problem` with `documents`: what is said when nobody has booked with any of them.
    """

    kind: Presented
    booking_id: UUID | None = None
    id_range: tuple[UUID, UUID] | None = None
    card_numbers: tuple[str, ...] = ()
    documents: tuple[Document, ...] = field(default=(), repr=False)
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
    numbers = {text, compact} if _CARD_LIKE.fullmatch(compact) else set[str]()
    if typed := clean_card_no(text):  # also of other systems: short ones, and with Chinese characters
        numbers.add(typed)
    if numbers:
        found.append(Reading(Presented.CARD, card_numbers=tuple(numbers)))
    document = _document(text, compact, today)
    id_range = code_range(compact)
    if id_range is not None:
        # Clients mint the codes: one that reads like somebody's card or passport must not stand in its way.
        if document.documents:
            found.append(document)
        found.append(Reading(Presented.CODE, id_range=id_range))
    found.append(document)
    return found


def is_of_code_or_card(text: str) -> bool:
    """Whether this could be a booking's code or a card's number, issued or not; what no scanner reads by mistake."""
    compact = _NOT_ALNUM.sub("", text)
    return code_range(compact) is not None or _CARD_LIKE.fullmatch(compact) is not None


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
    """A document of any kind that can carry this number; and, should nobody have booked with it, what is wrong with it.

    Its expiry is the gate keeper's to see; the number is what finds the booking.
    """
    candidates = document_candidates(text, today=today)
    if len(candidates) == 1:
        return Reading(Presented.DOCUMENT, documents=candidates)
    read = parse_document(None, text, today=today)
    if isinstance(read, Document):
        return Reading(Presented.DOCUMENT, documents=candidates)
    if _is_meant_as_document(read, compact):
        why = read.code.value
        return Reading(Presented.DOCUMENT, documents=candidates, problem=Reason.DOCUMENT_INVALID, why=why)
    return Reading(Presented.NOTHING, documents=candidates, problem=Reason.UNKNOWN_CODE)


def _is_meant_as_document(error: DocumentError, compact: str) -> bool:
    return _DOCUMENT_LIKE.fullmatch(compact) is not None or error.code.value.startswith(
        ("document_bad_mrz", "document_expired", "document_bad_nationality", "document_not_accepted")
    )
