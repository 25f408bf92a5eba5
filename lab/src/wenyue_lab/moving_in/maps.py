"""The maps of the two exports, as an operator writes them: which column says what. Uses nothing of `wenyue`."""

from collections.abc import Sequence
from typing import Final

from wenyue_lab.moving_in.model import FAMILY_ROOMS, OLD_PMS, OLD_TICKETS, ROOMS, TICKETS, MadeVenue

_TICKETS: Final = f"""source = "{OLD_TICKETS}"
key.columns = ["订单号"]
[columns]
venue = "景区名称"
arrival = {{ column = "游玩日期", formats = ["%Y-%m-%d"] }}
product = "票种"
session = "入园时段"
status = "订单状态"
status_date = {{ column = "核销时间", formats = ["%Y-%m-%d %H:%M:%S"] }}
booked = {{ column = "下单时间", formats = ["%Y-%m-%d %H:%M:%S"] }}
price = {{ column = "金额", per = "place" }}
name = "姓名"
document_type = "证件类型"
document = "证件号码"
country = "国籍"
phone = "手机号"
[status]
"待使用" = "confirmed"
"已核销" = "redeemed"
"已退票" = "cancelled"
"逾期未到" = "no-show"
[rules]
no_country = "import"
[sessions."上午场"]
starts = "08:30"
ends = "11:30"
[sessions."下午场"]
starts = "13:00"
ends = "16:30"
"""
_STAYS: Final = f"""source = "{OLD_PMS}"
key.columns = ["确认号"]
[columns]
venue = "酒店名称"
arrival = {{ column = "入住日期", formats = ["%Y-%m-%d"] }}
nights = {{ column = "离店日期", formats = ["%Y-%m-%d"] }}
product = "房型"
quantity = "间数"
adults = "成人"
children = "儿童"
name = "入住人"
phone = "手机"
status = "状态"
status_date = {{ column = "更新时间", formats = ["%Y-%m-%d"] }}
booked = {{ column = "预订时间", formats = ["%Y-%m-%d"] }}
price = {{ column = "房费", per = "stay" }}
[status]
"已预订" = "confirmed"
"已离店" = "redeemed"
"已取消" = "cancelled"
"未到店" = "no-show"
"""


def ticket_map(venues: Sequence[MadeVenue]) -> str:
    """The attractions' map."""
    products = "".join(_product(word, code, '"auto"') for word, code in TICKETS.items())
    return _TICKETS + _venues(venues, "attraction") + products


def stay_map(venues: Sequence[MadeVenue]) -> str:
    """The hotels' map."""
    rooms = {code: f"{FAMILY_ROOMS}" if code == "family" else '"auto"' for code in ROOMS.values()}
    return (
        _STAYS
        + _venues(venues, "hotel")
        + "".join(_product(word, code, rooms[code]) for word, code in ROOMS.items())
    )


def _venues(venues: Sequence[MadeVenue], kind: str) -> str:
    return "".join(
        f'[venues."{one.name}"]\ncode = "{one.code}"\nkind = "{kind}"\nname_zh = "{one.name}"\n'
        for one in venues
        if one.kind == kind
    )


def _product(word: str, code: str, capacity: str) -> str:
    return f'[products."{word}"]\ncode = "{code}"\nname_zh = "{word}"\ncapacity = {capacity}\n'
