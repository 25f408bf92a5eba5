"""Every error under /v1 as a problem (RFC 9457) in the caller's language; pages keep their own error pages."""

import logging
from collections.abc import Sequence
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from psycopg import InterfaceError, OperationalError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Match, Route

from wenyue.accounts import LoginEnded
from wenyue.platform.database.db import DatabaseDown
from wenyue.platform.log import request_id
from wenyue.web.api.asking import refusal
from wenyue.web.api.fields import is_bad_json, pydantic_errors
from wenyue.web.middleware.edge import template_of
from wenyue.web.middleware.language import locale_of
from wenyue.web.middleware.logins import Logins
from wenyue.web.shared import SECURITY_HEADERS, fault_page, services_of
from wenyue.web.shared import locale_of as page_locale_of
from wenyue.web.shared.problem import RequestRefused

_log: Final = logging.getLogger("wenyue.web.api")
_CODES: Final = {400: "bad_json", 401: "login_needed", 404: "not_found", 405: "method", 413: "body_too_large"}
_HOT_METHODS: Final = {"/v1/availability": {"GET"}, "/v1/bookings": {"POST"}}
_ALL_METHODS: Final = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "QUERY",
]


def handle_faults(api: FastAPI) -> None:
    """Install every handler."""
    api.add_exception_handler(RequestRefused, _refused)
    api.add_exception_handler(LoginEnded, _ended)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(HTTPException, _http)
    for away in (DatabaseDown, OperationalError, InterfaceError):
        api.add_exception_handler(away, _away)
    api.add_exception_handler(Exception, _fault)


def catch_all(api: FastAPI) -> Route:
    """Answers under /v1 for which there is no route: 404, or 405 when the path has other methods. It stands last."""

    async def nothing(request: Request) -> Response:
        allowed = _methods_of(api, request)
        if not allowed:
            raise RequestRefused(404, "not_found")
        response = refusal(RequestRefused(405, "method"), locale_of(request))
        response.headers["Allow"] = ", ".join(sorted(allowed))
        return response

    return Route("/v1/{rest:path}", nothing, methods=_ALL_METHODS)


def _methods_of(api: FastAPI, request: Request) -> set[str]:
    allowed = set(_HOT_METHODS.get(request.url.path, ()))
    for method in _ALL_METHODS[:6]:
        scope = dict(request.scope) | {"method": method}
        for route in api.router.routes:
            if getattr(route, "path", "").endswith(":path}"):
                continue
            if route.matches(scope)[0] is Match.FULL:
                allowed.add(method)
                break
    return allowed


def _is_api(request: Request) -> bool:
    return request.url.path.startswith("/v1/")


async def _refused(request: Request, fault: Exception) -> Response:
    if not isinstance(fault, RequestRefused):
        raise fault
    return refusal(fault, locale_of(request))


async def _ended(request: Request, _fault: Exception) -> Response:
    """The login was good a moment ago, and was ended since: nothing was done."""
    logins: Logins = request.app.state.logins
    logins.forget(request.headers.get("authorization", "").encode("latin-1"))
    return refusal(RequestRefused(401, "login_needed"), locale_of(request))


async def _invalid(request: Request, fault: Exception) -> Response:
    if not isinstance(fault, RequestValidationError):
        raise fault
    found: Sequence[Any] = fault.errors()
    locale = locale_of(request)
    if is_bad_json(found):
        return refusal(RequestRefused(400, "bad_json"), locale)
    return refusal(RequestRefused(422, "invalid_body", errors=pydantic_errors(found, locale)), locale)


async def _http(request: Request, fault: Exception) -> Response:
    if not isinstance(fault, HTTPException):
        raise fault
    if not _is_api(request):
        return PlainTextResponse(f"{fault.detail}\n", fault.status_code, headers=fault.headers)
    response = refusal(
        RequestRefused(fault.status_code, _CODES.get(fault.status_code, "bad_json")), locale_of(request)
    )
    response.headers.update(fault.headers or {})
    return response


async def _away(request: Request, fault: Exception) -> Response:
    """The database is away or too slow: nothing was done, and asking again is right."""
    services_of(request).db.outage.note_bad(type(fault).__name__, is_sure=False)
    response = refusal(RequestRefused(503, "busy"), locale_of(request))
    return response if _is_api(request) else PlainTextResponse("busy\n", 503, headers=response.headers)


async def _fault(request: Request, fault: Exception) -> Response:
    """A defect. The log has it under the request's id; the caller learns that id, and that it is not theirs to mend."""
    asked = request_id.get()
    _log.error("%s %s failed", request.method, template_of(request.scope), exc_info=fault)
    if _is_api(request):
        response = refusal(RequestRefused(500, "internal"), locale_of(request))
    else:
        page = fault_page(page_locale_of(request), asked)
        response = HTMLResponse(page, 500, headers=dict(SECURITY_HEADERS) | {"Cache-Control": "no-store"})
    response.headers["X-Request-Id"] = asked
    return response
