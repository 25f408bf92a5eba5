"""When the sessions that offices name by a part of the day usually are, and what kind of place a name is of. Pure."""

import re
from collections.abc import Iterable
from datetime import time
from typing import Final, NamedTuple

Span = tuple[time, time]


class _Part(NamedTuple):
    """A part of the day: how it is named, within which hours its sessions begin, and when they usually are."""

    names: re.Pattern[str]
    begins: tuple[int, int]  # hours, the second not included
    usual: Span


_PARTS: Final = (
    _Part(re.compile(r"全天|全日|整天|all.?day"), (0, 0), (time(8), time(18))),
    _Part(re.compile(r"早餐|早市|早茶|breakfast"), (5, 10), (time(7), time(10))),
    _Part(re.compile(r"午餐|午市|中餐|中午|lunch|noon(?<!afternoon)"), (10, 14), (time(11), time(14))),
    _Part(re.compile(r"上午|早场|早上|早|morning"), (5, 12), (time(8, 30), time(12))),
    _Part(re.compile(r"下午|午后|afternoon"), (12, 17), (time(13), time(17))),
    _Part(re.compile(r"晚|夜|傍晚|evening|night|dinner"), (16, 24), (time(18), time(21))),
)
_RESTAURANT: Final = re.compile(r"餐|酒楼|饭馆|食府|农家乐|桌|restaurant|dining|table")
_TRANSPORT: Final = re.compile(
    r"班车|接驳|摆渡|巴士|专线|快线|索道|缆车|游船|乘车|上车|发车|车次|班次|shuttle|\bbus|ferry"
)


def usual_span(word: str, spelt: Iterable[Span]) -> Span | None:
    """When a session of this name probably is; None: its name says no part of the day.

    `spelt`: what other sessions of the file spell; the only one that begins in that part of the day is meant.
    """
    text = word.casefold()
    part = next((one for one in _PARTS if one.names.search(text)), None)
    if part is None:
        return None
    first, last = part.begins
    own = {one for one in spelt if first <= one[0].hour < last}
    return own.pop() if len(own) == 1 else part.usual


def kind_of_place(name: str, columns: Iterable[str]) -> str:
    """What sells visits under this name: attraction, restaurant or transport; else what the names of columns say."""
    for text in (name.casefold(), " ".join(columns).casefold()):
        if _RESTAURANT.search(text):
            return "restaurant"
        if _TRANSPORT.search(text):
            return "transport"
    return "attraction"
