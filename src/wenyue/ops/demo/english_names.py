"""English names of the shipped attractions: established ones, and names made from the Chinese, which are marked."""

import csv
from functools import cache
from pathlib import Path
from typing import Final, Literal, get_args

import msgspec

NAMES_FILE: Final = Path(__file__).parents[1] / "data" / "attractions-en.csv"
NameKind = Literal["established", "formed"]
NAME_KINDS: Final[tuple[NameKind, ...]] = get_args(NameKind)


class EnglishName(msgspec.Struct, frozen=True):
    """`kind`: `established` as English sources use it, `formed` by us: the proper name's pinyin and a generic word."""

    text: str
    kind: NameKind

    @property
    def is_formed(self) -> bool:
        """Whether a page has to say that this is no established name."""
        return self.kind == "formed"


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    chinese: str = msgspec.field(name="name_zh")
    english: str = msgspec.field(name="name_en")
    kind: NameKind


@cache
def english_names() -> dict[str, EnglishName]:
    """By the Chinese name as the list of attractions spells it; the rules are in `ops/data/README.md`.

    Raises msgspec.ValidationError if the shipped file has another shape.
    """
    with NAMES_FILE.open(encoding="utf-8", newline="") as file:
        rows = msgspec.convert(list(csv.DictReader(file)), list[_Row])
    return {row.chinese: EnglishName(row.english, row.kind) for row in rows}
