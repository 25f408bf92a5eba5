"""What the faces say when a card is not activated, opened or changed: what is wrong and how to mend it, in zh and en."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from wenyue.cards import CardProblem, Denied
from wenyue.faces.wording import Text, say_instant

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
        CardProblem.PIN_WRONG: Text("密码不正确，请重新输入", "The PIN is wrong; type it again"),
        CardProblem.PIN_LOCKED: Text(
            "密码多次输错，为保护您的卡已暂时锁定",
            "Too many wrong PINs: the card is locked for a while to protect you",
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
            "这个证件名下已有卡。请先用那张卡的卡号和密码登录，再激活新卡；那张卡已丢失的，请带证件到人工窗口办理",
            "This document holds a card already. Sign in with that card first, then activate the new one; if it is lost,"
            " bring the document to the staffed counter",
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
