"""What is stored of a venue so that it is found: computed when it is written, never when somebody looks."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from wenyue.catalogue.search.folding import fold, is_han, runs
from wenyue.catalogue.search.spelling import readings
from wenyue.core.limits import SEARCH_TEXT_MAX

SEARCH_VERSION: Final = (
    1  # raise it with every change of what is stored: the worker then fills every row again
)
NAME, PLACE, OTHER_NAME, SUMMARY = "abcd"  # the first letter of a lexeme: where it stands
WHOLE_NAME, WHOLE_OTHER_NAME, SHORT_NAME = "=~+"  # … and of a name as one word; what people say of it
LEXEME_MAX: Final = SEARCH_TEXT_MAX  # a query has no longer word
_UNITS_MAX: Final = 24  # syllables or words of one run that are joined
_SUMMARY_MAX: Final = 400
_LEXEMES_MAX: Final = 1_500
_NAMES_MAX: Final = 60
_REGION: Final = re.compile(r"^[\u4e00-\u9fff]{2,3}[市县区州盟旗]")
_OF_ITS_KIND: Final = re.compile(
    r"(?:国家)?(?:级)?(?:风景名胜|旅游|文化|生态|度假|风景|名胜|古迹|公园|森林|景)*(?:景区|区|公园|景点)$"
)
_CORE_MIN: Final = 2


class SearchText(Struct, frozen=True):
    """`lexemes`: the text of a tsvector. `names`: what a query that found nothing is compared with."""

    lexemes: str
    names: tuple[str, ...]
    version: int = SEARCH_VERSION


def search_text(
    name: Mapping[str, str], province: str, city: str, aliases: Sequence[str], summary: Mapping[str, str]
) -> SearchText:
    """What a venue with these facts is found by. Loads pypinyin."""
    found: dict[str, None] = {}
    names: dict[str, None] = {}
    places = tuple(dict.fromkeys(fold(one) for one in (province, city) if one))
    for text in name.values():
        folded = fold(text)
        whole = dict.fromkeys(_spellings(folded))
        short = dict.fromkeys(spelling for own in _cores(folded, places) for spelling in _spellings(own))
        _note(found, whole, WHOLE_NAME)
        _note(found, short, SHORT_NAME)
        _note(found, _lexemes_of(folded), NAME)
        names |= whole | short
    for text in aliases:
        folded = fold(text)
        spelt = dict.fromkeys(_spellings(folded))
        _note(found, spelt, WHOLE_OTHER_NAME)
        _note(found, _lexemes_of(folded), OTHER_NAME)
        names |= spelt
    for text, ending in ((province, "省"), (city, "市")):
        if text:
            _note(found, _lexemes_of(fold(text)), PLACE)
            _note(found, _words_of(fold(text[-1] + ending)), PLACE)  # 杭州 is also written 杭州市
    for text in summary.values():
        _note(found, _words_of(fold(text[:_SUMMARY_MAX])), SUMMARY)
    lexemes = " ".join(f"'{one}'" for one in list(found)[:_LEXEMES_MAX])
    return SearchText(lexemes, tuple(list(names)[:_NAMES_MAX]))


def bigrams(run: str) -> list[str]:
    """The pairs of neighbours of a run."""
    return [run[at : at + 2] for at in range(len(run) - 1)]


def _note(found: dict[str, None], lexemes: Iterable[str], where: str) -> None:
    found |= dict.fromkeys(where + one[:LEXEME_MAX] for one in lexemes if one)


def _lexemes_of(folded: str) -> Iterable[str]:
    """Characters and pairs of Chinese, and from each syllable or word on what follows it written as one."""
    parts = runs(folded)
    for run in parts:
        if is_han(run):
            yield from run
            yield from bigrams(run)
            for syllables in _readings(run):
                yield from _endings(syllables)
                yield from _endings([one[0] for one in syllables])
    words = [run for run in parts if not is_han(run)]
    yield from _endings(words)
    if len(words) > 2:
        yield from _endings([one[0] for one in words])


def _words_of(folded: str) -> Iterable[str]:
    for run in runs(folded):
        if is_han(run):
            yield from run
            yield from bigrams(run)
        else:
            yield run


def _endings(units: Sequence[str]) -> Iterable[str]:
    """The units written as one, from each of them on: a query that begins at one of them is a beginning of these."""
    short = units[:_UNITS_MAX]
    for at in range(len(short)):
        yield "".join(short[at:])


def _readings(run: str) -> Iterable[tuple[str, ...]]:
    """The readings of a run; a syllable with ü also as it is typed without."""
    for syllables in readings(run):
        yield syllables
        if any("v" in one for one in syllables):
            yield tuple(one.replace("v", "u") for one in syllables)


def _spellings(folded: str) -> Iterable[str]:
    """A name as one word, and spelt: in full and by first letters."""
    parts = runs(folded)
    yield "".join(parts)[:LEXEME_MAX]
    joined = "".join(one for one in parts if is_han(one))
    for syllables in _readings(joined) if joined else ():
        yield "".join(syllables)[:LEXEME_MAX]
        yield "".join(one[0] for one in syllables)


def _cores(folded: str, places: Sequence[str]) -> Iterable[str]:
    """What people say of a name: without the place before it and the words of its kind behind it, or with a place."""
    core = folded
    for place in places:
        if core.startswith(place):
            core = core.removeprefix(place).removeprefix("省").removeprefix("市")
    found = [core]
    for _ in range(2):  # a city and its district
        core = _REGION.sub("", core)
        found.append(core)
    cores = dict.fromkeys([*found, *(_OF_ITS_KIND.sub("", one) for one in found)])
    yield from (one for one in cores if one != folded and len(one) >= _CORE_MIN)
    if folded and is_han(folded):
        shortest = min((one for one in cores if len(one) >= _CORE_MIN), key=len, default=folded)
        yield from (place + shortest for place in places)
