"""The cookies that carry trust: the login's random token, the signed anti-forgery token, small signed values.

Anti-forgery is a signed double submit: a random nonce, signed together with the logins, stands in a cookie and again in
every form; a page of another site can read neither. The signing key is the installation's index key, used under a
prefix that no document key has. In a form it is masked by random bytes, new in every page, so that the sizes of compressed
pages tell nothing about it (BREACH).
"""

import base64
import hmac
import secrets
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from wenyue.core.limits import LOGIN_TTL_S
from wenyue.core.personal import Vault
from wenyue.web.shared.cookies import cookie_of
from wenyue.web.shared.services import services_of

LOGIN_COOKIE: Final = "wy_login"
STAFF_COOKIE: Final = "wy_staff"
CSRF_COOKIE: Final = "wy_csrf"
CSRF_FIELD: Final = "_csrf"
_COOKIE_LENGTH_MAX: Final = 3500
_CSRF_LENGTH_MAX: Final = 128
_MASKED_LENGTH_MAX: Final = 200


def cookie_name(name: str, *, is_secure: bool) -> str:
    """The name in the browser. Over HTTPS with the prefix that browsers take from this host alone (RFC 6265bis, 4.1.3)."""
    return f"__Host-{name}" if is_secure else name


def read_cookie(request: Request, name: str) -> str:
    """A cookie that `set_cookie` set; '' when there is none."""
    is_secure = services_of(request).settings.web.is_secure
    return cookie_of(request.headers.get("cookie", ""), cookie_name(name, is_secure=is_secure))


def login_token(request: Request) -> str:
    """The login's token as the browser sent it; '' when there is none. Only `accounts.who` says whether it is good."""
    return read_cookie(request, LOGIN_COOKIE)[:_CSRF_LENGTH_MAX]


def set_cookie(response: Response, name: str, value: str, *, is_secure: bool, age_s: int) -> None:
    """A first-party cookie no script can read."""
    full = cookie_name(name, is_secure=is_secure)
    response.set_cookie(full, value, max_age=age_s, httponly=True, samesite="lax", secure=is_secure, path="/")


def clear_cookie(response: Response, name: str, *, is_secure: bool) -> None:
    """Ask the browser to forget the cookie."""
    full = cookie_name(name, is_secure=is_secure)
    response.delete_cookie(full, path="/", httponly=True, samesite="lax", secure=is_secure)


def set_login(response: Response, token: str, *, is_secure: bool) -> None:
    """Keep the traveller signed in."""
    set_cookie(response, LOGIN_COOKIE, token, is_secure=is_secure, age_s=LOGIN_TTL_S)


def csrf_token(request: Request, vault: Vault) -> str:
    """The token for this page's forms: the cookie's when it is good, else a new one (which the response must set)."""
    held = read_cookie(request, CSRF_COOKIE)
    if _is_signed(held, request, vault):
        return held
    nonce = secrets.token_urlsafe(18)
    return f"{nonce}.{_sign(f'{nonce}|{_logins(request)}', vault, 'csrf')}"


def masked(token: str) -> str:
    """The token as a form carries it: never twice the same."""
    plain = _bytes_of(token)
    pad = secrets.token_bytes(len(plain))
    return base64.urlsafe_b64encode(pad + _xor(pad, plain)).decode().rstrip("=")


def is_csrf_good(request: Request, submitted: str, vault: Vault) -> bool:
    """The form carries the same good token as the cookie, masked or, in a page of an earlier release, as it is."""
    held = read_cookie(request, CSRF_COOKIE)
    sent = submitted[:_MASKED_LENGTH_MAX]
    if "." in sent:
        same = hmac.compare_digest(held.encode(), sent.encode())
    else:
        same = hmac.compare_digest(_bytes_of(held), _unmasked(sent))
    return same and _is_signed(held, request, vault)


def _bytes_of(token: str) -> bytes:
    """Nonce and signature; empty for what is no token."""
    nonce, _, signature = token.partition(".")
    try:
        return base64.urlsafe_b64decode(nonce) + bytes.fromhex(signature)
    except ValueError:
        return b""


def _unmasked(sent: str) -> bytes:
    """What `masked` hid; something else, or nothing, of what it did not make."""
    try:
        both = base64.urlsafe_b64decode(sent + "=" * (-len(sent) % 4))
    except ValueError:
        return b""
    middle = len(both) // 2
    return _xor(both[:middle], both[middle : 2 * middle])


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(len(one))


def signed(value: str, vault: Vault, purpose: str) -> str:
    """`value` with a signature only this installation can make for `purpose`; readable by its bearer."""
    return f"{_sign(value, vault, purpose)}.{value}"


def unsigned(raw: str, vault: Vault, purpose: str) -> str | None:
    """What `signed` was given, or None when it was altered or is too long."""
    if len(raw) > _COOKIE_LENGTH_MAX:
        return None
    signature, dot, value = raw.partition(".")
    good = dot and hmac.compare_digest(signature.encode(), _sign(value, vault, purpose).encode())
    return value if good else None


def _is_signed(token: str, request: Request, vault: Vault) -> bool:
    nonce, dot, signature = token[:_CSRF_LENGTH_MAX].partition(".")
    wanted = _sign(f"{nonce}|{_logins(request)}", vault, "csrf")
    return bool(dot) and hmac.compare_digest(signature.encode(), wanted.encode())


def _logins(request: Request) -> str:
    """Every login that a form of this browser could act for: a token planted from elsewhere is good for none of them."""
    return f"{login_token(request)}|{read_cookie(request, STAFF_COOKIE)[:_CSRF_LENGTH_MAX]}"


def _sign(value: str, vault: Vault, purpose: str) -> str:
    return vault.person_key(f"face:{purpose}|{value}").hex()
