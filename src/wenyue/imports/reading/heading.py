"""Where the header stands, and which lines below it are no data. Pure; imports next to nothing: the child loads it."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Final

from wenyue.imports.reading.model import Noise

_TOTAL: Final = re.compile(
    r"(本页|本月|本日|全部|累计)?(合计|总计|小计|共计|汇总|总数)[:：]?.*|共\d+[条行笔人项].*|(grand)?(sub)?totals?[:：]?|sum[:：]?"
)
_TOTAL_CHARS_MAX: Final = 24
_NOTE: Final = re.compile(
    r"[*※◆●]*(注|备注|说明|注意|提示|制表|制单|审核|复核|填报|填表|打印|导出|报表|数据来源|以上|note|notes|remark|remarks|printed|exported)"
    r"(\d*[:：、.].*|人.*|时间.*|日期.*|单位.*|部门.*|$)"
)
_NUMBER: Final = re.compile(r"[-+]?[\d.,:/年月日%¥￥元\s-]+$")
_IN_BRACKETS: Final = re.compile(r"[(\[][^()\[\]]*[)\]]$")
_NAME_CHARS: Final = 64
_AROUND_NAME: Final = " *＊：:。.;；"


def fold_name(raw: str) -> str:
    """A column's name as it is compared: half width, without blanks and line breaks, stars and colons; lower case.

    What stands in brackets at the end is explanation: `手机号（必填）` is `手机号`. `(元)` stays out likewise.
    """
    return _folded(raw) if len(raw) <= _NAME_CHARS else _folded.__wrapped__(raw)


@lru_cache(maxsize=1024)  # the same words stand in every row; long ones are none, and would fill the memory
def _folded(raw: str) -> str:
    text = "".join(unicodedata.normalize("NFKC", raw).split()).strip(_AROUND_NAME).casefold()
    shorter = _IN_BRACKETS.sub("", text).strip(_AROUND_NAME)
    return shorter or text


def find_header(records: Sequence[Sequence[str]], known: Collection[str]) -> int | None:
    """Which of the first records is the header: the one with the most `known` names (folded), else what looks like one.

    None: nothing does.
    """
    best, best_score = None, 0
    for at, cells in enumerate(records):
        score = len({fold_name(cell) for cell in cells if cell.strip()} & set(known))
        if score > best_score:
            best, best_score = at, score
    if best is not None and (best_score > 1 or len([c for c in records[best] if c.strip()]) == 1):
        return best
    looks = _first_that_looks(records)
    return looks if looks is not None else best


def _first_that_looks(records: Sequence[Sequence[str]]) -> int | None:
    """A row of several different words, as wide as what follows it."""
    filled = [[cell.strip() for cell in cells if cell.strip()] for cells in records]
    widest = max((len(cells) for cells in filled), default=0)
    for at, cells in enumerate(filled):
        is_wide = len(cells) >= max(1, widest - max(1, widest // 3))
        if is_wide and len(set(cells)) == len(cells) and not any(_NUMBER.match(cell) for cell in cells):
            return at
    return next((at for at, cells in enumerate(filled) if cells), None)


def noise_of(cells: Sequence[str], header: Sequence[str]) -> Noise | None:
    """What a line below the header is, when it is no row of data.

    Careful: what might be a row that lacks something stays a row, and is refused with the reason.
    """
    filled = [cell for cell in cells if cell.strip()]
    if not filled:
        return Noise.BLANK
    if len(filled) == len(header) and all(
        fold_name(cell) == fold_name(name) for cell, name in zip(cells, header, strict=False)
    ):
        return Noise.HEADER_AGAIN
    if len(filled) >= len(header):
        return None
    first = "".join(unicodedata.normalize("NFKC", filled[0]).split()).casefold()
    if len(first) <= _TOTAL_CHARS_MAX and _TOTAL.fullmatch(first):
        return Noise.TOTAL
    if len(filled) <= max(1, len(header) // 3) and _NOTE.match(first):
        return Noise.NOTE
    return None
