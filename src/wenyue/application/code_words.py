"""What a text with a code says to the holder of a card."""

from typing import Final

from wenyue.cards import recovery
from wenyue.core.clock import zone

_TIMEZONE: Final = "Asia/Shanghai"


def code_words(begun: recovery.Begun, *, is_lost: bool) -> tuple[str, str]:
    """The text with a code that is the holder's alone, in Chinese and English."""
    code, minutes = begun.code.reveal(), recovery.CODE_TTL_S // 60
    what_zh, what_en = ("补卡", "replace your lost card") if is_lost else ("登录", "sign in")
    more_zh, more_en = ("", "") if is_lost else ("，登录后可解除挂失", " (and then unfreeze a card)")
    return (
        f"{what_zh}验证码{code}，{minutes}分钟内有效{more_zh}。不是您本人操作请忽略，任何人索要都不要告诉。",
        f"Code {code} to {what_en}{more_en}, good for {minutes} minutes. Tell it to nobody; not you? Ignore it.",
    )


def shared_words(begun: recovery.Begun) -> tuple[str, str]:
    """Many codes were asked for: this one serves whoever reads the phone, for whichever request."""
    drawn = begun.code.reveal()
    code = "-".join(drawn[at : at + 5] for at in range(0, len(drawn), 5))
    until = begun.until.astimezone(zone(_TIMEZONE)).strftime("%H:%M")
    zh = (
        f"今天申请验证码的次数较多。登录、解挂或补卡验证码{code}，{until}前有效，其间再申请不另发。"
        "不是您本人操作请忽略，任何人索要都不要告诉。"
    )
    en = (
        f"Many codes were asked for today. Code {code} to sign in, unfreeze or replace a card is good until {until}; asked again"
        " before, it is not sent again. Tell it to nobody; not you? Ignore it."
    )
    return zh, en
