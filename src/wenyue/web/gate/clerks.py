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


async def show_enrol(shift: GateContext) -> Response:
    """Ask for the code that the console or `wenyue devices` gave."""
    return shift.page("enrol")


async def do_enrol(shift: GateContext) -> Response:
    """Use the code up: the device keeps a secret of its own, and where it stands."""
    try:
        found = await enrol_device(shift.services, caller_of(shift.request), shift.form.one("code"))
    except Throttled as slowed:
        return _enrol_again(shift, say_wait(slowed.at, shift.now, shift.locale), 429)
    if found is None:
        wrong = shift.gettext("The code is wrong or has expired. Create a new one.")
        return _enrol_again(shift, wrong, 422)
    device, secret = found
    response = shift.stand(redirect("/gate/clerk"), Station(device.venue_id, device.post))
    is_secure = shift.services.settings.web.is_secure
    set_cookie(response, GATE_DEVICE_COOKIE, secret, is_secure=is_secure, age_s=DEVICE_TTL_S)
    keep_device(response, shift.request, "pin", gate_devices.name_of(secret))
    return response


async def show_clerk(shift: GateContext) -> Response:
    """Whose turn it is: choose the name, type the PIN."""
    device = await _device(shift)
    return redirect("/gate/enrol") if device is None else await _clerk(shift, device)


async def do_clerk(shift: GateContext) -> Response:
    """The turn begins; that of whoever was there before ends."""
    device = await _device(shift)
    if device is None:
        return redirect("/gate/enrol")
    staff_id = shift.form.number("clerk", 1, 2**63 - 1) or 0
    pin = shift.form.one("pin")[:_PIN_TYPED_MAX]
    knock = ClerkKnock(device, shift.device_secret, staff_id, pin, shift.token)
    try:
        token = await sign_in_clerk(shift.services, caller_of(shift.request), knock)
    except Throttled as slowed:
        return await _clerk(shift, device, staff_id, say_wait(slowed.at, shift.now, shift.locale), 429)
    if token is None:
        wrong = shift.gettext("The PIN is wrong, or you don't work here.")
        return await _clerk(shift, device, staff_id, wrong, 422)
    response = shift.stand(redirect("/gate"), Station(device.venue_id, device.post))
    is_secure = shift.services.settings.web.is_secure
    set_cookie(response, STAFF_COOKIE, token, is_secure=is_secure, age_s=STAFF_LOGIN_TTL_S)
    keep_device(response, shift.request, "pin", gate_devices.name_of(shift.device_secret))
    return response


async def show_pin(shift: GateContext) -> Response:
    """Set one's own PIN for the venue where one stands."""
    return await _pin(shift)


async def do_pin(shift: GateContext) -> Response:
    """Only with a password behind it: who signed in with a PIN makes no other."""
    station = shift.station
    if station is None or shift.device_id is not None:
        return await _pin(shift)
    pin = shift.form.one("pin")[:_PIN_TYPED_MAX]
    if not gate_devices.is_pin(pin) or pin != shift.form.one("again")[:_PIN_TYPED_MAX]:
        text = shift.gettext("Enter the same PIN twice: 6 to 8 digits, not all the same and not in sequence.")
        return await _pin(shift, text)
    refused = await set_pin(shift.services, shift.login_key, Place(station.venue_id, station.gate), pin)
    return redirect("/gate/setup") if refused is not None else await _pin(shift, is_done=True)


async def _device(shift: GateContext) -> Device | None:
    secret = shift.device_secret
    if not secret:
        return None
    async with shift.services.db.reading() as tx:
        return await gate_devices.device_of(tx, secret)


def _enrol_again(shift: GateContext, text: str, status: int) -> Response:
    return shift.page("enrol", status=status, errors=({"field": "code", "text": text},))


async def _clerk(
    shift: GateContext, device: Device, chosen: int = 0, problem: str = "", status: int = 200
) -> Response:
    async with shift.services.db.reading() as tx:
        found = await gate_devices.clerks(tx, device.venue_id)
    errors = ({"field": "pin", "text": problem},) if problem else ()
    return shift.page("clerk", status=status, errors=errors, clerks=found, chosen=chosen, post=device.post)


async def _pin(shift: GateContext, problem: str = "", *, is_done: bool = False) -> Response:
    if shift.station is None:
        return redirect("/gate/setup")
    if shift.device_id is not None:
        title = shift.gettext("Sign in with your password first")
        text = shift.gettext("You can't change your PIN while signed in with it.")
        return shift.page("message", status=403, title=title, text=text, back="/gate")
    errors = ({"field": "pin", "text": problem},) if problem else ()
    return shift.page("pin", status=422 if problem else 200, errors=errors, is_done=is_done)


routes: Final = [
    get("/gate/enrol", show_enrol),
    post("/gate/enrol", do_enrol),
    get("/gate/clerk", show_clerk),
    post("/gate/clerk", do_clerk),
    get("/gate/pin", show_pin),
    post("/gate/pin", do_pin),
]
