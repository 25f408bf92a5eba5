"""What the usual words of status and type columns mean here. Data: folded word → meaning, by kind and field."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from wenyue.imports.columns import Kind
from wenyue.imports.reading.heading import fold_name
from wenyue.locale import DEFAULT, Locale


def _meanings(words: Mapping[str, str]) -> Mapping[str, str]:
    """`words`: meaning → the words for it, by blanks; a meaning is a word for itself."""
    return MappingProxyType(
        {fold_name(one): meaning for meaning, said in words.items() for one in (meaning, *said.split())}
    )


VENUE_KINDS: Final = _meanings(
    {
        "attraction": "景区 景点 公园 博物馆 乐园 主题公园 场馆 a级景区 旅游景区 scenic park museum",
        "hotel": "酒店 宾馆 民宿 客栈 饭店 度假村 度假酒店 旅馆 inn homestay",
        "restaurant": "餐厅 餐饮 餐馆 饭馆 酒楼 美食 农家乐 dining",
        "transport": "交通 接驳 接驳车 班车 摆渡车 巴士 观光车 游船 索道 客运 车队 shuttle bus ferry",
    }
)
PRODUCT_KINDS: Final = _meanings(
    {
        "session": "门票 票 场次 入园 预约 分时预约 ticket entry",
        "night": "客房 房型 房间 住宿 间夜 room",
        "table": "餐位 餐桌 餐台 桌位 包间 用餐 dining",
        "seat": "座位 车票 船票 席位 班次 乘车 bus shuttle",
    }
)
YES_NO: Final = _meanings(
    {"yes": "是 有 需要 实名 y true 1 √ ✓", "no": "否 无 不需要 非实名 不实名 n false 0 × ✗"}
)
PERSON_RULES: Final = _meanings(
    {
        "venue_day": "每天一次 每日一次 每人每天一次 每人每日一次 每日限一次 当日一次 一天一次",
        "slot": "每场一次 每人每场一次 每场次一次 每场限一次 一场一次",
        "none": "不限 不限次 不限次数 无限制 否 无",
    }
)
BOOKING_STATUSES: Final = _meanings(
    {
        "confirmed": "已预订 已预定 已预约 已支付 已付款 已确认 待使用 待入住 待入园 待核销 未使用 未核销 预订 有效 "
        "booked paid reserved",
        "redeemed": "已入住 已离店 已核销 已使用 已完成 已入园 已检票 已到店 已消费 已出行 在住 checked-in check-out "
        "checked-out checkout used completed",
        "cancelled": "已取消 已退款 已退票 已退订 已作废 取消 退票 退订 已关闭 canceled cancel refunded",
        "no-show": "未到店 未到 未入住 爽约 逾期未到 应到未到 noshow no_show",
    }
)
CARD_STATES: Final = _meanings(
    {
        "printed": "未发卡 未售 未出库 库存",
        "shipped": "未激活 待激活 已售未激活 未启用 未开卡 inactive notactivated",
        "active": "正常 有效 已激活 激活 启用 已启用 使用中 在用 正常使用 valid normal",
        "frozen": "挂失 已挂失 冻结 已冻结 lost",
        "replaced": "已补卡 补卡作废",
        "cancelled": "注销 已注销 作废 已作废 退卡 已退卡 销卡 停用 已停用 canceled void",
        "expired": "过期 已过期 到期 已到期 失效 已失效",
    }
)
UNLIMITED: Final = frozenset(
    {"不限", "不限次", "无限", "无限次", "不限次数", "unlimited"}
)  # of an entitlement
USUAL: Final[Mapping[tuple[Kind, str], Mapping[str, str]]] = MappingProxyType(
    {
        (Kind.VENUES, "kind"): VENUE_KINDS,
        (Kind.PRODUCTS, "kind"): PRODUCT_KINDS,
        (Kind.PRODUCTS, "needs_visitors"): YES_NO,
        (Kind.PRODUCTS, "person_rule"): PERSON_RULES,
        (Kind.PRODUCTS, "first_gate"): YES_NO,
        (Kind.CARDS, "state"): CARD_STATES,
        (Kind.BOOKINGS, "status"): BOOKING_STATUSES,
    }
)


def meaning_of(kind: Kind, field: str, word: str) -> str | None:
    """What the word usually means in that field, None when it says nothing usual."""
    return USUAL.get((kind, field), {}).get(fold_name(word))


def meanings_of(kind: Kind) -> dict[str, frozenset[str]]:
    """What the words of each field with usual words may mean here."""
    return {field: frozenset(words.values()) for (one, field), words in USUAL.items() if one is kind}


def word_for(words: Mapping[str, str], meaning: str, locale: Locale) -> str:
    """How a file that is written for readers of this language calls the meaning: a word that is recognised."""
    if locale != DEFAULT:
        return meaning
    return next((word for word, one in words.items() if one == meaning and not word.isascii()), meaning)
