"""What two spellings have in common: width, case, accents, traditional and simplified characters, what cannot be seen."""

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Final

_TABLE: Final = Path(__file__).with_name("simplified.txt")
_HAN: Final = "\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002fa1f"
_RUNS: Final = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")
_IS_HAN: Final = re.compile(rf"[{_HAN}]")
_APOSTROPHES: Final = re.compile(r"['’ʼ`]")


def fold(text: str) -> str:
    """The text in small simplified letters of normal width, without accents and without what cannot be seen."""
    return unicodedata.normalize("NFC", _APOSTROPHES.sub("", _seen(text))).translate(_simplified())


def is_blank(text: str) -> bool:
    """Whether nothing of the text can be seen."""
    return not _seen(text).strip()


def runs(folded: str) -> list[str]:
    """The runs of a folded text, in order: Chinese characters, or letters and digits; signs and blanks divide."""
    return _RUNS.findall(folded)


def is_han(run: str) -> bool:
    """Whether a run is one of Chinese characters."""
    return _IS_HAN.match(run) is not None


def _seen(text: str) -> str:
    compatible = unicodedata.normalize("NFKD", text).casefold()
    return "".join(
        one
        for one in compatible
        if unicodedata.category(one) not in {"Mn", "Cf", "Cc", "Cs"} or one.isspace()
    )


@cache
def _simplified() -> dict[int, str]:
    """Simplified characters by the traditional ones; read once."""
    lines = _TABLE.read_text(encoding="utf-8").split()
    return {ord(one): line[0] for line in lines for one in line[1:]}
