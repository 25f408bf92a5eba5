"""What every `booking.Outcome` says to a person: title, explanation, what to do next, and what was taken.

Shared by all faces. zh-CN is the first language, English is complete; a house test holds both to that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from wenyue.booking import Outcome
from wenyue.kernel.clock import zone

Locale = Literal["zh-CN", "en"]
_TIMEZONE: Final = "Asia/Shanghai"


class Text(NamedTuple):
    """One sentence in both languages."""

    zh: str
    en: str

    def say(self, locale: str) -> str:
        """The sentence in `locale`: English for "en…", Chinese for everything else."""
        return self.en if locale.startswith("en") else self.zh


class Taken(Enum):
    """Whether the answer cost the person a place, an entitlement or money. Money is never taken online here."""

    NOTHING = Text(
        "没有占用名额，没有扣除卡权益，也没有收取任何费用。",
        "No place was taken, no card entitlement was used and no money was charged.",
    )
    UNCHANGED = Text(
        "原来的预约没有变化，没有扣除卡权益，也没有收取任何费用。",
        "The booking is as it was: no card entitlement was used and no money was charged.",
    )
    BOOKED = Text(
        "名额已经归您。用卡的项目已扣除对应权益；其余项目到店付款，线上没有收取费用。",
        "The places are yours. Items on the card used their entitlement; the rest is paid on site,"
        " nothing was charged online.",
    )
    HELD = Text(
        "名额已为您暂时保留，还没有收取费用。",
        "The places are held for you for now; no money was charged.",
    )
    RETURNED = Text(
        "名额已经释放，用掉的卡权益已退回，没有收取任何费用。",
        "The places were released, the card entitlement was returned and no money was charged.",
    )
    UNCERTAIN = Text(
        "暂时不能确定是否占用了名额或卡权益。用同一编号再查一次，不会重复扣除；线上没有收取费用。",
        "It is not certain yet whether a place or an entitlement was taken. Asking again with the same number"
        " never takes it twice; no money was charged online.",
    )


@dataclass(frozen=True, slots=True)
class OutcomeWords:
    """The words for one outcome. `at_note` is said when the answer names an instant; it holds `{at}`."""

    title: Text
    explanation: Text
    next_step: Text
    taken: Taken = Taken.NOTHING
    at_note: Text | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """One outcome, said in one language. `code` is stable and may be shown to the service desk."""

    code: str
    title: str
    explanation: str
    next_step: str
    taken: str


def say(
    outcome: Outcome,
    locale: str,
    *,
    at: datetime | None = None,
    is_change: bool = False,
    timezone: str = _TIMEZONE,
) -> Said:
    """`outcome` in the language of `locale`.

    `at` is `Answer.at` (aware; shown as the wall clock of `timezone`). `is_change`: the request wanted to change or
    cancel a booking that exists, so a refusal says that it stands unchanged.
    """
    words = WORDS[outcome]
    explanation = words.explanation.say(locale)
    if at is not None and words.at_note is not None:
        gap = " " if locale.startswith("en") else ""
        explanation += gap + words.at_note.say(locale).format(at=say_instant(at, locale, timezone))
    taken = Taken.UNCHANGED if is_change and words.taken is Taken.NOTHING else words.taken
    return Said(
        code=outcome.name.lower(),
        title=words.title.say(locale),
        explanation=explanation,
        next_step=words.next_step.say(locale),
        taken=taken.value.say(locale),
    )


def say_instant(at: datetime, locale: str, timezone: str = _TIMEZONE) -> str:
    """`at` on the wall clock of `timezone`: `10月1日 08:00` or `1 Oct, 08:00`."""
    wall = at.astimezone(zone(timezone))
    if locale.startswith("en"):
        return f"{wall.day} {_MONTHS_EN[wall.month - 1]}, {wall:%H:%M}"
    return f"{wall.month}月{wall.day}日 {wall:%H:%M}"


_MONTHS_EN: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_SUCCESS: Final[Mapping[Outcome, OutcomeWords]] = {
    Outcome.CONFIRMED: OutcomeWords(
        Text("预约成功", "Booked"),
        Text("您的预约已确认。", "Your booking is confirmed."),
        Text(
            "请携带预约时填写的证件原件，按时入园。", "Bring the original identity document you booked with."
        ),
        Taken.BOOKED,
    ),
    Outcome.HELD: OutcomeWords(
        Text("名额已保留，请确认", "Held for you, please confirm"),
        Text("名额已为您保留，需要在时限内确认。", "The places are held and must be confirmed in time."),
        Text("请在倒计时结束前点“确认预约”。", "Press “Confirm booking” before the time runs out."),
        Taken.HELD,
    ),
    Outcome.CANCELLED: OutcomeWords(
        Text("已取消", "Cancelled"),
        Text("这个预约已取消。", "This booking is cancelled."),
        Text("需要时可以重新预约其他日期。", "You can book another day whenever you like."),
        Taken.RETURNED,
    ),
    Outcome.RESCHEDULED: OutcomeWords(
        Text("改期成功", "Rescheduled"),
        Text(
            "新的场次已确认，原来的场次已释放。", "The new session is confirmed and the old one was released."
        ),
        Text("请按新的日期和时间入园。", "Please come on the new date and time."),
        Taken.BOOKED,
    ),
}

_TRANSIENT: Final[Mapping[Outcome, OutcomeWords]] = {
    Outcome.BUSY: OutcomeWords(
        Text("现在人太多，请稍后再试", "Very busy right now"),
        Text("系统正忙，您的请求没有处理。", "The system is busy and your request was not handled."),
        Text(
            "请过几秒再点一次，填写的内容不会丢。", "Press again in a few seconds; nothing you typed is lost."
        ),
    ),
    Outcome.TOO_LATE: OutcomeWords(
        Text("排队超时，没有提交", "Waited too long"),
        Text("请求在排队时超时，系统没有开始处理。", "The request waited too long and was not started."),
        Text("请再点一次。", "Press once more."),
    ),
    Outcome.UNKNOWN: OutcomeWords(
        Text("正在核实结果", "Checking the result"),
        Text(
            "提交时连接中断，结果还没有传回来。",
            "The connection broke off while your booking was being stored.",
        ),
        Text(
            "请不要重新下单，页面会用同一编号自动再查。",
            "Please do not start over; this page asks again with the same number.",
        ),
        Taken.UNCERTAIN,
    ),
    Outcome.STALE_FACTS: OutcomeWords(
        Text("信息刚刚更新", "Details just changed"),
        Text(
            "场次信息在提交时刚好更新，没有处理。",
            "The session changed while you were booking; nothing was done.",
        ),
        Text("请再点一次。", "Press once more."),
    ),
}

_BOOKING: Final[Mapping[Outcome, OutcomeWords]] = {
    Outcome.ID_REUSED: OutcomeWords(
        Text("这个编号已经用过", "This number was used already"),
        Text("同一个预约编号提交了不同的内容。", "The same booking number came with different content."),
        Text(
            "请到“我的预约”查看，或从行程页重新提交。",
            "Look at “My bookings”, or submit again from your trip.",
        ),
    ),
    Outcome.NOT_FOUND: OutcomeWords(
        Text("找不到这个预约", "Booking not found"),
        Text("没有找到，或它不属于您的账户。", "It does not exist or does not belong to your account."),
        Text("请到“我的预约”里选择。", "Choose it from “My bookings”."),
    ),
    Outcome.WRONG_STATE: OutcomeWords(
        Text("当前状态不能这样操作", "Not possible in its present state"),
        Text(
            "预约已取消、已过期或已确认，不能再做这一步。",
            "The booking was cancelled, has expired or is confirmed already.",
        ),
        Text("请刷新后查看最新状态。", "Reload the page to see its present state."),
        Taken.UNCHANGED,
    ),
    Outcome.ALREADY_REDEEMED: OutcomeWords(
        Text("已经入园核销", "Already used at the gate"),
        Text("已核销的预约不能取消或改期。", "A booking that was used cannot be cancelled or changed."),
        Text("如有疑问，请到现场人工窗口。", "If this looks wrong, please ask at the staffed counter."),
        Taken.UNCHANGED,
    ),
    Outcome.TERMS_FORBID: OutcomeWords(
        Text("已过可办理的时间", "The deadline has passed"),
        Text(
            "按预约规则，现在不能取消或改期。",
            "Under the booking terms it can no longer be changed or cancelled.",
        ),
        Text("如遇特殊情况，请联系景区人工窗口。", "For special cases please contact the staffed counter."),
        Taken.UNCHANGED,
        Text("截止时间是{at}。", "The deadline was {at}."),
    ),
}

_SLOT: Final[Mapping[Outcome, OutcomeWords]] = {
    Outcome.SLOT_UNKNOWN: OutcomeWords(
        Text("没有这个场次", "No such session"),
        Text("这个场次不存在或已被撤下。", "The session does not exist or was withdrawn."),
        Text("请回到日历重新选择。", "Go back to the calendar and choose again."),
    ),
    Outcome.SLOT_CLOSED: OutcomeWords(
        Text("闭园，暂停预约", "Closed"),
        Text("这一天或这一场不开放。", "This day or session is closed."),
        Text("请换一个日期或场次。", "Choose another day or session."),
    ),
    Outcome.NOT_RELEASED: OutcomeWords(
        Text("还没有放票", "Not released yet"),
        Text("这一天的名额还没有开放。", "Places for this day are not open yet."),
        Text(
            "请到放票时间再来，或先选已开放的日期。", "Come back at that time, or choose a day that is open."
        ),
        at_note=Text("放票时间：{at}。", "Opens {at}."),
    ),
    Outcome.SALES_ENDED: OutcomeWords(
        Text("这一场已停止预约", "Booking has ended"),
        Text("这一场已过截止预约的时间。", "The time to book this session has passed."),
        Text("请选后面的场次或其他日期。", "Choose a later session or another day."),
        at_note=Text("截止时间是{at}。", "It ended {at}."),
    ),
    Outcome.CHANNEL_CLOSED: OutcomeWords(
        Text("这一场不在网上预约", "Not bookable online"),
        Text("这一场没有给这个渠道开放名额。", "This session is not offered on this channel."),
        Text(
            "请选其他场次，或到人工窗口、电话预约。",
            "Choose another one, or book by phone or at the counter.",
        ),
    ),
}

_CARD: Final[Mapping[Outcome, OutcomeWords]] = {
    Outcome.CARD_UNKNOWN: OutcomeWords(
        Text("没有可用的卡", "No usable card"),
        Text("您的账户下没有找到这张卡。", "This card was not found in your account."),
        Text("请先激活旅游卡，或用持卡人账户登录。", "Activate a card first, or sign in as its holder."),
    ),
    Outcome.CARD_NOT_ACTIVE: OutcomeWords(
        Text("卡还没有激活", "Card not activated"),
        Text("未激活的卡不能预约。", "A card must be activated before booking."),
        Text("请用卡号和密码激活。", "Activate it with its number and PIN."),
    ),
    Outcome.CARD_FROZEN: OutcomeWords(
        Text("卡已挂失", "Card reported lost"),
        Text("挂失期间不能用这张卡预约。", "A card that was reported lost cannot book."),
        Text("补卡后权益不变，可以继续使用。", "A replacement keeps all its entitlements."),
    ),
    Outcome.CARD_DEAD: OutcomeWords(
        Text("这张卡已停用", "Card no longer valid"),
        Text("卡已补办或注销，旧卡不能再用。", "It was replaced or cancelled; the old card stays invalid."),
        Text("请使用新卡登录。", "Sign in with the new card."),
    ),
    Outcome.CARD_NOT_YET_VALID: OutcomeWords(
        Text("卡还没有生效", "Card not valid yet"),
        Text("所选日期早于卡的有效期。", "The chosen day is before the card becomes valid."),
        Text("请选有效期内的日期。", "Choose a day within its validity."),
        at_note=Text("生效时间：{at}。", "Valid from {at}."),
    ),
    Outcome.CARD_EXPIRED: OutcomeWords(
        Text("卡在那天已过期", "Card expired on that day"),
        Text("所选日期晚于卡的有效期。", "The chosen day is after the card's validity."),
        Text("请选有效期内的日期，或续卡。", "Choose a day within its validity, or renew the card."),
    ),
    Outcome.CARD_BLACKOUT: OutcomeWords(
        Text("本卡在那天停用", "Card suspended on that day"),
        Text(
            "按卡的规则，节假日或活动期间暂停使用。",
            "By its rules the card is suspended on holidays or events.",
        ),
        Text("请避开停用日期，或改为到店付款。", "Choose another day, or pay on site instead."),
    ),
    Outcome.CARD_NOT_COVERED: OutcomeWords(
        Text("本卡不含这个项目", "Not included in your card"),
        Text("这个项目不在本卡的权益范围内。", "This item is not within your card's entitlements."),
        Text("可以改为到店付款，或选卡内项目。", "Pay on site instead, or choose an included item."),
    ),
    Outcome.CARD_LEAD_TIME: OutcomeWords(
        Text("提前的时间不够", "Too short notice"),
        Text("本卡要求提前预约。", "This card must be booked ahead."),
        Text("请选更晚的日期。", "Choose a later day."),
        at_note=Text("最早可约：{at}。", "Earliest: {at}."),
    ),
    Outcome.CARD_PERSON: OutcomeWords(
        Text("有游客不能使用本卡", "Someone may not use this card"),
        Text(
            "只有持卡人和卡上登记的同行人可以使用。", "Only the holder and registered companions may use it."
        ),
        Text("请去掉这位游客，或为他改为到店付款。", "Remove that visitor, or let them pay on site."),
    ),
    Outcome.CARD_PARTY: OutcomeWords(
        Text("超出本卡的人数", "Too many people for this card"),
        Text("一次使用的人数超过了本卡的上限。", "More people than the card admits at once."),
        Text("请减少人数后再试。", "Reduce the number of people."),
    ),
    Outcome.CARD_EXHAUSTED: OutcomeWords(
        Text("卡内次数已用完", "No visits left on the card"),
        Text("这项权益的次数已经用完。", "This entitlement is used up."),
        Text(
            "可以取消未使用的预约退回次数，或改为到店付款。",
            "Cancel an unused booking to get one back, or pay on site.",
        ),
    ),
    Outcome.CARD_PERIOD: OutcomeWords(
        Text("已达到本期次数上限", "Limit for this period reached"),
        Text(
            "本卡在这一天、这一周或这个月的次数已满。",
            "The card's daily, weekly or monthly limit is reached.",
        ),
        Text("请换到下一个周期的日期。", "Choose a day in the next period."),
    ),
    Outcome.CARD_INTERVAL: OutcomeWords(
        Text("距离上次游览太近", "Too soon after your last visit"),
        Text("本卡对同一景区有间隔天数要求。", "The card requires days between visits to the same place."),
        Text("请选更晚的日期。", "Choose a later day."),
        at_note=Text("最早可约：{at}。", "Earliest: {at}."),
    ),
    Outcome.CARD_SAME_VENUE_DAY: OutcomeWords(
        Text("同一景区一天只能用一次", "Once per place and day"),
        Text("您在这一天已经用本卡预约了这个景区。", "This card already has a booking here on that day."),
        Text("请换一天，或先取消原来的预约。", "Choose another day, or cancel the earlier booking first."),
    ),
    Outcome.CARD_OPEN_RESERVATION: OutcomeWords(
        Text("本卡还有未使用的预约", "The card has an unused booking"),
        Text(
            "本卡同时只能保留有限个未使用的预约。", "The card allows only so many unused bookings at a time."
        ),
        Text("使用或取消原来的预约后再约。", "Use or cancel the earlier booking first."),
    ),
}

_PEOPLE: Final[Mapping[Outcome, OutcomeWords]] = {
    Outcome.PERSON_BANNED: OutcomeWords(
        Text("暂时不能预约", "Booking is suspended"),
        Text("因多次爽约或取消，预约资格暂停。", "Booking is suspended after missed or cancelled visits."),
        Text(
            "到期后自动恢复；急需入园请到人工窗口。",
            "It ends by itself; if urgent, ask at the staffed counter.",
        ),
        at_note=Text("恢复时间：{at}。", "It ends {at}."),
    ),
    Outcome.PERSON_TWICE: OutcomeWords(
        Text("有游客已经约过了", "Someone is booked already"),
        Text(
            "同一证件在这一天（或这一场）已有预约。",
            "This document already has a place on that day or session.",
        ),
        Text("请去掉这位游客，或换一天。", "Remove that visitor or choose another day."),
    ),
    Outcome.PARTY_SIZE: OutcomeWords(
        Text("超过一次可约的人数", "Too many people at once"),
        Text("这个景区限制一次预约的人数。", "The number of people per booking is limited here."),
        Text("请减少游客，分次预约。", "Reduce the party, or book in parts."),
    ),
    Outcome.MINOR_ALONE: OutcomeWords(
        Text("未成年人需要成人同行", "A child needs an adult"),
        Text("未满规定年龄的游客需要成人一起预约。", "A child must be booked together with an adult."),
        Text("请添加一位成年同行人。", "Add an adult to the party."),
    ),
    Outcome.VISITORS_NEEDED: OutcomeWords(
        Text("请选择游客", "Please choose visitors"),
        Text("这个项目实名预约，每个名额都要对应一位游客。", "Every place here carries a named person."),
        Text("请选择或添加游客。", "Choose or add visitors."),
    ),
    Outcome.TOO_MANY_OPEN: OutcomeWords(
        Text("未完成的预约太多", "Too many open bookings"),
        Text("您有太多待确认或未使用的预约。", "You have too many held or unused bookings."),
        Text("请先确认、使用或取消一些。", "Confirm, use or cancel some first."),
    ),
    Outcome.CANCEL_LIMIT: OutcomeWords(
        Text("取消次数已达上限", "Cancellation limit reached"),
        Text("按预约规则，这段时间不能再取消。", "By the rules no more can be cancelled in this period."),
        Text("请过一段时间再试，或联系人工窗口。", "Try later, or contact the staffed counter."),
        Taken.UNCHANGED,
    ),
}

_PRICE_AND_PLACE: Final[Mapping[Outcome, OutcomeWords]] = {
    Outcome.PRICE_CHANGED: OutcomeWords(
        Text("价格有变化", "The price changed"),
        Text(
            "价格与您看到的不一致，没有提交。",
            "The price differs from what you were shown; nothing was booked.",
        ),
        Text("请查看新价格后再决定。", "Look at the new price and decide again."),
    ),
    Outcome.CURRENCIES_MIXED: OutcomeWords(
        Text("请分开预约", "Book these separately"),
        Text(
            "所选项目用不同的货币结算，不能放在一次预约里。",
            "The items are paid in different currencies and cannot share one booking.",
        ),
        Text("请按货币分成几次预约。", "Make one booking for each currency."),
    ),
    Outcome.SOLD_OUT: OutcomeWords(
        Text("这一场约满了", "Fully booked"),
        Text("这一场已没有足够的名额。", "There are not enough places left."),
        Text(
            "请换一场或换一天；有人取消时名额会立刻放出。",
            "Try another session or day; freed places appear at once.",
        ),
    ),
    Outcome.DAY_FULL: OutcomeWords(
        Text("当天已达最大承载量", "The day is full"),
        Text("景区当天的总名额已满。", "The approved daily capacity is reached."),
        Text("请换一天。", "Choose another day."),
    ),
    Outcome.CHANNEL_FULL: OutcomeWords(
        Text("网上名额已满", "Online places are gone"),
        Text("这个渠道的名额已约完。", "The places for this channel are booked."),
        Text(
            "请换一场，或到人工窗口、电话预约。", "Try another session, or book by phone or at the counter."
        ),
    ),
}

WORDS: Final[Mapping[Outcome, OutcomeWords]] = MappingProxyType(
    {**_SUCCESS, **_TRANSIENT, **_BOOKING, **_SLOT, **_CARD, **_PEOPLE, **_PRICE_AND_PLACE}
)
