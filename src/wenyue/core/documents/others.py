"""Documents of Chinese citizens beside ID card and passport: military cards, 旅行证 and 海员证. Shape only.

None of these numbers has a check digit and no series is published; the gate looks at the document itself.
"""

import re
from datetime import date
from typing import Final

from wenyue.core.documents.model import Document, DocumentError, DocumentErrorCode, DocumentKind

# As printed: a word of one to three characters (军, 文 officers and civil cadres; 士, 兵 sergeants and conscripts; 武警,
# and the names of regions on older cards), 字第, four to ten digits or letters, 号. People leave 字, 第 and 号 out. Common
# knowledge, agreed on by the validators in use (four to eight characters after 字第): check before narrowing it.
_WORD: Final = "(?:(?![字第号號])[\u4e00-\u9fff]){1,3}"
# (A numero sign before the digits has become "No" by then.)
_MILITARY: Final = re.compile(f"({_WORD})字?第?(?:[Nn][Oo])?([0-9A-Za-z]{{4,10}})[号號]?")
_MILITARY_LIKE: Final = re.compile(f"{_WORD}字?第?[0-9A-Za-z]")
_SOLDIERS_WORDS: Final = ("士", "兵", "义")
# The traditional forms of what stands in such words; a form that is not here still has the number's one place (`bare_number`).
_SIMPLIFIED: Final = str.maketrans(
    "軍義衛總聯參後裝戰區陸東廣瀋濟蘭員職幹預備隊醫國級砲",
    "军义卫总联参后装战区陆东广沈济兰员职干预备队医国级炮",
)
_TRAVEL: Final = re.compile(r"L[0-9]{7,8}")
_SEAFARER: Final = re.compile(r"A[0-9]{8}")  # nine characters, printed on the data page (海事局)


def is_military_text(text: str) -> bool:
    """Whether compacted text begins like a military card's number."""
    return _MILITARY_LIKE.match(text) is not None


def parse_military(text: str, kind: DocumentKind | None, expires_on: date | None) -> Document | DocumentError:
    """军官证, 文职干部证, 士官证, 义务兵证; without a `kind` the first word says which."""
    text = text.translate(_SIMPLIFIED)
    read = _MILITARY.fullmatch(text)
    if kind is None:
        kind = DocumentKind.SOLDIER_ID if text.startswith(_SOLDIERS_WORDS) else DocumentKind.OFFICER_ID
    if read is None:
        return DocumentError(DocumentErrorCode.BAD_MILITARY_NUMBER, kind)
    number = f"{read[1]}字第{read[2].upper()}号"
    return Document(kind, number, f"{kind.value}:{number}", nationality="CHN", expires_on=expires_on)


def parse_travel_document(number: str, expires_on: date | None) -> Document | DocumentError:
    """中华人民共和国旅行证: L and seven or eight digits (common knowledge: check before relying on it)."""
    return _of_chinese_citizen(
        DocumentKind.TRAVEL_DOCUMENT,
        number,
        _TRAVEL,
        DocumentErrorCode.BAD_TRAVEL_DOCUMENT_NUMBER,
        expires_on=expires_on,
    )


def parse_seafarer(number: str, expires_on: date | None) -> Document | DocumentError:
    """中华人民共和国海员证: A and eight digits."""
    return _of_chinese_citizen(
        DocumentKind.SEAFARER_PASSPORT,
        number,
        _SEAFARER,
        DocumentErrorCode.BAD_SEAFARER_NUMBER,
        expires_on=expires_on,
    )


def _of_chinese_citizen(
    kind: DocumentKind,
    number: str,
    shape: re.Pattern[str],
    code: DocumentErrorCode,
    *,
    expires_on: date | None,
) -> Document | DocumentError:
    if not shape.fullmatch(number):
        return DocumentError(code, kind)
    return Document(kind, number, f"{kind.value}:{number}", nationality="CHN", expires_on=expires_on)
