"""Which class a request asks for, by the route that its path leads to, and whether it proves what that needs."""

from collections import defaultdict
from typing import Final

from wenyue.accounts import Login
from wenyue.platform.http.bodies import Message
from wenyue.web.shared.cookies import cookie_of
from wenyue.web.shared.priorities import CLAIMS, Claim, Proof, usual_claim
from wenyue.web.shared.session import LOGIN_COOKIE, STAFF_COOKIE, cookie_name

_TOKEN_LENGTH_MAX: Final = 128
_COOKIES: Final = {Proof.TRAVELLER: LOGIN_COOKIE, Proof.STAFF: STAFF_COOKIE}
_Template = tuple[tuple[str, ...], Claim]


def _templates() -> dict[tuple[str, int], list[_Template]]:
    """Routes with parameters, by method and number of segments."""
    found: dict[tuple[str, int], list[_Template]] = defaultdict(list)
    for route, claim in CLAIMS.items():
        method, _, path = route.partition(" ")
        if "{" in path:
            parts = tuple("" if part.startswith("{") else part for part in path.split("/"))
            found[method, len(parts)].append((parts, claim))
    return dict(found)


_TEMPLATES: Final = _templates()


def claim_of(path: str, method: str) -> Claim:
    """The class that a request which is not hot asks for, and what it must show for that."""
    claim = CLAIMS.get(f"{method} {path}")
    if claim is not None:
        return claim
    given = path.split("/")
    for parts, claimed in _TEMPLATES.get((method, len(given)), ()):
        if all(part in ("", one) for part, one in zip(parts, given, strict=True)):
            return claimed
    return usual_claim(method, path)


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
