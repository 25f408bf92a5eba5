"""The made-up destination: its attractions and hotels. Uses nothing of `wenyue`."""

from random import Random
from typing import Final

from wenyue_lab.moving_in.model import ROOMS, TICKETS, MadeVenue, Scale

_PLACES: Final = (
    ("浙江", "杭州", 30.25, 120.15),
    ("江苏", "苏州", 31.30, 120.60),
    ("安徽", "黄山", 29.71, 118.33),
    ("福建", "南平", 27.75, 118.03),
    ("江西", "上饶", 28.45, 117.94),
)
_FRONT: Final = [
    "云栖",
    "翠微",
    "龙泉",
    "碧波",
    "古塔",
    "鹿鸣",
    "石门",
    "桃源",
    "望江",
    "灵岩",
    "清溪",
    "虎跃",
    "凤鸣",
    "松涛",
    "月牙",
]
_BACK: Final = ("湖景区", "山风景名胜区", "古镇", "博物馆")
_INNS: Final = ("湖畔酒店", "山居民宿", "国际大酒店")
_LEVELS: Final = ("5A", "4A", "4A", "3A", "国家AAAAA级旅游景区")
_ALL_SESSIONS: Final = (("08:30-11:30", "下午场"), ("上午场", "13:00～16:30"))


def attractions(chance: Random, scale: Scale) -> list[MadeVenue]:
    """The attractions; museums are closed on Mondays."""
    made: list[MadeVenue] = []
    for n in range(scale.attractions):
        province, city, *_ = place = _PLACES[n % len(_PLACES)]
        name = f"{_FRONT[n % len(_FRONT)]}{_BACK[(n % len(_FRONT) + n // len(_FRONT)) % len(_BACK)]}"
        adult = chance.choice((3000, 4500, 6000, 8000, 12050))
        made.append(
            MadeVenue(
                f"scenic-{n + 1:02}", name, "attraction", province, city, _LEVELS[n % len(_LEVELS)],
                _near(chance, place), "周一" if "博物馆" in name else "", _ALL_SESSIONS[n % 2],
                dict(zip(TICKETS.values(), (adult, adult // 2), strict=True)),
            )
        )  # fmt: skip
    return made


def hotels(chance: Random, scale: Scale) -> list[MadeVenue]:
    """The hotels, with three kinds of rooms each."""
    made: list[MadeVenue] = []
    for n in range(scale.hotels):
        province, city, *_ = place = _PLACES[n % len(_PLACES)]
        king = chance.randrange(280, 900) * 100
        name = f"{_FRONT[(n * 2 + 1) % len(_FRONT)]}{_INNS[n % len(_INNS)]}"
        prices = dict(zip(ROOMS.values(), (king, king + 4000, king + 16000), strict=True))
        made.append(
            MadeVenue(
                f"inn-{n + 1:02}", name, "hotel", province, city, "", _near(chance, place), "", (), prices
            )
        )
    return made


def _near(chance: Random, place: tuple[str, str, float, float]) -> tuple[float, float]:
    return round(place[2] + chance.uniform(-0.3, 0.3), 5), round(place[3] + chance.uniform(-0.3, 0.3), 5)
