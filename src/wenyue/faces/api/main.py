"""The FastAPI application behind the hot endpoints: JSON routes, pages, health."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from psycopg import Error, OperationalError
from starlette.responses import JSONResponse, PlainTextResponse, Response

from wenyue import __doc__ as about
from wenyue.faces.api import bookings, session
from wenyue.faces.api.asking import locale_of, refusal
from wenyue.faces.api.bodies import BookingRefused
from wenyue.faces.api.logins import Logins
from wenyue.faces.api.problems import FieldError
from wenyue.infra.db import DatabaseDown
from wenyue.services import Services

_FIELD_ERRORS_MAX: Final = 20
_TEXT_LENGTH_MAX: Final = 200


def create_api(
    services: Services, logins: Logins, lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]]
) -> FastAPI:
    """Every route that is not hot."""
    api = FastAPI(
        title="Wenyue 稳约", version="1", description=about or "", lifespan=lifespan, redoc_url=None
    )
    api.state.services = services
    api.state.logins = logins
    api.include_router(session.router)
    api.include_router(bookings.router)
    api.add_exception_handler(BookingRefused, _refused)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(DatabaseDown, _away)
    api.add_exception_handler(OperationalError, _away)

    @api.get("/healthz", include_in_schema=False)
    async def healthz() -> Response:
        """The process runs."""
        return PlainTextResponse("ok\n")

    @api.get("/readyz", include_in_schema=False)
    async def readyz() -> Response:
        """The process can do its work: the database answers."""
        try:
            async with services.db.connection() as tx:
                await tx.execute("SELECT 1")
        except (DatabaseDown, Error):
            return JSONResponse({"ready": False, "database": "away"}, status_code=503)
        return JSONResponse({"ready": True})

    return api


async def _refused(request: Request, refused: Exception) -> Response:
    if not isinstance(refused, BookingRefused):
        raise refused
    return refusal(refused, locale_of(request))


async def _invalid(request: Request, invalid: Exception) -> Response:
    """Which fields do not have the documented shape. What was sent is not repeated: it may name a person."""
    if not isinstance(invalid, RequestValidationError):
        raise invalid
    errors = [
        FieldError(_pointer(error["loc"][1:]), str(error["type"]), _plain(str(error["msg"])))
        for error in invalid.errors()[:_FIELD_ERRORS_MAX]
    ]
    return refusal(BookingRefused(422, "invalid_body", errors=errors), locale_of(request))


def _pointer(parts: Sequence[int | str]) -> str:
    """A JSON pointer (RFC 6901); unknown fields are named by the sender, so anything may stand in them."""
    return "".join("/" + _plain(str(part)).replace("~", "~0").replace("/", "~1") for part in parts)


def _plain(text: str) -> str:
    return text[:_TEXT_LENGTH_MAX].encode(errors="replace").decode()


async def _away(request: Request, _: Exception) -> Response:
    """The database is away: nothing was done, the same request may be sent again."""
    return refusal(BookingRefused(503, "busy"), locale_of(request))
