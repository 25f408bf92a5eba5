"""Which class a request asks for by its path, and what it has to prove before it is let into it.

A path alone proves nothing: whoever shows no login that fits is a STRANGER, answered like everybody, in a class of its own.
"""

import re
from enum import Enum, auto
from typing import Final

from wenyue.accounts import Login
from wenyue.core.admission import Priority
from wenyue.platform.http.bodies import Message
from wenyue.web.shared.cookies import cookie_of
from wenyue.web.shared.session import LOGIN_COOKIE, STAFF_COOKIE, cookie_name


class Proof(Enum):
    """What lets a request into the class of its path."""

    NOTHING = auto()  # the class is for strangers
    TRAVELLER = auto()  # a traveller's login
    STAFF = auto()  # a login of a member of staff
    SIGNATURE = auto()  # of a payment platform, which its adapter checks; none is here, so nobody has it


Claim = tuple[Priority, Proof]

# Where secrets are tried. The proxy has a limit by address for the same paths: see deploy/haproxy/haproxy.cfg.
_CARD_KNOCKS: Final = frozenset({"/signin", "/activate", "/v1/session", "/v1/cards/activation"})
_STAFF_KNOCKS: Final = frozenset(
    {
        *("/gate/signin", "/gate/signin/factor", "/gate/signin/enrolment", "/gate/clerk", "/gate/enrol"),
        *("/console/signin", "/console/signin/factor", "/console/signin/enrolment"),
        "/v1/gate/session",
    }
)
_LOSS_KNOCKS: Final = frozenset({"/card/lost", "/card/objection", "/v1/cards/lost", "/v1/cards/objection"})
_LOSS_KNOCKS_LIKE: Final = re.compile(r"/v1/cards/lost/[^/]+/code|/card/lost/[^/]+")
# A login is needed there, and so a place of its class is: strangers' tries stand in no holder's way.
_SIGNED_IN_KNOCKS: Final = frozenset({"/card/replacement", "/v1/gate/cards/replacement"})
_SIGNED_IN_KNOCKS_LIKE: Final = re.compile(r"/v1/cards/[^/]+/(?:loss|replacement)")
_CLASSES: Final = (
    ("/v1/payments/", (Priority.CALLBACK, Proof.SIGNATURE)),
    ("/v1/gate", (Priority.GATE, Proof.STAFF)),
    ("/gate", (Priority.GATE, Proof.STAFF)),
    ("/console", (Priority.REPORT, Proof.STAFF)),
)
_CHANGES: Final = ("/v1/bookings/", "/bookings/")  # confirmation, cancellation, move: they end what was begun
_TOKEN_LENGTH_MAX: Final = 128


def claim_of(path: str, method: str, *, is_read: bool) -> Claim:
    """The class that a request which is not hot asks for, and what it must show for that."""
    knock = _class_of_knock(path) if method == "POST" else None
    if knock is not None:
        return knock, Proof.NOTHING
    for prefix, claim in _CLASSES:
        if path.startswith(prefix):
            return claim
    if is_read:
        return Priority.BROWSE, Proof.TRAVELLER
    return Priority.CONFIRM if path.startswith(_CHANGES) else Priority.HOLD, Proof.TRAVELLER


def is_knock(path: str) -> bool:
    """Whether somebody who sends this tries a secret."""
    return (
        _class_of_knock(path) is not None
        or path in _SIGNED_IN_KNOCKS
        or _SIGNED_IN_KNOCKS_LIKE.fullmatch(path) is not None
    )


def _class_of_knock(path: str) -> Priority | None:
    if path in _CARD_KNOCKS:
        return Priority.SIGN_IN
    if path in _STAFF_KNOCKS:
        return Priority.STAFF_SIGN_IN
    if path in _LOSS_KNOCKS or _LOSS_KNOCKS_LIKE.fullmatch(path):
        return Priority.LOSS
    return None


def credentials_of(scope: Message, proof: Proof) -> bytes:
    """What the request shows, as an `Authorization` header value; empty: nothing. Programs send it so, browsers a cookie."""
    if proof not in _COOKIES:
        return b""
    is_program = scope["path"].startswith("/v1/")
    wanted = b"authorization" if is_program else b"cookie"
    shown = next((value for name, value in scope["headers"] if name == wanted), b"")
    if is_program or not shown:
        return shown
    name = _COOKIES[proof]
    token = cookie_of(shown.decode("latin-1"), cookie_name(name, is_secure=True), name)
    return b"Bearer %b" % token[:_TOKEN_LENGTH_MAX].encode() if token else b""


def proves(login: Login | None, proof: Proof) -> bool:
    """Whether this login is what the class asks for."""
    if proof is Proof.NOTHING:
        return True
    if login is None:
        return False
    return login.staff is not None if proof is Proof.STAFF else login.traveller_id is not None


_COOKIES: Final = {Proof.TRAVELLER: LOGIN_COOKIE, Proof.STAFF: STAFF_COOKIE}
