"""A device at a gate: enrolled once with a code, then its clerks take turns with a PIN."""

from typing import Final

from starlette.responses import Response

from wenyue.accounts import Throttled, gate_devices
from wenyue.accounts.gate_devices import Device
from wenyue.application.enrol_device import enrol_device
from wenyue.application.on_duty import Place
from wenyue.application.set_pin import set_pin
from wenyue.application.sign_in_clerk import ClerkKnock, sign_in_clerk
from wenyue.core.limits import DEVICE_TTL_S, STAFF_LOGIN_TTL_S
from wenyue.web.gate.context import GateContext, Station, get, post
from wenyue.web.shared.caller import GATE_DEVICE_COOKIE, caller_of, keep_device
from wenyue.web.shared.request_context import redirect
from wenyue.web.shared.session import STAFF_COOKIE, set_cookie
from wenyue.web.wording import say_wait

_PIN_TYPED_MAX: Final = 16


async def show_enrol(context: GateContext) -> Response:
    """Ask for the code that the console or `wenyue devices` gave."""
    return context.page("enrol")


async def do_enrol(context: GateContext) -> Response:
    """Use the code up: the device keeps a secret of its own, and where it stands."""
    try:
        found = await enrol_device(context.services, caller_of(context.request), context.form.one("code"))
    except Throttled as slowed:
        return _enrol_again(context, say_wait(slowed.at, context.now, context.locale), 429)
    if found is None:
        wrong = context.gettext("The code is wrong or has expired. Create a new one.")
        return _enrol_again(context, wrong, 422)
    device, secret = found
    response = context.stand(redirect("/gate/clerk"), Station(device.venue_id, device.post))
    is_secure = context.services.settings.web.is_secure
    set_cookie(response, GATE_DEVICE_COOKIE, secret, is_secure=is_secure, age_s=DEVICE_TTL_S)
    keep_device(response, context.request, "pin", gate_devices.name_of(secret))
    return response


async def show_clerk(context: GateContext) -> Response:
    """Whose turn it is: choose the name, type the PIN."""
    device = await _device(context)
    return redirect("/gate/enrol") if device is None else await _clerk(context, device)


async def do_clerk(context: GateContext) -> Response:
    """The turn begins; that of whoever was there before ends."""
    device = await _device(context)
    if device is None:
        return redirect("/gate/enrol")
    staff_id = context.form.number("clerk", 1, 2**63 - 1) or 0
    pin = context.form.one("pin")[:_PIN_TYPED_MAX]
    knock = ClerkKnock(device, context.device_secret, staff_id, pin, context.token)
    try:
        token = await sign_in_clerk(context.services, caller_of(context.request), knock)
    except Throttled as slowed:
        return await _clerk(context, device, staff_id, say_wait(slowed.at, context.now, context.locale), 429)
    if token is None:
        wrong = context.gettext("The PIN is wrong, or you don't work here.")
        return await _clerk(context, device, staff_id, wrong, 422)
    response = context.stand(redirect("/gate"), Station(device.venue_id, device.post))
    is_secure = context.services.settings.web.is_secure
    set_cookie(response, STAFF_COOKIE, token, is_secure=is_secure, age_s=STAFF_LOGIN_TTL_S)
    keep_device(response, context.request, "pin", gate_devices.name_of(context.device_secret))
    return response


async def show_pin(context: GateContext) -> Response:
    """Set one's own PIN for the venue where one stands."""
    return await _pin(context)


async def do_pin(context: GateContext) -> Response:
    """Only with a password behind it: who signed in with a PIN makes no other."""
    station = context.station
    if station is None or context.device_id is not None:
        return await _pin(context)
    pin = context.form.one("pin")[:_PIN_TYPED_MAX]
    if not gate_devices.is_pin(pin) or pin != context.form.one("again")[:_PIN_TYPED_MAX]:
        text = context.gettext(
            "Enter the same PIN twice: 6 to 8 digits, not all the same and not in sequence."
        )
        return await _pin(context, text)
    refused = await set_pin(context.services, context.login_key, Place(station.venue_id, station.gate), pin)
    return redirect("/gate/setup") if refused is not None else await _pin(context, is_done=True)


async def _device(context: GateContext) -> Device | None:
    secret = context.device_secret
    if not secret:
        return None
    async with context.services.db.reading() as tx:
        return await gate_devices.device_of(tx, secret)


def _enrol_again(context: GateContext, text: str, status: int) -> Response:
    return context.page("enrol", status=status, errors=({"field": "code", "text": text},))


async def _clerk(
    context: GateContext, device: Device, chosen: int = 0, problem: str = "", status: int = 200
) -> Response:
    async with context.services.db.reading() as tx:
        found = await gate_devices.clerks(tx, device.venue_id)
    errors = ({"field": "pin", "text": problem},) if problem else ()
    return context.page("clerk", status=status, errors=errors, clerks=found, chosen=chosen, post=device.post)


async def _pin(context: GateContext, problem: str = "", *, is_done: bool = False) -> Response:
    if context.station is None:
        return redirect("/gate/setup")
    if context.device_id is not None:
        title = context.gettext("Sign in with your password first")
        text = context.gettext("You can't change your PIN while signed in with it.")
        return context.page("message", status=403, title=title, text=text, back="/gate")
    errors = ({"field": "pin", "text": problem},) if problem else ()
    return context.page("pin", status=422 if problem else 200, errors=errors, is_done=is_done)


routes: Final = [
    get("/gate/enrol", show_enrol),
    post("/gate/enrol", do_enrol),
    get("/gate/clerk", show_clerk),
    post("/gate/clerk", do_clerk),
    get("/gate/pin", show_pin),
    post("/gate/pin", do_pin),
]
