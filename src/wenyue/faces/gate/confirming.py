"""The second person who confirms a colleague's act on the page: what they typed, what the form shows, what is said to them."""

from typing import Final, NamedTuple

from wenyue.accounts.second.rules import Mode
from wenyue.application.second_proofs import AtDevice, NotConfirmed, Second
from wenyue.application.signing_in import mode_of
from wenyue.faces.gate.shift import Shift, Station
from wenyue.faces.shared.caller import caller_of
from wenyue.faces.wording import Text

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
        Text("请确认人再填写验证码。", "Whoever confirms types the code of their app too."),
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


def second_of(shift: Shift, station: Station) -> Second | None:
    """Who confirms it, when the form carries somebody. A code goes before a PIN."""
    login = shift.form.one(LOGIN).strip()[:_LOGIN_LENGTH_MAX]
    if not login:
        return None
    caller, password = caller_of(shift.request), shift.form.one(_PASSWORD)
    code, pin = (shift.form.one(one).strip()[:_PROOF_LENGTH_MAX] for one in (_CODE, _PIN))
    if code or not pin:
        return Second(caller, login, password, code)
    return Second(caller, login, password, pin, AtDevice(shift.device_secret, station.venue_id))


def second_fields(shift: Shift) -> dict[str, bool]:
    """Which fields the form has for them: a code where staff have factors, a PIN besides on an enrolled device."""
    asks_code = mode_of(shift.services) is not Mode.OFF
    return {"asks_code": asks_code, "asks_pin": asks_code and bool(shift.device_secret)}


def says(found: NotConfirmed, locale: str) -> tuple[str, str]:
    """The field that it is about, and what is said."""
    field, text = _SAYS[found]
    return field, text.say(locale)
