"""Who signs in on a device that is known at the login: told before there is a place, so that strangers keep none of them out."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Final
from urllib.parse import parse_qs

import msgspec
from starlette.requests import cookie_parser

from wenyue.accounts import Guard
from wenyue.cards import clean_card_no
from wenyue.faces.shared.caller import DEVICE_COOKIE, DEVICE_HEADER
from wenyue.faces.shared.session import cookie_name
from wenyue.infra.bodies import Message
from wenyue.kernel.admission import Priority
from wenyue.kernel.limits import DEVICE_LENGTH_MAX

# Where a login is signed in to, the class that a known device of it is in, and the field that names the login.
_STAFF: Final = (Priority.GATE, "login")
_CARD: Final = (Priority.HOLD, "card_no")
_KNOCKS: Final = {
    "/v1/gate/session": _STAFF,
    "/gate/signin": _STAFF,
    "/console/signin": _STAFF,
    "/v1/session": _CARD,
    "/v1/cards/activation": _CARD,
    "/signin": _CARD,
    "/activate": _CARD,
}
_FIELDS_MAX: Final = 20


class Known:
    """Tells known devices of one installation from others."""

    def __init__(self, guard: Guard, clock: Callable[[], datetime]) -> None:
        self._guard, self._clock = guard, clock

    def is_doubtful(self, line: str) -> bool:
        """Whether secrets were wrong again and again where this line of the desk comes from."""
        return self._guard.is_doubtful(line, self._clock())

    def held(self, scope: Message) -> str:
        """What the device shows where a login is signed in to; '' elsewhere, and when it shows nothing."""
        return _shown(scope)[:DEVICE_LENGTH_MAX] if scope["path"] in _KNOCKS else ""

    def place(self, scope: Message, held: str, body: bytes) -> tuple[Priority, str] | None:
        """Class and line of a sign-in on a device that is known at the login which the body names; None: it is not."""
        priority, field = _KNOCKS[scope["path"]]
        name = _named(field, body, is_program=scope["path"].startswith("/v1/"))
        if priority is _CARD[0]:
            token = self._guard.knows(held, "card", clean_card_no(name), self._clock())
        else:
            token = self._guard.knows(held, "staff", name, self._clock())
        return (priority, "device:" + hashlib.sha256(token.encode()).hexdigest()) if token else None


def _shown(scope: Message) -> str:
    headers = dict(reversed(scope["headers"]))
    cookies = cookie_parser(headers.get(b"cookie", b"").decode("latin-1"))
    held = cookies.get(cookie_name(DEVICE_COOKIE, is_secure=True)) or cookies.get(DEVICE_COOKIE)
    return held or headers.get(DEVICE_HEADER.encode(), b"").decode("latin-1")


def _named(field: str, body: bytes, *, is_program: bool) -> str:
    try:
        if is_program:
            found = msgspec.json.decode(body, type=dict[str, object]).get(field)
            return found.replace("\x00", "") if isinstance(found, str) else ""
        return parse_qs(body.decode(), max_num_fields=_FIELDS_MAX).get(field, [""])[0].strip()
    except (msgspec.DecodeError, msgspec.ValidationError, ValueError):
        return ""
