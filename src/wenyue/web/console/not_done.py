"""Why an operator's act was not done, in words for the console."""

from typing import Final

from wenyue.application.operating import NotDone
from wenyue.application.operator_checks import DAYS_MAX, REASON_LENGTH_MAX
from wenyue.web.console.context import OperatorContext

# Field of the form, then the words.
SAID: Final = {
    NotDone.VENUE_UNKNOWN: (
        "venue",
        "没有这个场馆，或不归您管理。",
        "There is no such venue, or it is not yours.",
    ),
    NotDone.EVERY_VENUE: (
        "from",
        "节假日会改变所有场馆的场次，只有负责全部场馆的人员可以录入，请联系管理员。",
        "Holidays change the sessions of every venue: only staff of all venues enter them. Ask an administrator.",
    ),
    NotDone.PRODUCT_UNKNOWN: ("product", "该场馆没有这个产品。", "This venue has no such product."),
    NotDone.SLOT_UNKNOWN: (
        "starts",
        "这一天没有这个开始时间的场次。",
        "There is no session that starts at this time on this day.",
    ),
    NotDone.CLOSURE_UNKNOWN: (
        "closure",
        "没有这个闭馆安排，或已取消。",
        "There is no such closure, or it was lifted.",
    ),
    NotDone.DAY_UNKNOWN: (
        "from",
        "该日没有当日承载量：日期已过或太远，或日历未设。",
        "There is no carrying capacity of this day: it is past or too far ahead, or the calendar plans none.",
    ),
    NotDone.BAD_DATES: (
        "to",
        f"结束日期不能早于开始日期，一次最多{DAYS_MAX}天。",
        f"The last day is not before the first, and {DAYS_MAX} days at most.",
    ),
    NotDone.TOO_MANY_CLOSURES: (
        "from",
        "该场馆已有200个未结束的闭馆安排。请用一个更长的安排代替，或先取消一些。",
        "This venue has 200 closures that are not over: put one longer one in their place, or lift some first.",
    ),
    NotDone.REASON_RESERVED: (
        "reason",
        "日历用这句话说明例行闭馆，取消安排时便认不出。请换一种说法，例如写明具体原因。",
        "The calendar says this of the days it closes by itself, so lifting would not find them. Say it in other words.",
    ),
    NotDone.REASON_NEEDED: (
        "reason",
        f"请用一行文字说明原因，最多{REASON_LENGTH_MAX}字。",
        f"Say why, on one line of at most {REASON_LENGTH_MAX} characters.",
    ),
    NotDone.BAD_PRICE: (
        "yuan",
        "请填写金额，例如 58 或 58.50，不超过1000万元。",
        "Give an amount, such as 58 or 58.50, 10 million yuan at most.",
    ),
    NotDone.BAD_CAPACITY: (
        "places",
        "请填写0到1000万之间的整数。",
        "Give a whole number from 0 to 10,000,000.",
    ),
    NotDone.BELOW_TAKEN: (
        "places",
        "已占用的名额更多。可勾选“停售并随退订逐步降到目标”。",
        "More places are taken. Tick “stop sales and follow down” to go there with what is given back.",
    ),
    NotDone.FACTOR_OLD: ("code", "请先重新验证。", "Prove your second step first."),
    NotDone.BELOW_RESERVES: (
        "places",
        "各渠道预留合计更多，请先调整预留。",
        "The channels' reserves add up to more: change them first.",
    ),
}


def say_not_done(duty: OperatorContext, why: NotDone) -> str:
    """The sentence."""
    return duty.t(*SAID[why][1:])


def field_of(why: NotDone) -> str:
    """Which field of a form it is about."""
    return SAID[why][0]
