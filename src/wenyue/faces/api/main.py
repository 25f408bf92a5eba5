"""The FastAPI application behind the hot endpoints: JSON routes, pages, health."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI, Request
from psycopg import Error
from starlette.responses import JSONResponse, PlainTextResponse, Response

from wenyue import __doc__ as about
from wenyue.faces.api import bookings, session
from wenyue.faces.api.asking import locale_of, refusal
from wenyue.faces.api.bodies import BookingRefused
from wenyue.faces.api.logins import Logins
from wenyue.infra.db import DatabaseDown
from wenyue.services import Services


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
