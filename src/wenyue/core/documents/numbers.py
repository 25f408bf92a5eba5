"""Reading a document number: which document it is, whether it can be real, and what it says about its holder."""

import re
from datetime import date
from operator import mul

from msgspec import structs

from wenyue.core.documents.ages import birth_problem
from wenyue.core.documents.countries import nationality_of, nationality_of_numeric
from wenyue.core.documents.divisions import CURRENT_DIVISIONS, PROVINCES
from wenyue.core.documents.machine_readable import (
    TD1_LENGTH,
    TD2_LENGTH,
    looks_machine_readable,
    read_card,
)
from wenyue.core.documents.model import (
    Document,
    DocumentError,
    DocumentErrorCode,
    DocumentKind,
    DocumentWarning,
)
from wenyue.core.documents.others import (
    is_military_text,
    parse_military,
    parse_seafarer,
    parse_travel_document,
)
from wenyue.core.documents.passports import (
    accept_passport,
    is_chinese_ordinary,
    parse_mrz,
    parse_passport,
)
from wenyue.core.documents.permits import HM, HM_FOREIGN, OLD_PR, TW, parse_hm, parse_old_pr, parse_tw
from wenyue.core.documents.text import compact

_RESIDENT_ID = DocumentKind.RESIDENT_ID
_RESIDENCE_PERMIT = DocumentKind.RESIDENCE_PERMIT
_FOREIGN_PR = DocumentKind.FOREIGN_PR
_HM_PERMIT = DocumentKind.HM_PERMIT
_TW_PERMIT = DocumentKind.TW_PERMIT
_PASSPORT = DocumentKind.PASSPORT
_MILITARY = frozenset({DocumentKind.OFFICER_ID, DocumentKind.SOLDIER_ID})
_BY_SHAPE = {
    _TW_PERMIT: parse_tw,
    DocumentKind.TRAVEL_DOCUMENT: parse_travel_document,
    DocumentKind.SEAFARER_PASSPORT: parse_seafarer,
}
_KEY_PREFIX = {kind: kind.value + ":" for kind in DocumentKind}
_EIGHTEEN_KINDS = frozenset({_RESIDENT_ID, _RESIDENCE_PERMIT, _FOREIGN_PR})

_CARDS = frozenset({_FOREIGN_PR, _HM_PERMIT, _TW_PERMIT})  # accepted cards of China that may have lines
_WITH_LINES = frozenset({None, _PASSPORT, *_CARDS})
_CHINESE = frozenset({"CHN", "HKG", "MAC", "TWN"})  # declared beside what Chinese citizens hold

_LONGEST_RAW = 256  # three machine-readable lines of 30 characters with generous decoration
_OLDEST_YEARS = 120
_eighteen = re.compile(r"[0-9]{17}[0-9X]").fullmatch
_ALNUM = re.compile(r"[A-Z0-9]+")
_NOT_ALNUM = re.compile(r"[^A-Z0-9]")
_NOT_DIGIT = re.compile(r"[^0-9]")
_LETTER = re.compile(r"[A-Z]")
_CARD_LIKE = re.compile(r"[0-9]+X?")

# ISO 7064 MOD 11-2 as GB 11643-1999 prints it. Weights are applied to ASCII codes, so the table is turned by what
# the 48 in every code adds.
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_BY_REMAINDER = "10X98765432"
_ASCII_SHIFT = 48 * sum(_WEIGHTS)
_CHECK = tuple(_CHECK_BY_REMAINDER[(remainder - _ASCII_SHIFT) % 11] for remainder in range(11))


def parse_document(
    kind: DocumentKind | None,
    raw: str,
    *,
    today: date,
    nationality: str | None = None,
    expires_on: date | None = None,
) -> Document | DocumentError:
    """The document in canonical form, or the reason it is refused; never raises for any text.

    `kind` None means: detect it. `nationality` (ISO 3166 alpha-2 or alpha-3) and `expires_on` are needed for foreign
    passports only; machine-readable passport lines carry both, and then the lines win. `today` decides what is
    expired or not yet born. An 18-character number says itself which of the three cards it belongs to, so a wrong
    choice among those is corrected with a warning; any other wrong choice is a KIND_MISMATCH.
    """
    if len(raw) > _LONGEST_RAW:
        return DocumentError(DocumentErrorCode.TOO_LONG, kind)
    number = raw if _eighteen(raw) else compact(raw)
    if nationality is not None and not nationality.strip():
        nationality = None  # a field left blank in a form
    if _eighteen(number):
        result = _parse_eighteen(number, kind, today, expires_on)
    elif not number:
        return DocumentError(DocumentErrorCode.EMPTY, kind)
    elif kind in _WITH_LINES and looks_machine_readable(number, is_card=kind in _CARDS):
        result = parse_lines(number, today)
        if type(result) is Document and kind not in (None, result.kind):
            return DocumentError(DocumentErrorCode.KIND_MISMATCH, result.kind)
    elif kind in _MILITARY or (kind is None and is_military_text(number)):
        result = parse_military(number, kind, expires_on)
    elif not _ALNUM.fullmatch(number):
        return DocumentError(DocumentErrorCode.BAD_CHARACTER, kind, _first(_NOT_ALNUM, number))
    else:
        result = _parse_other(kind, number, nationality, expires_on)
    if type(result) is Document and result.expires_on is not None and result.expires_on < today:
        return DocumentError(DocumentErrorCode.EXPIRED, result.kind)
    return result


def parse_lines(text: str, today: date) -> Document | DocumentError:
    """What machine-readable lines belong to: a booklet, a passport card, or a card that China issued to a visitor.

    Where those cards print their number is not published for all of them: it is the one that reads as theirs. Other
    countries' identity cards are no documents to enter China with.
    """
    if len(text) not in (TD1_LENGTH, TD2_LENGTH):
        return parse_mrz(text, today)
    card = read_card(text, today)
    if isinstance(card, DocumentError):
        return card
    if card.issuer == "CHN":
        for number in (card.number, *card.optional):
            found = parse_document(None, number, today=today)
            if isinstance(found, Document) and found.kind in _CARDS:
                return structs.replace(found, expires_on=card.expires_on)
    elif card.is_passport:
        holder = nationality_of(card.nationality)
        if holder is None:
            return DocumentError(DocumentErrorCode.BAD_NATIONALITY, _PASSPORT)
        return accept_passport(card.number, holder, card.expires_on, card.birth, card.sex)
    return DocumentError(DocumentErrorCode.NOT_ACCEPTED)


def _parse_eighteen(
    number: str, declared: DocumentKind | None, today: date, expires_on: date | None
) -> Document | DocumentError:
    """居民身份证 (GB 11643-1999), 港澳台居民居住证 (81, 82, 83) and the 2023 外国人永久居留身份证 (first digit 9).

    Six digits of place, eight of birth, three of sequence (odd is male), one check character, the same for all
    three. Place: never refused on today's division list, because abolished codes live on in valid cards. The layout
    9, province, ISO numeric nationality, birth, sequence of the permanent-resident card: the leading 9, the numeric
    nationality and the check stand in 国家移民管理局's 2023 rules (read in a card-reader vendor's copy); the order of
    the fields and the sex in the sequence are common knowledge, so they only warn; check before relying on them.
    """
    province = number[:2]
    if number[0] == "9":
        kind = _FOREIGN_PR
    elif province not in PROVINCES:
        return DocumentError(DocumentErrorCode.BAD_PROVINCE, declared or _RESIDENT_ID, 1)
    else:
        kind = _RESIDENCE_PERMIT if number[0] == "8" else _RESIDENT_ID
    if declared is not None and declared not in _EIGHTEEN_KINDS:
        return DocumentError(DocumentErrorCode.KIND_MISMATCH, kind)
    try:
        birth = date.fromisoformat(number[6:14])
    except ValueError:
        return DocumentError(DocumentErrorCode.BAD_BIRTH_DATE, kind, 7)
    wrong = birth_problem(birth, today)
    if wrong is not None:
        return DocumentError(wrong, kind, 7)
    if _CHECK[sum(map(mul, number.encode(), _WEIGHTS)) % 11] != number[17]:
        return DocumentError(DocumentErrorCode.BAD_CHECK_DIGIT, kind, 18)
    nationality = "CHN" if kind is not _FOREIGN_PR else nationality_of_numeric(number[3:6])
    return Document(
        kind,
        number,
        _KEY_PREFIX[kind] + number,
        birth,
        "M" if number[16] in "13579" else "F",
        nationality,
        _eighteen_warnings(number, kind, declared, nationality, today.year - birth.year),
        expires_on,
    )


def _eighteen_warnings(
    number: str, kind: DocumentKind, declared: DocumentKind | None, nationality: str | None, years: int
) -> tuple[DocumentWarning, ...]:
    warnings: tuple[DocumentWarning, ...] = ()
    if kind is _RESIDENT_ID:
        if number[:6] not in CURRENT_DIVISIONS:
            warnings += (DocumentWarning.DIVISION_NOT_CURRENT,)
    elif kind is _RESIDENCE_PERMIT:
        if number[2:6] != "0000":
            warnings += (DocumentWarning.DIVISION_NOT_CURRENT,)
    else:
        if number[1:3] not in PROVINCES:
            warnings += (DocumentWarning.PROVINCE_UNKNOWN,)
        if nationality is None:
            warnings += (DocumentWarning.UNKNOWN_NATIONALITY,)
    if declared is not None and declared is not kind:
        warnings += (DocumentWarning.KIND_CORRECTED,)
    if years > _OLDEST_YEARS:
        warnings += (DocumentWarning.AGE_OVER_120,)
    return warnings


def _parse_other(
    kind: DocumentKind | None, number: str, nationality: str | None, expires_on: date | None
) -> Document | DocumentError:
    """Everything that is letters and digits but not an 18-character card."""
    foreign = nationality is not None and nationality_of(nationality) not in _CHINESE
    looks = _detect(number, foreign=foreign)
    if kind is None:
        kind = looks or _guess(number, foreign=foreign)
    elif kind is not _PASSPORT and looks not in (None, kind) and _LETTER.match(number):
        return DocumentError(DocumentErrorCode.KIND_MISMATCH, looks)
    if kind is _PASSPORT:
        return parse_passport(number, nationality, expires_on)
    if kind is _HM_PERMIT:
        return parse_hm(number, nationality, expires_on)
    by_shape = _BY_SHAPE.get(kind)
    if by_shape is not None:
        return by_shape(number, expires_on)
    if kind is _FOREIGN_PR:
        old = OLD_PR.fullmatch(number)
        if old:
            return parse_old_pr(number, old[1], expires_on)
    return _explain_eighteen(number, kind)


def _detect(number: str, *, foreign: bool) -> DocumentKind | None:
    """The document whose shape this is; a declared foreign nationality rules out what only Chinese citizens hold."""
    if HM_FOREIGN.fullmatch(number):
        return _HM_PERMIT
    if OLD_PR.fullmatch(number):
        return _FOREIGN_PR
    if foreign:
        return None
    if HM.fullmatch(number):
        return _HM_PERMIT
    if TW.fullmatch(number):
        return _TW_PERMIT
    return _PASSPORT if is_chinese_ordinary(number) else None


def _guess(number: str, *, foreign: bool) -> DocumentKind:
    """What to judge an unrecognised number as, so that the reason given is the useful one."""
    if foreign or (5 <= len(number) <= 17 and not _CARD_LIKE.fullmatch(number)):
        return _PASSPORT
    return _RESIDENT_ID


def _explain_eighteen(number: str, kind: DocumentKind) -> DocumentError:
    """Why letters and digits are not one of the 18-character cards; 15 digits get their own guidance.

    First-generation numbers stopped being valid on 2013-01-01 (居民身份证法 as amended in 2011).
    """
    if kind is _RESIDENT_ID and len(number) == 15 and number.isdigit():
        return DocumentError(DocumentErrorCode.FIFTEEN_DIGITS, kind)
    stray = _NOT_DIGIT.search(number, 0, min(len(number), 17))
    if stray and not (number[stray.start()] == "X" and stray.start() == len(number) - 1):
        return DocumentError(DocumentErrorCode.BAD_CHARACTER, kind, stray.start() + 1)
    if len(number) != 18:
        return DocumentError(DocumentErrorCode.WRONG_LENGTH, kind)
    return DocumentError(DocumentErrorCode.BAD_CHARACTER, kind, 18)


def _first(pattern: re.Pattern[str], text: str) -> int | None:
    match = pattern.search(text)
    return match.start() + 1 if match else None
