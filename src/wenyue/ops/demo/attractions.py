"""Products, sessions and capacities of the demo's attractions: plausible, deterministic, made up."""

import hashlib
from datetime import date, time
from itertools import pairwise
from typing import Final

import msgspec

from wenyue.catalogue import (
    ROMANISED_NAME,
    OpeningHours,
    PlannedSession,
    Product,
    ReserveChannel,
    Template,
    Venue,
)
from wenyue.locale import DEFAULT, SOURCE, Texts
from wenyue.ops.demo.english_names import english_names
from wenyue.ops.demo.other_names import OTHER_NAMES
from wenyue.policy import Preset

_LIST: Final = "Public list of 5A attractions; demo figures"
VALID_FROM: Final = date(2026, 1, 1)
SESSION_CAPACITY_MIN: Final = 300
SESSION_CAPACITY_MAX: Final = 10_000
BUSY_DAY_PERCENT: Final = 120
CARRYING_PERCENT: Final = (
    90  # of what a busy day's sessions add up to: on such a day the carrying capacity binds
)

# The venues whose published rules we ship, and those that the demo runs under the same rules.
_PRESETS_BY_NAME: Final = {
    "故宫博物院": "gugong",
    "杭州市西湖风景名胜区": "lingyin",
    "湖南省湘潭市韶山旅游区": "maozhuxi-jiniantang",
}
_MUSEUM_WORDS: Final = ("博物院", "博物馆", "纪念馆", "科技馆")
_TAG_WORDS: Final = {
    "buddhist": ("佛", "寺", "石窟", "五台山", "普陀山", "九华山", "峨眉山"),
    "mountain": ("山", "峡谷", "峰"),
    "water": ("湖", "江", "河", "海", "岛", "瀑布", "湿地", "溪"),
    "old-town": ("古镇", "古城", "古村"),
    "museum": (*_MUSEUM_WORDS, "园林"),
}
# Which local card of the shipped card types a venue belongs to: for the demo, by where it is.
_CARD_TAGS: Final = {
    "jjj-beijing": ("北京", ()),
    "jjj-tianjin": ("天津", ()),
    "jjj-hebei": ("河北", ()),
    "hainan-annual": ("海南", ()),
    "luoyang-annual": ("河南", ("洛阳",)),
    "zhengkai-annual": ("河南", ("登封", "开封")),
    "yichang-annual": ("湖北", ("宜昌",)),
    "xiangyang-annual": ("湖北", ("襄阳",)),
    "kunshan-annual": ("江苏", ("周庄",)),
}
_DAY_PLANS: Final = (
    ((8, 0), (12, 0), (16, 30)),
    ((8, 0), (10, 30), (13, 30), (16, 30)),
    ((8, 0), (10, 0), (12, 0), (14, 30), (17, 0)),
)
_BUS_HOURS: Final = (9, 11, 13, 15)
BUS_SEATS: Final = 200
_RESERVES: Final[tuple[tuple[ReserveChannel, int], ...]] = (
    ("phone", 5),
    ("window", 8),
    ("elderly", 3),
)  # per cent


def figure(code: str, purpose: str, low: int, high: int, step: int = 1) -> int:
    """A number from `low` to `high` (a multiple of `step` above `low`) that depends only on code and purpose."""
    digest = hashlib.sha256(f"{code}/{purpose}".encode()).digest()
    return low + int.from_bytes(digest[:6], "big") % ((high - low) // step + 1) * step


def dressed(venue: Venue) -> Venue:
    """The attraction with English name, tags and the label that says which figures are made up."""
    chinese = venue.name[DEFAULT]
    tags = {tag for tag, words in _TAG_WORDS.items() if any(word in chinese for word in words)}
    for tag, (province, words) in _CARD_TAGS.items():
        if venue.province == province and (not words or any(word in chinese for word in words)):
            tags.add(tag)
    english = english_names().get(chinese)
    name = {SOURCE: english.text, **venue.name} if english else venue.name
    if english and english.is_formed and name[SOURCE] == english.text:
        tags.add(ROMANISED_NAME)
    return msgspec.structs.replace(
        venue,
        name=name,
        tags=tuple(sorted(tags)),
        aliases=venue.aliases or OTHER_NAMES.get(chinese, ()),
        source=_LIST,
        is_demo=True,
    )


def preset_code(venue: Venue) -> str:
    """Whose published rules the attraction follows in the demo."""
    chinese = venue.name[DEFAULT]
    known = _PRESETS_BY_NAME.get(chinese)
    if known:
        return known
    return "guobo" if any(word in chinese for word in _MUSEUM_WORDS) else "default"


def ticket(venue: Venue) -> Product:
    """The attraction's admission ticket."""
    free = preset_code(venue) in {"guobo", "maozhuxi-jiniantang"}
    return Product(
        venue_id=venue.id,
        code="adult",
        kind="session",
        name={DEFAULT: "成人票（演示）", SOURCE: "Adult ticket (demo)"},
        price_minor=0 if free else figure(venue.code, "price", 2_000, 22_000, 1_000),
        policy_code=preset_code(venue),
        person_rule="venue_day",
    )


def ticket_templates(venue: Venue, product_id: int, preset: Preset) -> list[Template]:
    """Workdays, and the busier weekends and holidays under the same approved carrying capacity."""
    busy = _sessions(venue, preset, BUSY_DAY_PERCENT)
    day_capacity = _percent(sum(one.capacity for one in busy), CARRYING_PERCENT, 100)

    usual = Template(
        product_id=product_id,
        valid_from=VALID_FROM,
        day_capacity=day_capacity,
        sessions=_sessions(venue, preset, 100),
    )
    weekend = msgspec.structs.replace(usual, day_kind="weekend", priority=1, sessions=busy)
    return [usual, weekend, msgspec.structs.replace(weekend, day_kind="holiday")]


def opening_week(venue: Venue, preset: Preset) -> list[OpeningHours]:
    """From its first session to its last, on the days on which it has any: made up as they are."""
    sessions = _sessions(venue, preset, 100)
    opens, closes = sessions[0].starts, max(one.ends for one in sessions)
    last_entry = time(closes.hour - 1, closes.minute)
    return [
        OpeningHours(venue.id, day, opens, closes, last_entry)
        for day in range(7)
        if day not in preset.closed_weekdays
    ]


def sightseeing_bus(venue: Venue) -> Product | None:
    """A second purchase inside some mountain attractions (二消): a bus that a first-gate card does not cover."""
    if "mountain" not in venue.tags or figure(venue.code, "bus", 0, 2):
        return None
    return Product(
        venue_id=venue.id,
        code="bus",
        kind="seat",
        name={DEFAULT: "景区观光车（演示）", SOURCE: "Sightseeing bus (demo)"},
        price_minor=figure(venue.code, "bus-price", 2_000, 8_000, 500),
        policy_code="shuttle",
        person_rule="slot",
        is_first_gate=False,
    )


def bus_template(product: Product) -> Template:
    """Its departures; `product` has its id."""
    departures = tuple(
        PlannedSession(time(hour), time(hour, 40), BUS_SEATS, departure(hour)) for hour in _BUS_HOURS
    )
    return Template(product_id=product.id, valid_from=VALID_FROM, sessions=departures)


def departure(hour: int) -> Texts:
    """What a bus's session is called."""
    return {DEFAULT: f"{hour:02}:00发车", SOURCE: f"Departs {hour:02}:00"}


def _sessions(venue: Venue, preset: Preset, percent: int) -> tuple[PlannedSession, ...]:
    usual = figure(venue.code, "capacity", SESSION_CAPACITY_MIN, SESSION_CAPACITY_MAX, 100)
    capacity = min(SESSION_CAPACITY_MAX, _percent(usual, percent, 10))
    if preset.slots:
        return tuple(PlannedSession(one.starts, one.ends, capacity, one.label) for one in preset.slots)
    plan = _DAY_PLANS[figure(venue.code, "plan", 0, len(_DAY_PLANS) - 1)]
    has_reserves = figure(venue.code, "reserves", 0, 3) == 0
    reserves: dict[ReserveChannel, int] = (
        {channel: _percent(capacity, share) for channel, share in _RESERVES} if has_reserves else {}
    )
    sessions: list[PlannedSession] = []
    for starts, ends in pairwise(time(hour, minute) for hour, minute in plan):
        label = dict.fromkeys((DEFAULT, SOURCE), f"{starts:%H:%M}-{ends:%H:%M}")
        sessions.append(PlannedSession(starts, ends, capacity, label, reserves=reserves))
    return tuple(sessions)


def _percent(figure: int, percent: int, step: int = 1) -> int:
    """So many per cent of the figure, rounded down to a multiple of `step`."""
    return figure * percent // 100 // step * step
