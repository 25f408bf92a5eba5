"""What somebody who comes wants to know of the demo's hotels, restaurants and lines: made up like them, and deterministic."""

from datetime import time
from typing import Final

from msgspec import structs

from wenyue.catalogue import OpeningHours, Venue, VenueKind
from wenyue.locale import DEFAULT, SOURCE, Texts

_EVERY_DAY: Final = range(7)
_PHONE: Final = (
    "000-0000 0000"  # no number begins with a zero after its area code: nobody is called by mistake
)
_SUMMARIES: Final[dict[str, Texts]] = {
    "hotel": {
        DEFAULT: "住得安静，去景区近。早餐七点开始，行李可以先寄存。",
        SOURCE: "A quiet stay near the sights. Breakfast from seven; leave your bags before check-in.",
    },
    "restaurant": {
        DEFAULT: "当地家常菜，每轮留够一个半小时，订了就有座。",
        SOURCE: "Local home cooking. Each sitting has an hour and a half, and a booked table is yours.",
    },
    "transport": {
        DEFAULT: "一人一座，准点发车，不用在站口排队。",
        SOURCE: "A seat for everyone, on time, and no queue at the stop.",
    },
}
_FACTS: Final[dict[str, dict[str, Texts]]] = {
    "hotel": {
        "entrance": {DEFAULT: "东侧正门，前台在一楼", SOURCE: "Main door on the east side, desk on the ground floor"},
        "directions": {
            DEFAULT: "地铁：最近的站出来走 6 分钟；自驾：地下停车场，住客免费",
            SOURCE: "Metro: a six-minute walk from the nearest station; Car: parking below, free for guests",
        },
        "access": {DEFAULT: "门口有坡道，电梯到每层，两间无障碍客房", SOURCE: "Ramp at the door, lifts, two accessible rooms"},
        "hours_note": {DEFAULT: "前台全天有人", SOURCE: "The desk is open day and night"},
    },
    "restaurant": {
        "entrance": {DEFAULT: "临街一层，报预约人的姓名入座", SOURCE: "Ground floor on the street; give the name of the booking"},
        "directions": {
            DEFAULT: "地铁：最近的站出来走 4 分钟；自驾：门前没有车位，请停对面停车楼",
            SOURCE: "Metro: a four-minute walk from the nearest station; Car: none at the door, use the car park opposite",
        },
        "access": {DEFAULT: "一层无台阶，有儿童椅", SOURCE: "No steps on the ground floor; high chairs"},
        "hours_note": {DEFAULT: "14:00–17:00 休息", SOURCE: "Closed from 14:00 to 17:00"},
    },
    "transport": {
        "entrance": {DEFAULT: "1 号站台，提前 10 分钟上车", SOURCE: "Platform 1; board ten minutes early"},
        "directions": {DEFAULT: "公交：游客中心站下，走 2 分钟", SOURCE: "Bus: Visitor Centre stop, then two minutes on foot"},
        "access": {DEFAULT: "低地板车，轮椅位 1 个，婴儿车可推上车", SOURCE: "Low floor; one wheelchair place"},
        "hours_note": {DEFAULT: "大风、大雪时停运", SOURCE: "Doesn't run in storms or heavy snow"},
    },
}  # fmt: skip
_HOURS: Final = {
    "restaurant": (time(11), time(20, 30), time(19, 30)),
    "transport": (time(7), time(17), time(16)),
}


def described(venue: Venue, number: int) -> Venue:
    """With what its page says of it; `number` is that of its house."""
    address = {DEFAULT: f"{venue.city}演示路 {number} 号", SOURCE: f"{number} Yanshi (Demo) Road"}
    facts = structs.replace(venue.facts, address=address, phone=_PHONE, **_FACTS[venue.kind])
    return structs.replace(venue, summary=_SUMMARIES[venue.kind], facts=facts)


def hours_of(venue_id: int, kind: VenueKind) -> list[OpeningHours]:
    """Its week; a hotel's doors never close, so that it has none."""
    hours = _HOURS.get(kind)
    return [OpeningHours(venue_id, day, *hours) for day in _EVERY_DAY] if hours else []
