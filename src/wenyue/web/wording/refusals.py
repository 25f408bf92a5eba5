"""What the faces say when the rules refuse a booking: the session, the people, the price or the places left."""

from collections.abc import Mapping
from typing import Final

from wenyue.booking import Outcome
from wenyue.policy import LimitKind
from wenyue.web.wording import OutcomeWords, Taken, Text

SLOT_OUTCOMES: Final[Mapping[Outcome, OutcomeWords]] = {
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

PEOPLE_OUTCOMES: Final[Mapping[Outcome, OutcomeWords]] = {
    Outcome.NAME_DIFFERS: OutcomeWords(
        Text("姓名与证件不一致", "The name does not fit the document"),
        Text(
            "这个证件的持证人已核实过姓名，与所填姓名不同。",
            "The holder of this document proved their name, and it is not the one that was written.",
        ),
        Text(
            "请照证件填写姓名；若是另一种写法，请本人在“我的”中添加写法，或带证件到人工窗口办理。",
            "Write the name as on the document. Spelled otherwise? Its holder adds the spelling under “Me”, or brings the"
            " document to the staffed counter.",
        ),
    ),
    Outcome.ACCOUNT_BANNED: OutcomeWords(
        Text("您的账号暂时不能预约", "Your account cannot book for now"),
        Text(
            "因多次爽约或取消，您的预约资格暂停。",
            "Your booking is suspended after missed or cancelled visits.",
        ),
        Text(
            "到期后自动恢复；急需入园请到人工窗口。",
            "It ends by itself; if urgent, ask at the staffed counter.",
        ),
        at_note=Text("恢复时间：{at}。", "It ends {at}."),
    ),
    Outcome.PERSON_BANNED: OutcomeWords(
        Text("有游客暂时不能预约", "Someone cannot be booked for now"),
        Text(
            "这位游客因多次爽约或取消，预约资格暂停。",
            "Booking is suspended for this visitor after missed or cancelled visits.",
        ),
        Text(
            "请去掉这位游客；到期后自动恢复，急需入园请到人工窗口。",
            "Remove that visitor. It ends by itself; if urgent, ask at the staffed counter.",
        ),
        at_note=Text("恢复时间：{at}。", "It ends {at}."),
    ),
    Outcome.PERSON_TWICE: OutcomeWords(
        Text("有游客已经约过了", "Someone is booked already"),
        Text(
            "同一证件在这一天（或这一场）已有预约。",
            "This document already has a place on that day or session.",
        ),
        Text(
            "请去掉这位游客，或换一天。若是别人用您的证件约的，您可以在“我的—别人为我约的”中退回这个名额。",
            "Remove that visitor or choose another day. If somebody else booked with your own document, give that place"
            " back under “Me”, “Booked for me by others”.",
        ),
    ),
    Outcome.PARTY_SIZE: OutcomeWords(
        Text("超过可约的人数", "Too many people"),
        Text("这里限制每个账户可约的人数。", "The number of people per account is limited here."),
        Text(
            "请减少人数或换一天；团队请到人工窗口或电话预约。",
            "Reduce the party or choose another day; groups book by phone or at the counter.",
        ),
    ),
    Outcome.PERSON_REPEATED: OutcomeWords(
        Text("同一位游客写了两次", "One person is named twice"),
        Text(
            "这次提交里，同一证件在同一天（或同一场）出现了两次。之前没有预约过。",
            "This request names the same document twice for one day or session. It was not booked before.",
        ),
        Text("请去掉重复的一位或一场，再提交。", "Remove the repeated visitor or session and submit again."),
    ),
    Outcome.NUMBER_TWICE: OutcomeWords(
        Text("这个证件号码已经约过了", "This document number is booked already"),
        Text(
            "同一证件号码以另一种证件类型或国籍，在这一天（或这一场）已有预约。",
            "The same number has a place on that day or session under another kind of document or nationality.",
        ),
        Text(
            "如果是同一个人，不用再约；如果是两个人的号码恰好相同，请带证件到人工窗口办理。",
            "If it is the same person, there is nothing to book. If two people really share the number, please bring"
            " both documents to the staffed counter.",
        ),
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
        Text(
            "请先确认、使用或取消一些；团队请到人工窗口或电话预约。",
            "Confirm, use or cancel some first; groups book by phone or at the counter.",
        ),
    ),
    Outcome.CANCEL_LIMIT: OutcomeWords(
        Text("取消次数已达上限", "Cancellation limit reached"),
        Text("按预约规则，这段时间不能再取消。", "By the rules no more can be cancelled in this period."),
        Text("请过一段时间再试，或联系人工窗口。", "Try later, or contact the staffed counter."),
        Taken.UNCHANGED,
        Text("{at}起可以再取消。", "You can cancel again from {at}."),
    ),
    Outcome.MOVE_LIMIT: OutcomeWords(
        Text("现在不能再改期", "No more moves now"),
        Text(
            "改期的次数有限。原来的预约不变。",
            "Moves are limited. The booking stays as it is.",
        ),
        Text(
            "需要再改请取消后重新预约，或联系人工窗口。",
            "Cancel it and book anew, or ask the staffed counter.",
        ),
    ),
}

LIMIT_NOTES: Final[Mapping[LimitKind, Text]] = {
    LimitKind.VISIT: Text(
        "同一账户在这里一天最多{most}个名额，您已有{used}个。",
        "One account can have {most} places here on a day; you have {used}.",
    ),
    LimitKind.SESSION: Text(
        "同一账户在这一场最多{most}个名额，您已有{used}个。",
        "One account can have {most} places in this session; you have {used}.",
    ),
    LimitKind.DAY: Text(
        "同一账户在这个项目一天最多{most}个名额，您已有{used}个。",
        "One account can have {most} places of this kind on a day; you have {used}.",
    ),
    LimitKind.PLACES: Text(
        "同一账户最多有{most}个未使用的名额，您已有{used}个。",
        "One account can have {most} unused places; you have {used}.",
    ),
    LimitKind.UNPAID: Text(
        "同一账户最多有{most}个未付款的名额，您已有{used}个。",
        "One account can have {most} unpaid places; you have {used}.",
    ),
    LimitKind.UNNAMED: Text(
        "同一账户最多有{most}个不实名的名额（客房、餐位、座位等），您已有{used}个。",
        "One account can have {most} places without a name (rooms, tables, seats); you have {used}.",
    ),
    LimitKind.HOLDS: Text(
        "同一账户最多有{most}个待确认的预约，您已有{used}个。",
        "One account can have {most} bookings that wait to be confirmed; you have {used}.",
    ),
    LimitKind.MOVES: Text(
        "一个预约最多改期{most}次，已改{used}次。",
        "A booking can be moved {most} times; this one was moved {used} times.",
    ),
    LimitKind.MOVES_DAY: Text(
        "同一账户一天最多改期{most}次，今天已改{used}次。",
        "An account can move {most} times a day; you moved {used} times today.",
    ),
    LimitKind.CANCELS_DAY: Text(
        "一天最多取消{most}次，今天已取消{used}次。", "{most} a day at most; you cancelled {used} today."
    ),
    LimitKind.CANCELS_WEEK: Text(
        "一周最多取消{most}次，本周已取消{used}次。", "{most} a week at most; you cancelled {used} this week."
    ),
    LimitKind.CANCELS_MONTH: Text(
        "一个月最多取消{most}次，本月已取消{used}次。",
        "{most} a month at most; you cancelled {used} this month.",
    ),
    LimitKind.CANCELS_YEAR: Text(
        "一年最多取消{most}次，今年已取消{used}次。",
        "{most} a year at most; you cancelled {used} this year.",
    ),
}

PLACE_OUTCOMES: Final[Mapping[Outcome, OutcomeWords]] = {
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
