"""The demo's hotels, restaurants and shuttle lines: every one made up and called so. Pure."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Final

from wenyue.catalogue import PlannedSession, Product, Template, Venue, VenueKind
from wenyue.locale import DEFAULT, SOURCE, Texts
from wenyue.ops.demo.attractions import VALID_FROM, departure, figure
from wenyue.ops.demo.partner_facts import described

_SOURCE: Final = "Demo"
_Row = tuple[str, str, str, str, str, float, float]
WEEKEND_PERCENT: Final = 130
FAMILY_ROOM_PERCENT: Final = 160

# Each row: the code, the name in Chinese and in English, province, city, latitude and longitude.
HOTELS: Final = (
    ("demo-hotel-westlake", "西湖畔酒店", "West Lake Shore Hotel", "浙江", "杭州", 30.2500, 120.1500),
    ("demo-hotel-gugong", "紫禁城东酒店", "Forbidden City East Hotel", "北京", "北京", 39.9170, 116.4090),
    ("demo-hotel-bund", "外滩江景酒店", "Bund River View Hotel", "上海", "上海", 31.2400, 121.4900),
    ("demo-hotel-gusu", "姑苏园林酒店", "Gusu Garden Hotel", "江苏", "苏州", 31.3170, 120.6280),
    (
        "demo-hotel-huangshan",
        "黄山云谷山庄",
        "Huangshan Cloud Valley Lodge",
        "安徽",
        "黄山",
        30.1300,
        118.1700,
    ),
    ("demo-hotel-xian", "长安城墙酒店", "Chang'an City Wall Hotel", "陕西", "西安", 34.2600, 108.9500),
    ("demo-hotel-chengdu", "锦江宽巷酒店", "Jinjiang Lane Hotel", "四川", "成都", 30.6650, 104.0550),
    ("demo-hotel-jiuzhai", "九寨沟口客栈", "Jiuzhai Valley Gate Inn", "四川", "阿坝", 33.2600, 103.9200),
    ("demo-hotel-guilin", "漓江竹影酒店", "Li River Bamboo Hotel", "广西", "桂林", 25.2700, 110.2900),
    ("demo-hotel-lijiang", "丽江雪山客栈", "Lijiang Snow Mountain Inn", "云南", "丽江", 26.8750, 100.2330),
    ("demo-hotel-sanya", "三亚海棠湾酒店", "Sanya Haitang Bay Hotel", "海南", "三亚", 18.3000, 109.7300),
    ("demo-hotel-luoyang", "洛阳牡丹酒店", "Luoyang Peony Hotel", "河南", "洛阳", 34.6200, 112.4500),
    (
        "demo-hotel-zhangjiajie",
        "武陵源山居",
        "Wulingyuan Mountain House",
        "湖南",
        "张家界",
        29.3500,
        110.5500,
    ),
)
RESTAURANTS: Final = (
    ("demo-table-westlake", "湖滨楼", "Lakeside House", "浙江", "杭州", 30.2560, 120.1600),
    ("demo-table-qianmen", "前门烤鸭馆", "Qianmen Roast Duck", "北京", "北京", 39.8990, 116.3970),
    ("demo-table-summer", "昆明湖茶楼", "Kunming Lake Teahouse", "北京", "北京", 39.9990, 116.2750),
    ("demo-table-bund", "浦江本帮菜", "Pujiang Shanghai Kitchen", "上海", "上海", 31.2380, 121.4920),
    ("demo-table-gusu", "平江苏帮菜馆", "Pingjiang Suzhou Kitchen", "江苏", "苏州", 31.3150, 120.6330),
    ("demo-table-huizhou", "徽州人家", "Huizhou Family Kitchen", "安徽", "黄山", 29.7150, 118.3370),
    ("demo-table-xian", "长安饺子宴", "Chang'an Dumpling Banquet", "陕西", "西安", 34.2610, 108.9420),
    ("demo-table-chengdu", "锦里火锅", "Jinli Hot Pot", "四川", "成都", 30.6460, 104.0490),
    ("demo-table-guilin", "漓江鱼庄", "Li River Fish House", "广西", "桂林", 25.2750, 110.2950),
    ("demo-table-lijiang", "纳西小院", "Naxi Courtyard", "云南", "丽江", 26.8760, 100.2350),
    ("demo-table-sanya", "椰风海鲜", "Coconut Breeze Seafood", "海南", "三亚", 18.2500, 109.5100),
    ("demo-table-luoyang", "洛阳水席馆", "Luoyang Water Banquet", "河南", "洛阳", 34.6180, 112.4540),
    ("demo-table-wuhan", "江汉食府", "Jianghan Dining Hall", "湖北", "武汉", 30.5500, 114.3000),
)
SHUTTLES: Final = (
    ("demo-bus-westlake", "西湖环湖接驳线", "West Lake Loop", "浙江", "杭州", 30.2460, 120.1550),
    (
        "demo-bus-badaling",
        "德胜门至八达岭专线",
        "Deshengmen to Badaling Line",
        "北京",
        "北京",
        39.9490,
        116.3790,
    ),
    ("demo-bus-huangshan", "汤口至云谷寺接驳线", "Tangkou to Yungu Line", "安徽", "黄山", 30.0700, 118.1800),
    (
        "demo-bus-jiuzhai",
        "黄龙九寨站接驳线",
        "Huanglong-Jiuzhai Station Line",
        "四川",
        "阿坝",
        32.8900,
        103.6900,
    ),
)
_SITTINGS: Final = (
    ({DEFAULT: "午市一轮", SOURCE: "Lunch, first sitting"}, time(11), time(12, 30)),
    ({DEFAULT: "午市二轮", SOURCE: "Lunch, second sitting"}, time(12, 30), time(14)),
    ({DEFAULT: "晚市一轮", SOURCE: "Dinner, first sitting"}, time(17), time(18, 30)),
    ({DEFAULT: "晚市二轮", SOURCE: "Dinner, second sitting"}, time(18, 30), time(20, 30)),
)
_DEPARTURE_HOURS: Final = (7, 8, 9, 10, 13, 14, 16)
SEATS: Final = 45


def partner_venues() -> list[Venue]:
    """Every hotel, restaurant and line, each name ending in 演示 or demo."""
    kinds: tuple[tuple[VenueKind, tuple[_Row, ...]], ...] = (
        ("hotel", HOTELS),
        ("restaurant", RESTAURANTS),
        ("transport", SHUTTLES),
    )
    made = [
        Venue(
            code=code,
            kind=kind,
            name={DEFAULT: f"{chinese}（演示）", SOURCE: f"{english} (demo)"},
            province=province,
            city=city,
            latitude=latitude,
            longitude=longitude,
            tags=("demo",),
            source=_SOURCE,
            is_demo=True,
        )
        for kind, rows in kinds
        for code, chinese, english, province, city, latitude, longitude in rows
    ]
    return [described(one, figure(one.code, "house", 1, 199)) for one in made]


def partner_products(venue: Venue) -> list[Product]:
    """What the partner sells; `venue` has its id."""
    if venue.kind == "hotel":
        return [
            _room(venue, "twin", {DEFAULT: "标准双床房（演示）", SOURCE: "Twin room (demo)"}, 100),
            _room(
                venue,
                "family",
                {DEFAULT: "家庭房（演示）", SOURCE: "Family room (demo)"},
                FAMILY_ROOM_PERCENT,
            ),
        ]
    if venue.kind == "restaurant":
        return [
            Product(
                venue_id=venue.id,
                code="table",
                kind="table",
                name={DEFAULT: "餐桌订金（演示）", SOURCE: "Table, deposit (demo)"},
                price_minor=figure(venue.code, "deposit", 2_000, 10_000, 1_000),
                policy_code="table",
                needs_visitors=False,
                person_rule="none",
                is_first_gate=False,
            )
        ]
    return [
        Product(
            venue_id=venue.id,
            code="seat",
            kind="seat",
            name={DEFAULT: "班车座位（演示）", SOURCE: "Seat (demo)"},
            price_minor=figure(venue.code, "fare", 1_000, 4_000, 500),
            policy_code="shuttle",
            person_rule="slot",
            is_first_gate=False,
        )
    ]


def partner_template(product: Product) -> Template:
    """The sessions of every day: one night, four sittings, or the departures; `product` has its id."""
    key = f"{product.venue_id}-{product.code}"
    if product.kind == "night":
        rooms = figure(key, "rooms", 8, 60)
        stay = {DEFAULT: "入住14:00，次日12:00退房", SOURCE: "In 14:00, out 12:00"}
        sessions = (PlannedSession(time(14), time(12), rooms, stay),)
    elif product.kind == "table":
        tables = figure(key, "tables", 8, 40)
        sessions = tuple(PlannedSession(starts, ends, tables, label) for label, starts, ends in _SITTINGS)
    else:
        sessions = tuple(
            PlannedSession(time(hour), time(hour, 50), SEATS, departure(hour)) for hour in _DEPARTURE_HOURS
        )
    return Template(product_id=product.id, valid_from=VALID_FROM, sessions=sessions)


def night_prices(product: Product, today: date, days_ahead: int) -> dict[date, int]:
    """Friday and Saturday nights cost more, to the whole yuan."""
    return {day: _percent(product.price_minor, WEEKEND_PERCENT) for day in _weekend_nights(today, days_ahead)}


def _percent(price_minor: int, percent: int) -> int:
    """So many per cent of the price, rounded down to the whole yuan."""
    return price_minor * percent // 10_000 * 100


def _weekend_nights(today: date, days_ahead: int) -> Iterator[date]:
    for number in range(days_ahead + 1):
        day = today + timedelta(days=number)
        if day.weekday() in {4, 5}:
            yield day


def _room(venue: Venue, code: str, name: Texts, percent: int) -> Product:
    return Product(
        venue_id=venue.id,
        code=code,
        kind="night",
        name=name,
        price_minor=_percent(figure(venue.code, "night", 26_800, 88_800, 2_000), percent),
        policy_code="hotel",
        needs_visitors=False,
        person_rule="none",
        is_first_gate=False,
    )
