"""Why an operator's act was not done, as commands say it: in English, then in Chinese."""

from typing import Final

from wenyue.application.operating import NotDone
from wenyue.application.operator_checks import DAYS_MAX
from wenyue.changes import Refusal
from wenyue.platform.fault import SetupError
from wenyue.web.console.change_words import REFUSALS

NOT_DONE: Final[dict[NotDone, tuple[str, str]]] = {
    NotDone.VENUE_UNKNOWN: ("no such venue", "没有这个场馆"),
    NotDone.EVERY_VENUE: (
        "it concerns every venue: only staff of the whole destination do it",
        "涉及所有场馆，只有负责全部场馆的人员可以操作",
    ),
    NotDone.PRODUCT_UNKNOWN: ("no such product at this venue", "该场馆没有这个产品"),
    NotDone.SLOT_UNKNOWN: ("no such session", "没有这个场次"),
    NotDone.CLOSURE_UNKNOWN: (
        "no such closure, or it was lifted: see `wenyue slots closures`",
        "没有这个闭馆安排，或已取消",
    ),
    NotDone.DAY_UNKNOWN: (
        "the venue has no day's capacity then: it is past or too far ahead, or its calendar plans none",
        "该日没有当日承载量：日期已过或太远，或日历未设",
    ),
    NotDone.BAD_DATES: (f"the last day follows the first, {DAYS_MAX} days at most", "日期不正确"),
    NotDone.TOO_MANY_CLOSURES: (
        "the venue has 200 closures that are not over: one longer one says the same; or lift some",
        "该场馆已有200个未结束的闭馆安排，请合并或先取消一些",
    ),
    NotDone.REASON_RESERVED: (
        "the calendar says this of the days it closes by itself: say it in other words",
        "日历用这句话说明例行闭馆，请换一种说法",
    ),
    NotDone.REASON_NEEDED: (
        "say in one line of 200 characters at most what travellers are told (--reason)",
        "请用一行字说明原因（--reason，最多200字）",
    ),
    NotDone.BAD_PRICE: ("a price is 0 to 10,000,000 yuan", "价格应在0到1000万元之间"),
    NotDone.BAD_CAPACITY: ("a capacity is 0 to 10,000,000", "容量应在0到1000万之间"),
    NotDone.BELOW_TAKEN: (
        "more places are held and sold: with --follow the session is closed and the capacity goes down with what is given back",
        "已占用的名额更多：加 --follow 则停售，随退订逐步降到目标",
    ),
    NotDone.POST_NEEDED: ("name the gate or counter, in 40 characters at most", "请填写闸口或柜台名称"),
    NotDone.TOO_MANY_DEVICES: ("this venue has too many devices: revoke some", "该场馆设备过多，请先停用"),
    NotDone.DEVICE_UNKNOWN: ("there is no such device, or it was revoked", "没有这台设备，或已停用"),
    NotDone.FACTOR_OLD: ("prove the second factor first", "请先通过二次验证"),
    NotDone.BELOW_RESERVES: ("the channels' reserves add up to more", "渠道预留合计更多"),
}


def refused(why: Refusal | NotDone) -> SetupError:
    """What is raised for it."""
    if isinstance(why, NotDone):
        return SetupError(*NOT_DONE[why])
    return SetupError(REFUSALS[why].say("en"), REFUSALS[why].say("zh-CN"))
