"""What the faces say about a card: why it does not pay for a booking, or is not activated, opened or changed; in zh and en."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from wenyue.booking import Outcome
from wenyue.cards import CardProblem, Denied
from wenyue.web.wording import OutcomeWords, Text, say_instant

CARD_OUTCOMES: Final[Mapping[Outcome, OutcomeWords]] = {
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

CARD_PROBLEMS: Final[Mapping[CardProblem, Text]] = MappingProxyType(
    {
        CardProblem.NUMBER_MISTYPED: Text(
            "卡号不正确，请对照卡面逐位核对",
            "The card number is wrong; compare it with the card digit by digit",
        ),
        CardProblem.NUMBER_UNKNOWN: Text(
            "没有这个卡号，请对照卡面核对", "There is no such card; compare the number with the card"
        ),
        CardProblem.NUMBER_DEAD: Text(
            "这张卡已补办，旧卡号永久失效，请使用新卡",
            "This card was replaced and its number is dead; use the new one",
        ),
        CardProblem.PIN_WRONG: Text(
            "卡号或密码不正确，请对照卡面核对；补办过的卡请用新卡号",
            "The card number or the PIN is wrong; compare both with the card, and use the new number of a card that was replaced",
        ),
        CardProblem.PIN_LOCKED: Text(
            "尝试次数太多，为保护持卡人请稍后再试",
            "Too many tries: to protect the card's holder, wait before the next one",
        ),
        CardProblem.NOT_SHIPPED: Text(
            "这张卡还没有出库，不能激活，请联系购卡处",
            "This card was not released for sale; ask where you bought it",
        ),
        CardProblem.NOT_ACTIVATED: Text(
            "这张卡还没有激活，请先激活", "This card is not activated yet; activate it first"
        ),
        CardProblem.ACTIVE_ELSEWHERE: Text(
            "这张卡已由他人实名激活，如有疑问请到人工窗口",
            "Another person has activated this card; if this looks wrong, ask at the staffed counter",
        ),
        CardProblem.HOLDER_KNOWN: Text(
            "这张卡不能激活到这个证件名下。名下已有卡的，请先用那张卡登录，再填写与登记一致的姓名；不清楚或卡已丢失，请带证件到人工窗口",
            "This card cannot be activated with this document here. If it holds a card already, sign in with that card first"
            " and enter the name as on record; else, or if that card is lost, bring the document to the staffed counter",
        ),
        CardProblem.HOLDER_CLAIMED: Text(
            "已有一张卡用这个证件和姓名激活。是您的卡：请先用它登录，新卡就在同一账户里。不是您的卡：请选择“那张卡不是我的”再激活，并带证件到人工窗口核验",
            "A card was activated with this document and name already. If it is yours, sign in with it first: the new card joins"
            " it. If it is not, say that it is not yours and activate; then show your document at the staffed counter",
        ),
        CardProblem.DEADLINE_PASSED: Text(
            "已过激活期限，请联系购卡处", "The time to activate this card has passed; ask where you bought it"
        ),
        CardProblem.TOO_YOUNG: Text(
            "持卡人年龄低于这种卡的要求", "The holder is too young for this type of card"
        ),
        CardProblem.TOO_OLD: Text("年龄超过这种卡的要求", "This person is too old for this type of card"),
        CardProblem.BIRTH_UNKNOWN: Text(
            "这种卡有年龄要求，请改用含出生日期的证件办理",
            "This type of card has an age rule; use a document that carries the birth date",
        ),
        CardProblem.EXPIRED: Text("这张卡已过有效期", "This card has expired"),
        CardProblem.FROZEN: Text(
            "这张卡已挂失，不能登录或使用，请带证件到人工窗口补卡",
            "This card was reported lost; bring your document to the staffed counter for a replacement",
        ),
        CardProblem.DEAD: Text("这张卡已注销", "This card was cancelled"),
        CardProblem.NOT_FROZEN: Text("补卡前请先挂失", "Report the card lost before replacing it"),
        CardProblem.PIN_GIVEN: Text(
            "这次补卡已经办成，新密码只在办理后10分钟内、首次使用前可以再显示。忘记密码请在“卡丢了”重新申请",
            "This card has its new number; its PIN is shown again only within ten minutes and before its first use. Report the"
            " card lost again for another",
        ),
        CardProblem.PROOF_NEEDED: Text(
            "请先用证件和预留手机验证是您本人，再解除挂失或补卡",
            "First show that you are the holder, by document and the phone on record; then unfreeze or replace the card",
        ),
        CardProblem.COMPANIONS_FULL: Text(
            "本卡的同行人已满，请先移除一位", "The card has as many companions as it can; remove one first"
        ),
        CardProblem.COMPANION_CHANGES: Text(
            "本卡更换同行人的次数已用完", "The companions of this card were changed too often"
        ),
        CardProblem.COMPANION_IS_HOLDER: Text(
            "这位就是持卡人本人，不用再登记", "This is the holder, who needs no registration"
        ),
    }
)


def say_denied(denied: Denied, locale: str) -> str:
    """The refusal in one sentence, with what is left or until when."""
    text = CARD_PROBLEMS[denied.problem].say(locale)
    is_english = locale.startswith("en")
    if denied.problem is CardProblem.PIN_WRONG and denied.tries_left is not None:
        text += f" ({denied.tries_left} tries left)" if is_english else f"（还可以试{denied.tries_left}次）"
    if denied.at is not None:
        at = say_instant(denied.at, locale)
        text += f" (until {at})" if is_english else f"（{at} 后可再试）"
    if denied.on_date is not None:
        day = denied.on_date
        text += f" ({day.isoformat()})" if is_english else f"（{day.year}年{day.month}月{day.day}日）"
    return text
