"""Identity documents, phones and names: what a traveller typed becomes one canonical form or a reason to mend it.

Pure functions over text; no wording (web owns it), no clock (the caller passes the day).
"""

from wenyue.core.documents.ages import age_on, birth_problem, is_minor_under_14
from wenyue.core.documents.candidates import document_candidates
from wenyue.core.documents.countries import nationality_of
from wenyue.core.documents.divisions import Province, province_of
from wenyue.core.documents.masks import mask_document, mask_name, mask_phone
from wenyue.core.documents.model import (
    Document,
    DocumentError,
    DocumentErrorCode,
    DocumentKind,
    DocumentWarning,
    bare_number,
)
from wenyue.core.documents.names import NameErrorCode, NameProblem, parse_name
from wenyue.core.documents.numbers import parse_document
from wenyue.core.documents.phones import RISK_PREFIXES, Phone, PhoneError, PhoneErrorCode, parse_phone
from wenyue.core.documents.spelling import plain_name

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
    "nationality_of",
    "parse_document",
    "parse_name",
    "parse_phone",
    "plain_name",
    "province_of",
]
