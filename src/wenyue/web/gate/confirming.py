"""The second person who confirms a colleague's act on the page: what they typed, what the form shows, what is said to them."""

from typing import Final, NamedTuple

from starlette.responses import Response

from wenyue.accounts.second.rules import Mode
from wenyue.application.second_proofs import AtDevice, NotConfirmed, Second
from wenyue.application.signing_in import mode_of
from wenyue.web.gate.context import GateContext, Station
from wenyue.web.gate.passkeys import is_signed, offer, options_said, refusal_said, signed_act
from wenyue.web.shared.caller import caller_of
from wenyue.web.shared.passkey_place import place_of
from wenyue.web.wording import Text

LOGIN: Final = "second_login"
_PASSWORD: Final = "second_password"  # noqa: S105 - a field's name
_CODE: Final = "second_code"
_PIN: Final = "second_pin"
_LOGIN_LENGTH_MAX: Final = 64
_PROOF_LENGTH_MAX: Final = 40


class _Says(NamedTuple):
    """What is said, and the field that it is about."""

    field: str
    text: Text


_SAYS: Final = {
    NotConfirmed.WRONG: _Says(
        LOGIN, Text("确认人的账号或密码不对。", "The confirming login or its password is wrong.")
    ),
    NotConfirmed.LOCKED: _Says(
        LOGIN,
        Text(
            "确认人的账号尝试次数太多，请稍后再试。",
            "Too many wrong tries with the confirming login: wait before the next one.",
        ),
    ),
    NotConfirmed.CODE_NEEDED: _Says(
        _CODE,
        Text(
            "请确认人再填写验证码或一个恢复码，或用通行密钥。",
            "Whoever confirms types the code of their app or a recovery code too, or uses their passkey.",
        ),
    ),
    NotConfirmed.CODE_WRONG: _Says(
        _CODE,
        Text(
            "确认人的验证码不对，或已用过。请用应用里现在的验证码。",
            "The code of whoever confirms is wrong, or was used: type the one that the app shows now.",
        ),
    ),
    NotConfirmed.PIN_WRONG: _Says(
        _PIN,
        Text(
            "确认人的 PIN 不对，或不是本场馆的。请重填，或改用验证码。",
            "The PIN of whoever confirms is wrong, or is not of this venue: type it again, or a code instead.",
        ),
    ),
    NotConfirmed.ENROLMENT_NEEDED: _Says(
        LOGIN,
        Text(
            "确认人还没有设置二次验证，请先登录运营台设置。",
            "Whoever confirms has no second factor yet: they set one up in the console first.",
        ),
    ),
}

_NOBODY: Final = Text("请填写确认人的账号和密码。", "Give the login and the password of whoever confirms.")
_NO_PASSKEY: Final = Text(
    "确认人没有可以在这里用的通行密钥，请填写验证码或一个恢复码。",
    "Whoever confirms has no passkey that is good here: type a code of their app, or a recovery code.",
)
_NOT_SIGNED: Final = Text(
    "通行密钥没有通过，或已超过5分钟。请再用一次，或填写验证码。",
    "The passkey was not right, or five minutes have passed: use it once more, or type a code.",
)


def second_of(shift: GateContext, station: Station, act: str) -> Second | None:
    """Who confirms `act` (`passkeys.said_of`), when the form carries somebody. Passkeys go before codes, codes before PINs."""
    login = shift.form.one(LOGIN).strip()[:_LOGIN_LENGTH_MAX]
    if not login:
        return None
    caller, password = caller_of(shift.request), shift.form.one(_PASSWORD)
    signed = signed_act(shift, act)
    if signed is not None:
        return Second(caller, login, password, signed)
    code, pin = (shift.form.one(one).strip()[:_PROOF_LENGTH_MAX] for one in (_CODE, _PIN))
    if code or not pin:
        return Second(caller, login, password, code)
    return Second(caller, login, password, pin, AtDevice(shift.device_secret, station.venue_id))


async def what_to_sign(shift: GateContext, station: Station, act: str) -> Response:
    """The answer to the page's script, which asks what the second person's passkey is to sign for `act`."""
    second = second_of(shift, station, act)
    if second is None:
        return refusal_said(shift, LOGIN, _NOBODY.say(shift.locale))
    found = await offer(shift, second, act)
    if isinstance(found, NotConfirmed):
        return refusal_said(shift, *says(shift, found))
    return options_said(shift, *found) if found else refusal_said(shift, _CODE, _NO_PASSKEY.say(shift.locale))


def second_fields(shift: GateContext) -> dict[str, bool]:
    """Which ways the form has for them: a code and a passkey where staff have factors, a PIN besides on an enrolled device."""
    asks_code = mode_of(shift.services) is not Mode.OFF
    return {
        "asks_code": asks_code,
        "asks_passkey": asks_code and place_of(shift.request) is not None,
        "asks_pin": asks_code and bool(shift.device_secret),
    }


def says(shift: GateContext, found: NotConfirmed) -> tuple[str, str]:
    """The field that it is about, and what is said."""
    field, text = _SAYS[found]
    if found is NotConfirmed.CODE_WRONG and is_signed(shift):
        text = _NOT_SIGNED
    return field, text.say(shift.locale)
