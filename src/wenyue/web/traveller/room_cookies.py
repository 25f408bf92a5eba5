"""The cookies of the waiting room: the pass, bound to the login; and the tokens that let a browser book."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from wenyue.container import Services
from wenyue.waiting_room import TOKEN_TTL_S, PassGiven, TokenGiven
from wenyue.web.shared.cookies import cookie_of
from wenyue.web.shared.session import login_token, read_cookie, set_cookie, signed, unsigned

_PASS: Final = "wy_pass"  # noqa: S105 - a cookie's name
_TURN: Final = "wy_turn"
_PASS_AGE_S: Final = 3 * 24 * 3600
_TURNS_MAX: Final = 4
_LENGTH_MAX: Final = 400


def held_pass(request: Request, services: Services) -> str:
    """The pass that this browser holds for the room of the path, if it was given to this very login; else ''."""
    raw = cookie_of(request.headers.get("cookie", ""), _PASS)
    return unsigned(raw, services.vault, _purpose(request)) or ""


def keep_pass(response: Response, request: Request, event: str, given: PassGiven, services: Services) -> None:
    """Keep the place on this browser; sent back only to the room's own pages."""
    response.set_cookie(
        _PASS,
        signed(given.text, services.vault, _purpose(request)),
        max_age=_PASS_AGE_S,
        httponly=True,
        samesite="lax",
        secure=services.settings.web.is_secure,
        path=f"/room/{event}",
    )


def room_tokens(request: Request) -> str:
    """The tokens that this browser holds, as `WaitingRoom.refuse` reads them."""
    return read_cookie(request, _TURN)[:_LENGTH_MAX].replace(".", ",")


def keep_token(response: Response, request: Request, given: TokenGiven, services: Services) -> None:
    """Let this browser book: the newest tokens, at most four."""
    held = [one for one in read_cookie(request, _TURN)[:_LENGTH_MAX].split(".") if one and one != given.text]
    kept = ".".join([given.text, *held][:_TURNS_MAX])
    set_cookie(response, _TURN, kept, is_secure=services.settings.web.is_secure, age_s=TOKEN_TTL_S)


def _purpose(request: Request) -> str:
    return f"room|{login_token(request)}"
