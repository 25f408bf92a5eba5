"""Who knocks: from which address, and with which tokens of a known device. See `accounts.guard`."""

from typing import Final, Literal

from starlette.requests import Request
from starlette.responses import Response

from wenyue.accounts import Caller
from wenyue.core.limits import DEVICE_LENGTH_MAX, DEVICE_TTL_S
from wenyue.platform.addresses import sender_of
from wenyue.web.shared.services import services_of
from wenyue.web.shared.session import read_cookie, set_cookie

DEVICE_COOKIE: Final = "wy_device"
DEVICE_HEADER: Final = "device-token"
GATE_DEVICE_COOKIE: Final = "wy_gate_device"  # the secret of a device that was enrolled at a gate
Keeps = Literal["card", "staff", "pin"]


def caller_of(request: Request) -> Caller:
    """From where a secret is tried. A proxy is believed only when it was named (WENYUE_TRUSTED_PROXIES)."""
    address = sender_of(request.scope, services_of(request).settings.web.proxies)
    return Caller(address, device_of(request))


def device_of(request: Request) -> str:
    """What a browser keeps in a cookie and an app sends as the header `Device-Token`."""
    held = read_cookie(request, DEVICE_COOKIE) or request.headers.get(DEVICE_HEADER, "")
    return held[:DEVICE_LENGTH_MAX]


def known_device(request: Request, kind: Keeps, *names: str) -> str:
    """What the device keeps from now on, since it just proved to be the owner of these logins."""
    services, held = services_of(request), device_of(request)
    for name in names:
        held = services.guard.known_device(held, kind, name, services.clock())
    return held


def keep_device(response: Response, request: Request, kind: Keeps, *names: str) -> None:
    """Let a browser be known at these logins."""
    held = known_device(request, kind, *names)
    is_secure = services_of(request).settings.web.is_secure
    set_cookie(response, DEVICE_COOKIE, held, is_secure=is_secure, age_s=DEVICE_TTL_S)
