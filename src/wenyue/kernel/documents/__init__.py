"""Identity documents, phones and names: what a traveller typed becomes one canonical form or a reason to mend it.

Pure functions over text; no wording (the faces own it), no clock (the caller passes the day).
"""

from wenyue.kernel.documents.ages import age_on, birth_problem, is_minor_under_14
from wenyue.kernel.documents.candidates import document_candidates
from wenyue.kernel.documents.divisions import Province, province_of
from wenyue.kernel.documents.masks import mask_document, mask_name, mask_phone
from wenyue.kernel.documents.model import (
    Document,
    DocumentError,
    DocumentErrorCode,
    DocumentKind,
    DocumentWarning,
    bare_number,
)
from wenyue.kernel.documents.names import NameErrorCode, NameProblem, parse_name
from wenyue.kernel.documents.numbers import parse_document
from wenyue.kernel.documents.phones import RISK_PREFIXES, Phone, PhoneError, PhoneErrorCode, parse_phone
from wenyue.kernel.documents.spelling import plain_name

__all__ = [
    "RISK_PREFIXES",
    "Document",
    "DocumentError",
    "DocumentErrorCode",
    "DocumentKind",
    "DocumentWarning",
    "NameErrorCode",
    "NameProblem",
    "Phone",
    "PhoneError",
    "PhoneErrorCode",
    "Province",
    "age_on",
    "bare_number",
    "birth_problem",
    "document_candidates",
    "is_minor_under_14",
    "mask_document",
    "mask_name",
    "mask_phone",
    "parse_document",
    "parse_name",
    "parse_phone",
    "plain_name",
    "province_of",
]
