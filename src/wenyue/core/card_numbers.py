"""Card numbers as people type them. Ours are 16 digits; those that were brought along keep the form that they had."""

import re
from typing import Final

from wenyue.core.documents.text import compact

_RAW_MAX: Final = 64
_FORM: Final = re.compile(r"[0-9A-Z\u4e00-\u9fff]{1,32}")
_MARKS: Final = re.compile(
    r"[./·•#*:()]"
)  # printed between the signs of a number; blanks and hyphens are gone already
_SMALL: Final = re.compile(r"[a-z]+")


def clean_card_no(raw: str) -> str:
    """A typed number as it is kept: no blanks, hyphens and marks, half width, letters upper-cased; '' when it is none.

    `琼A-00/12`, `no. 0088`, `6000 2026 0000 0019`: digits, Latin letters, Chinese characters, 32 at most.
    """
    if len(raw) > _RAW_MAX:
        return ""
    text = _SMALL.sub(lambda found: found[0].upper(), _MARKS.sub("", compact(raw)))
    return text if _FORM.fullmatch(text) and any(sign.isascii() for sign in text) else ""
