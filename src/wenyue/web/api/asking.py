"""Who asks, in which language, and how a refusal leaves a handler: shared by every JSON route."""

from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from starlette.responses import Response

from wenyue.accounts import Login
from wenyue.application import Traveller
from wenyue.application import sign_out as use_case
from wenyue.container import Services
from wenyue.core.duties import Right
from wenyue.platform.database.db import DatabaseDown
from wenyue.web.api.problems import RETRY_AFTER_S
from wenyue.web.api.room_refused import ROOM_TOKEN_HEADER
from wenyue.web.middleware.language import asked_locale, locale_of
from wenyue.web.middleware.logins import Logins, bearer
from wenyue.web.shared.access import access_of
from wenyue.web.shared.problem import PROBLEM_TYPE, RequestRefused

_TRANSIENT: Final = 503
_UNAUTHORIZED: Final = 401
BEARER: Final = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    description="A traveller's token from POST /v1/session, or a staff token from POST /v1/gate/session.",
)


async def _services(request: Request) -> Services:
    return request.app.state.services


async def _locale(request: Request) -> str:
    return locale_of(request)


async def _said_locale(request: Request) -> str:
    return asked_locale(request.scope) or ""


async def _login(request: Request, _: Annotated[object, Depends(BEARER)]) -> Login:
    """The caller's login. Raises RequestRefused (401, 503)."""
    logins: Logins = request.app.state.logins
    try:
        login = await logins.find(request.headers.get("authorization", "").encode("latin-1"))
    except DatabaseDown:
        raise RequestRefused(_TRANSIENT, "busy") from None
    if login is None:
        raise RequestRefused(_UNAUTHORIZED, "login_needed")
    return login


async def _fresh_holder(request: Request, _: Annotated[object, Depends(BEARER)]) -> int:
    """The traveller who asks, by the database and not from memory. Raises RequestRefused (401, 403, 503)."""
    logins: Logins = request.app.state.logins
    try:
        login = await logins.find(request.headers.get("authorization", "").encode("latin-1"), is_fresh=True)
    except DatabaseDown:
        raise RequestRefused(_TRANSIENT, "busy") from None
    if login is None:
        raise RequestRefused(_UNAUTHORIZED, "login_needed")
    return holder_of(login)


async def _holder_login(login: Annotated[Login, Depends(_login)]) -> Login:
    """The login of the traveller who asks."""
    holder_of(login)
    return login


async def _holder(login: Annotated[Login, Depends(_login)]) -> int:
    """The traveller who asks; staff tokens are no travellers."""
    return holder_of(login)


def holder_of(login: Login) -> int:
    """The traveller of a login. Raises RequestRefused (403) for a member of staff."""
    if login.traveller_id is None:
        raise RequestRefused(403, "travellers_only")
    return login.traveller_id


def traveller_of(login: Login) -> Traveller:
    """The traveller who acts, for a use case. Raises RequestRefused (403) for a member of staff."""
    return Traveller(holder_of(login), login.key)


async def _guest(request: Request, _: Annotated[object, Depends(BEARER)]) -> Login | None:
    """The login of who asks, or None for whoever has not signed in. Raises RequestRefused (401, 503)."""
    if not request.headers.get("authorization"):
        return None
    return await _login(request, None)


async def _token(request: Request) -> str:
    return bearer(request.headers.get("authorization", "").encode("latin-1")) or ""


async def _room_tokens(request: Request) -> str:
    return request.headers.get(ROOM_TOKEN_HEADER.decode(), "")


def forget_token(request: Request) -> None:
    """The token that the request carries was ended: this process remembers it no more."""
    logins: Logins = request.app.state.logins
    logins.forget(request.headers.get("authorization", "").encode("latin-1"))


async def sign_out(request: Request, services: Services) -> None:
    """End the token that the request carries, whoever's it is."""
    header = request.headers.get("authorization", "").encode("latin-1")
    token = bearer(header)
    if token is not None:
        await use_case.sign_out(services, token)
        forget_token(request)


async def _right(request: Request) -> Right:
    """What the route asks of staff. Raises LookupError: it asks for no right, or has no line."""
    found = access_of(request.method, request.scope["route"].path)
    if isinstance(found, Right):
        return found
    raise LookupError(f"{request.scope['route'].path}: asks for no right of staff")


ServicesOf = Annotated[Services, Depends(_services)]
LocaleOf = Annotated[str, Depends(_locale)]
SaidLocaleOf = Annotated[str, Depends(_said_locale)]  # '' when the caller named none of our languages
LoginOf = Annotated[Login, Depends(_login)]
HolderOf = Annotated[int, Depends(_holder)]
HolderLoginOf = Annotated[Login, Depends(_holder_login)]
FreshHolderOf = Annotated[int, Depends(_fresh_holder)]
GuestOf = Annotated[Login | None, Depends(_guest)]
TokenOf = Annotated[str, Depends(_token)]
RightOf = Annotated[Right, Depends(_right)]
RoomTokensOf = Annotated[str, Depends(_room_tokens)]


def refusal(refused: RequestRefused, locale: str) -> Response:
    """A refusal as a problem response."""
    headers = {"content-language": locale}
    if refused.status == _TRANSIENT:
        headers["retry-after"] = str(RETRY_AFTER_S)
    if refused.after_s:
        headers["retry-after"] = str(refused.after_s)
    if refused.status == _UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    return Response(refused.payload(locale), refused.status, headers, PROBLEM_TYPE.decode())
