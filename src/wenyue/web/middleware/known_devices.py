"""Who signs in on a device that is known at the login: told before there is a place, so that strangers keep none of them out."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Final
from urllib.parse import parse_qs

import msgspec

from wenyue.accounts import Guard, gate_devices
from wenyue.core.admission import Priority
from wenyue.core.card_numbers import clean_card_no
from wenyue.core.limits import DEVICE_LENGTH_MAX
from wenyue.platform.http.bodies import Message
from wenyue.web.shared.caller import DEVICE_COOKIE, DEVICE_HEADER, GATE_DEVICE_COOKIE
from wenyue.web.shared.cookies import cookie_of
from wenyue.web.shared.session import cookie_name

# Where a login is signed in to, the class that a known device of it is in, and the field that names the login.
_STAFF: Final = (Priority.GATE, "login")
_CARD: Final = (Priority.HOLD, "card_no")
_PIN: Final = (Priority.GATE, "")  # the device itself is known, whoever's PIN is typed
_KNOCKS: Final = {
    "/v1/gate/session": _STAFF,
    "/gate/signin": _STAFF,
    "/console/signin": _STAFF,
    "/gate/signin/factor": _STAFF,
    "/console/signin/factor": _STAFF,
    "/gate/signin/enrolment": _STAFF,
    "/console/signin/enrolment": _STAFF,
    "/gate/clerk": _PIN,
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
        knock, now = _KNOCKS[scope["path"]], self._clock()
        priority, field = knock
        if knock is _PIN:
            secret = _cookie(scope, GATE_DEVICE_COOKIE)[:DEVICE_LENGTH_MAX]
            token = self._guard.knows(held, "pin", gate_devices.name_of(secret), now) if secret else ""
        else:
            name = _named(field, body, is_program=scope["path"].startswith("/v1/"))
            is_card = knock is _CARD
            token = self._guard.knows(
                held, "card" if is_card else "staff", clean_card_no(name) if is_card else name, now
            )
        return (priority, "device:" + hashlib.sha256(token.encode()).hexdigest()) if token else None


def _shown(scope: Message) -> str:
    return _cookie(scope, DEVICE_COOKIE) or _header(scope, DEVICE_HEADER.encode())


def _cookie(scope: Message, name: str) -> str:
    return cookie_of(_header(scope, b"cookie"), cookie_name(name, is_secure=True), name)


def _header(scope: Message, name: bytes) -> str:
    return next((value for key, value in scope["headers"] if key == name), b"").decode("latin-1")


def _named(field: str, body: bytes, *, is_program: bool) -> str:
    try:
        if is_program:
            found = msgspec.json.decode(body, type=dict[str, object]).get(field)
            return found.replace("\x00", "") if isinstance(found, str) else ""
        return parse_qs(body.decode(), max_num_fields=_FIELDS_MAX).get(field, [""])[0].strip()
    except (msgspec.DecodeError, msgspec.ValidationError, ValueError, RecursionError):
        return ""
