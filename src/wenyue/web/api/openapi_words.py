"""What the API's description says in prose: about the whole, its parts, and examples of bodies."""

from collections.abc import Mapping
from typing import Any, Final

ABOUT: Final = """\
Reservations for smart tourism cards: read the catalogue, activate a card, see live availability, book, change, cancel,
admit at the gate.

**Sign in**: `POST /v1/session` with card number and PIN gives a bearer token for the `Authorization` header.

**Errors** are problem details (RFC 9457, `application/problem+json`): `outcome` is stable and for programs, `title`, `detail`
and `next` are for people, in Chinese or, with `Accept-Language: en` or `?lang=en`, in English. `errors` names every field to
mend. Every code stands at `/docs/problems`.

**Send again**: every write is idempotent. A booking's id is minted by the client and repeated on a retry; changes say the same
again; a replacement has its `Idempotency-Key`. After a 503, wait `Retry-After` seconds and send the same request.

**Pages**: lists take `limit` (at most 100) and `cursor`; `next` of one page is the `cursor` of
the following one, null on the last.

**Values**: instants are RFC 3339, days are days at the venue, money is integer minor units (分).
"""

TAGS: Final[tuple[Mapping[str, str], ...]] = (
    {"name": "catalogue", "description": "Venues, products and what is left.", "x-name-zh": "场馆与余量"},
    {"name": "cards", "description": "Activation, loss and replacement of a card.", "x-name-zh": "卡"},
    {"name": "session", "description": "Sign in with a card.", "x-name-zh": "登录"},
    {"name": "bookings", "description": "Book, look up, confirm, cancel, reschedule.", "x-name-zh": "预约"},
    {
        "name": "rooms",
        "description": "Waiting rooms: a fair queue in front of the release of scarce places.",
        "x-name-zh": "排队等候",
    },
    {"name": "visitors", "description": "The people a traveller books for.", "x-name-zh": "常用游客"},
    {
        "name": "gate",
        "description": "For turnstiles and handheld terminals: scan, take back.",
        "x-name-zh": "入园核验",
    },
)

SUMMARIES_ZH: Final[Mapping[str, str]] = {
    "GET /v1/venues": "场馆列表",
    "GET /v1/venues/{code}": "场馆详情",
    "GET /v1/products/{product_id}": "产品详情",
    "GET /v1/availability": "余量查询",
    "POST /v1/cards/activation": "激活旅游卡",
    "POST /v1/cards/{card_no}/loss": "挂失",
    "POST /v1/cards/{card_no}/replacement": "补卡",
    "POST /v1/cards/lost": "卡丢了：获取验证码",
    "POST /v1/cards/lost/{request_id}/code": "卡丢了：验证并登录",
    "POST /v1/cards/objection": "停止补卡",
    "POST /v1/gate/cards/replacement": "窗口补卡",
    "POST /v1/gate/cards/objection": "窗口停止补卡",
    "GET /v1/cards/{card_id}/availability": "本卡可用的余量",
    "POST /v1/session": "登录",
    "GET /v1/session": "当前账户",
    "DELETE /v1/session": "退出登录",
    "POST /v1/bookings": "预约",
    "GET /v1/bookings": "我的预约",
    "GET /v1/bookings/{booking_id}": "预约详情",
    "POST /v1/bookings/{booking_id}/confirmation": "确认预约",
    "POST /v1/bookings/{booking_id}/cancellation": "取消预约",
    "POST /v1/bookings/{booking_id}/reschedule": "改期",
    "GET /v1/visitors": "常用游客列表",
    "POST /v1/visitors": "添加常用游客",
    "DELETE /v1/visitors/{visitor_id}": "删除常用游客",
    "POST /v1/names": "添加本人姓名的另一种写法",
    "GET /v1/places-by-others": "别人为我约的",
    "POST /v1/places-by-others/{slot_id}/disowning": "不是我约的，退回名额",
    "POST /v1/gate/places": "窗口：他人用此证件预约的名额，可退回",
    "POST /v1/gate/holders": "窗口：核验证件属于谁",
    "POST /v1/rooms/{event}/pass": "领取排队凭证",
    "POST /v1/rooms/{event}/token": "轮到后入场",
    "POST /v1/gate/session": "员工登录",
    "DELETE /v1/gate/session": "员工退出登录",
    "POST /v1/gate/scans": "扫码核验",
    "POST /v1/gate/scans/{scan_id}/undo": "撤销核销",
    "POST /v1/gate/lookups": "按姓名、手机号或旧预约号查找",
}

_PERSON: Final[Mapping[str, Any]] = {"name": "张演示", "number": "11010519491231002X"}
EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "POST /v1/session": {"card_no": "6000202600000019", "pin": "20260001"},
    "POST /v1/cards/activation": {"card_no": "6000202600000019", "pin": "20260001", **_PERSON},
    "POST /v1/cards/lost": {
        "id": "0199a3c0-7b52-7c41-9a1e-3f6d5c2b1a02",
        **_PERSON,
        "phone": "13800138000",
    },
    "POST /v1/cards/lost/{request_id}/code": {"code": "123456"},
    "POST /v1/cards/objection": {"code": "ABCDE-FGHJK"},
    "POST /v1/gate/cards/replacement": {
        "id": "0199a3c0-7b52-7c41-9a1e-3f6d5c2b1a03",
        "card_no": "6000202600000019",
        **_PERSON,
    },
    "POST /v1/gate/cards/objection": {**_PERSON},
    "POST /v1/visitors": {**_PERSON, "phone": "13800138000"},
    "POST /v1/names": {"name": "ZHANG YANSHI"},
    "POST /v1/gate/places": {"venue": "lingyin", **_PERSON, "slot_id": 1},
    "POST /v1/gate/holders": {"venue": "lingyin", **_PERSON, "card_nos": ["6000202600000019"]},
    "POST /v1/bookings": {
        "id": "0199a3c0-7b52-7c41-9a1e-3f6d5c2b1a00",
        "lines": [{"slot_id": 1, "quantity": 1, "visitors": [0], "on_card": True}],
        "visitors": [_PERSON],
        "card_id": 1,
    },
    "POST /v1/bookings/{booking_id}/cancellation": {"reason": "行程有变"},
    "POST /v1/bookings/{booking_id}/reschedule": {"moves": [{"line_no": 0, "slot_id": 2}]},
    "POST /v1/rooms/{event}/pass": {"pass": ""},
    "POST /v1/rooms/{event}/token": {"pass": "wyp1_AAAAAQAAAAAAAAAqAAAAAAAAAACzNfPEaqZr6_0PXDVEvMfM"},
    "POST /v1/gate/session": {"login": "gate", "password": "…"},
    "POST /v1/gate/scans": {
        "scan_id": "0199a3c0-7b52-7c41-9a1e-3f6d5c2b1a01",
        "venue": "lingyin",
        "gate": "北门",
        "presented": "11010519491231002X",
    },
    "POST /v1/gate/scans/{scan_id}/undo": {"reason": "扫错了人"},
    "POST /v1/gate/lookups": {"venue": "lingyin", "kind": "name", "text": "张演示"},
}
