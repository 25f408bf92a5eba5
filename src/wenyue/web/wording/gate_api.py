"""What the gate's API says to a request that it turns away: sign-in, duties, the gate's name, a scan's number used twice."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from wenyue.web.wording import Text

GATE_API_WORDS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "staff_wrong": Text("账号或密码不对", "The login or the password is wrong"),
        "staff_locked": Text("输错次数太多，请稍后再试", "Too many tries: wait before the next one"),
        "staff_code_needed": Text(
            "还需要验证码：在 code 里填验证器应用的6位数字或一个恢复码",
            "A code is needed as well: send the digits of the authenticator app, or a recovery code, as code",
        ),
        "staff_code_wrong": Text(
            "验证码不对或已用过，请用新的验证码", "The code is wrong or was used: send the next one"
        ),
        "staff_factor_needed": Text(
            "这个账号要先设置二次验证：请在浏览器里登录一次",
            "This login sets up its second step first: sign in once in a browser",
        ),
        "staff_only": Text("请使用工作人员账号登录", "Sign in as a member of staff"),
        "not_your_duty": Text("您的职责不包括这一项", "This is not among your duties"),
        "not_your_venue": Text("您不在这个场馆值班", "You do not work at this venue"),
        "gate_needed": Text("请填写闸口名称", "Name the gate"),
        "scan_id_reused": Text(
            "这个扫码编号已用于另一次扫码：每次扫码都要生成新编号",
            "This scan id was used for another presentation: mint a new one for every scan",
        ),
    }
)
