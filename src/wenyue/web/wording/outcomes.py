"""What every `booking.Outcome` says to a person: title, explanation, what to do next, and what was taken.

The refusals of the rules stand with what they are about: session, people and places in `wording_refusals`, the card in
`wording_cards`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from wenyue.booking import Outcome
from wenyue.policy import Reached
from wenyue.web.wording import TIMEZONE, OutcomeWords, Taken, Text, say_instant
from wenyue.web.wording.cards import CARD_OUTCOMES
from wenyue.web.wording.refusals import LIMIT_NOTES, PEOPLE_OUTCOMES, PLACE_OUTCOMES, SLOT_OUTCOMES


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
    reached: Reached | None = None,
    lines: tuple[int, ...] = (),
    is_change: bool = False,
    timezone: str = TIMEZONE,
) -> Said:
    """`outcome` in the language of `locale`.

    `at` (shown as the wall clock of `timezone`), `reached` and `lines` are the answer's. `is_change`: the request wanted
    to change or cancel a booking that exists, so a refusal says that it stands unchanged.
    """
    words = WORDS[outcome]
    explanation = words.explanation.say(locale)
    if at is not None and words.at_note is not None:
        gap = " " if locale.startswith("en") else ""
        explanation += gap + words.at_note.say(locale).format(at=say_instant(at, locale, timezone))
    if reached is not None:
        gap = " " if locale.startswith("en") else ""
        note = LIMIT_NOTES[reached.kind].say(locale).format(most=reached.most, used=reached.used)
        explanation += gap + note
    if lines and words.lines_note is not None:
        gap, comma = (" ", ", ") if locale.startswith("en") else ("", "、")
        explanation += gap + words.lines_note.say(locale).format(lines=comma.join(map(str, lines)))
    taken = Taken.UNCHANGED if is_change and words.taken is Taken.NOTHING else words.taken
    return Said(
        code=outcome.name.lower(),
        title=words.title.say(locale),
        explanation=explanation,
        next_step=words.next_step.say(locale),
        taken=taken.value.say(locale),
    )


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
    Outcome.LOGIN_ENDED: OutcomeWords(
        Text("登录已失效", "You are signed out"),
        Text(
            "这次登录已退出或已被停用。",
            "This login was signed out or ended meanwhile.",
        ),
        Text("请重新登录后再试。", "Sign in again, then try again."),
        Taken.NOTHING,
    ),
    Outcome.LINE_UNKNOWN: OutcomeWords(
        Text("这个预约里没有这一项了", "That line is not in the booking any more"),
        Text(
            "预约还在，但要改的那一项已经改过或退掉，或在请求里写了两次。每次改期后，项目会有新的行号。",
            "The booking exists, but the line was moved or given back meanwhile, or is named twice. A line that was"
            " moved has a new number.",
        ),
        Text("请刷新预约，再选现有的项目改期。", "Load the booking again and move a line that is there."),
        Taken.UNCHANGED,
        lines_note=Text("现有的行号：{lines}。", "The lines now: {lines}."),
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

WORDS: Final[Mapping[Outcome, OutcomeWords]] = MappingProxyType(
    {
        **_SUCCESS,
        **_TRANSIENT,
        **_BOOKING,
        **SLOT_OUTCOMES,
        **CARD_OUTCOMES,
        **PEOPLE_OUTCOMES,
        **PLACE_OUTCOMES,
    }
)
