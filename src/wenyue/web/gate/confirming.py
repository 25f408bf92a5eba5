"""The second person who confirms a colleague's act on the page: what they typed, what the form shows, what is said to them."""

from typing import Final, NamedTuple

from starlette.responses import Response

from wenyue.accounts.second.rules import Mode
from wenyue.application.second_proofs import AtDevice, NotConfirmed, Second
from wenyue.application.signing_in import mode_of
from wenyue.locale import Message
from wenyue.web.gate.context import GateContext, Station
from wenyue.web.gate.passkeys import is_signed, offer, options_said, refusal_said, signed_act
from wenyue.web.shared.caller import caller_of
from wenyue.web.shared.passkey_place import place_of

LOGIN: Final = "second_login"
_PASSWORD: Final = "second_password"  # noqa: S105 - a field's name
_CODE: Final = "second_code"
_PIN: Final = "second_pin"
_LOGIN_LENGTH_MAX: Final = 64
_PROOF_LENGTH_MAX: Final = 40


class _Says(NamedTuple):
    """What is said, and the field that it is about."""

    field: str
    text: Message


_SAYS: Final = {
    NotConfirmed.WRONG: _Says(LOGIN, Message("The confirming person's login or password is wrong.")),
    NotConfirmed.LOCKED: _Says(
        LOGIN,
        Message("Too many wrong tries with the confirming person's login. Try again later."),
    ),
    NotConfirmed.CODE_NEEDED: _Says(
        _CODE,
        Message("The confirming person also needs to enter a code or a recovery code, or use their passkey."),
    ),
    NotConfirmed.CODE_WRONG: _Says(
        _CODE,
        Message(
            "The confirming person's code is wrong or was already used. Enter the code the app shows now."
        ),
    ),
    NotConfirmed.PIN_WRONG: _Says(
        _PIN,
        Message(
            "The confirming person's PIN is wrong or belongs to another venue. Enter it again, or use a code."
        ),
    ),
    NotConfirmed.ENROLMENT_NEEDED: _Says(
        LOGIN,
        Message(
            "The confirming person has no second factor yet. They need to set one up in the console first."
        ),
    ),
}

_NOBODY: Final = Message("Enter the login and password of the person confirming.")
_NO_PASSKEY: Final = Message(
    "The confirming person has no passkey that works here. Enter a code from their app, or a recovery code."
)
_NOT_SIGNED: Final = Message(
    "The passkey didn't work, or 5 minutes have passed. Use it again, or enter a code."
)


def second_of(context: GateContext, station: Station, act: str) -> Second | None:
    """Who confirms `act` (`passkeys.said_of`), when the form carries somebody. Passkeys go before codes, codes before PINs."""
    login = context.form.one(LOGIN).strip()[:_LOGIN_LENGTH_MAX]
    if not login:
        return None
    caller, password = caller_of(context.request), context.form.one(_PASSWORD)
    signed = signed_act(context, act)
    if signed is not None:
        return Second(caller, login, password, signed)
    code, pin = (context.form.one(one).strip()[:_PROOF_LENGTH_MAX] for one in (_CODE, _PIN))
    if code or not pin:
        return Second(caller, login, password, code)
    return Second(caller, login, password, pin, AtDevice(context.device_secret, station.venue_id))


async def what_to_sign(context: GateContext, station: Station, act: str) -> Response:
    """The answer to the page's script, which asks what the second person's passkey is to sign for `act`."""
    second = second_of(context, station, act)
    if second is None:
        return refusal_said(context, LOGIN, _NOBODY.say(context.locale))
    found = await offer(context, second, act)
    if isinstance(found, NotConfirmed):
        return refusal_said(context, *says(context, found))
    return (
        options_said(context, *found)
        if found
        else refusal_said(context, _CODE, _NO_PASSKEY.say(context.locale))
    )


def second_fields(context: GateContext) -> dict[str, bool]:
    """Which ways the form has for them: a code and a passkey where staff have factors, a PIN besides on an enrolled device."""
    asks_code = mode_of(context.services) is not Mode.OFF
    return {
        "asks_code": asks_code,
        "asks_passkey": asks_code and place_of(context.request) is not None,
        "asks_pin": asks_code and bool(context.device_secret),
    }


def says(context: GateContext, found: NotConfirmed) -> tuple[str, str]:
    """The field that it is about, and what is said."""
    field, text = _SAYS[found]
    if found is NotConfirmed.CODE_WRONG and is_signed(context):
        text = _NOT_SIGNED
    return field, text.say(context.locale)
