"""How Chinese is spelt in Latin letters: the readings of a text, bounded. Loads pypinyin (a third of a second) when used."""

from functools import lru_cache
from itertools import product
from typing import Final

READINGS_MAX: Final = 8  # of one text
_READINGS_OF_ONE_MAX: Final = 3  # of one character: those after are rare
_LENGTH_MAX: Final = 24  # beyond it nobody spells on
# Their other readings are not those of places, and the names of places are full of them.
_OF_ONE_READING: Final = frozenset("省市县区景园山大石名国地公风古文中上下南北天子不行家说度都")


@lru_cache(maxsize=4096)
def readings(run: str) -> tuple[tuple[str, ...], ...]:
    """The syllables of a run of Chinese characters, the usual reading first, then those with one character read otherwise."""
    from pypinyin import Style, lazy_pinyin, pinyin  # noqa: PLC0415 - only where venues are written

    short = run[:_LENGTH_MAX]
    usual = tuple(_plain(one) for one in lazy_pinyin(short, errors="ignore"))
    if len(usual) != len(short):  # a character without a reading
        return (usual,) if usual else ()
    single = [
        [own]
        if character in _OF_ONE_READING
        else list(
            dict.fromkeys([own, *map(_plain, pinyin(character, style=Style.NORMAL, heteronym=True)[0])])
        )
        for own, character in zip(usual, short, strict=True)
    ]
    found = dict.fromkeys([usual])
    if len(short) <= 4:
        found |= dict.fromkeys(
            tuple(one) for one in product(*(these[:_READINGS_OF_ONE_MAX] for these in single))
        )
    for at, these in enumerate(single):
        for other in these[1:_READINGS_OF_ONE_MAX]:
            found[(*usual[:at], other, *usual[at + 1 :])] = None
    return tuple(list(found)[:READINGS_MAX])


def _plain(syllable: str) -> str:
    """A syllable as it is typed: 旅 is lv, or lu for whoever has no ü; one of them is stored, and the query tries both."""
    return syllable.replace("ü", "v").lower()
