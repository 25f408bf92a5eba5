"""The API's description: FastAPI's own for its routes, the hot endpoints from their msgspec types, every problem documented.

A test sends what this document allows to a running server and holds every answer against it.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from wenyue.locale import DEFAULT, SOURCE
from wenyue.web.api.openapi_hot import availability_operation, book_operation, hot_schemas, ref
from wenyue.web.api.openapi_words import ABOUT, EXAMPLES, SUMMARIES, TAG_NAMES, TAGS

_PROBLEM_TYPE: Final = "application/problem+json"
_SECURED: Final[list[dict[str, list[str]]]] = [{"bearer": []}]
_PROBLEMS: Final[Mapping[int, str]] = {
    400: "The body is not JSON.",
    401: "No valid token.",
    403: "The caller may not do this.",
    404: "There is none, or it is not the caller's.",
    408: "The body did not arrive in time.",
    409: "The state of things forbids it; `outcome` says why.",
    413: "The body is longer than 64 KiB.",
    415: "The body is not sent as application/json.",
    422: "Fields to mend: `errors` names each.",
    429: "Too often; `at` says until when, where it is known.",
    503: "Nothing was done, or the outcome is not known yet: send the same request again after `Retry-After` seconds.",
}
_ON_ANY_BODY: Final = (400, 408, 413, 415, 422)
# What an operation refuses with, besides what its body, its parameters and its login imply (`_implied`).
_REFUSES: Final[Mapping[tuple[str, str], tuple[int, ...]]] = {
    ("post", "/v1/session"): (403, 429),
    ("post", "/v1/cards/activation"): (401, 403, 429),
    ("post", "/v1/cards/{card_no}/loss"): (404, 409),
    ("post", "/v1/cards/{card_no}/replacement"): (404, 409),
    ("post", "/v1/cards/lost"): (429,),
    ("post", "/v1/cards/lost/{request_id}/code"): (403, 429),
    ("post", "/v1/cards/objection"): (403, 429),
    ("post", "/v1/gate/cards/replacement"): (404, 409, 429),
    ("post", "/v1/gate/cards/objection"): (404,),
    ("post", "/v1/visitors"): (409, 429),
    ("post", "/v1/names"): (409,),
    ("post", "/v1/places-by-others/{slot_id}/disowning"): (404, 409, 429),
    ("post", "/v1/gate/places"): (403, 404, 409, 429),
    ("post", "/v1/gate/holders"): (403, 404, 409, 429),
    ("delete", "/v1/visitors/{visitor_id}"): (404,),
    ("get", "/v1/cards/{card_id}/availability"): (404,),
    ("get", "/v1/venues/{code}"): (404,),
    ("get", "/v1/products/{product_id}"): (404,),
    ("get", "/v1/bookings/{booking_id}"): (404,),
    ("post", "/v1/bookings"): (404, 409, 429),
    ("post", "/v1/bookings/{booking_id}/confirmation"): (404, 409, 429),
    ("post", "/v1/bookings/{booking_id}/cancellation"): (404, 409, 429),
    ("post", "/v1/bookings/{booking_id}/reschedule"): (403, 404, 409, 429),
    ("post", "/v1/rooms/{event}/pass"): (404, 409),
    ("post", "/v1/rooms/{event}/token"): (404, 409, 429),
    ("post", "/v1/gate/session"): (401, 429),
    ("post", "/v1/gate/scans"): (404,),
    ("post", "/v1/gate/scans/{scan_id}/undo"): (403, 404, 409, 429),
    ("post", "/v1/gate/lookups"): (403, 404, 429),
}
_REPLAYED: Final = frozenset({"/v1/cards/activation", "/v1/cards/{card_no}/replacement"})  # 201, then 200
_OPEN: Final = frozenset({"/v1/venues", "/v1/venues/{code}", "/v1/products/{product_id}", "/v1/availability"})
_SIGN_IN: Final = frozenset(
    {
        "/v1/session",
        "/v1/gate/session",
        "/v1/cards/activation",
        "/v1/cards/lost",
        "/v1/cards/lost/{request_id}/code",
        "/v1/cards/objection",
    }
)
_KEY_NOTE: Final = (
    "Accepted on every POST. This one is idempotent by nature: sent again it says the same, whatever the key."
)
_SIGN_IN_NOTE: Final = (
    "Accepted on every POST. Signing in again gives another token and changes nothing else."
)


def describe(api: FastAPI) -> None:
    """Make `api.openapi()` complete, and serve it at /openapi.json."""
    held: dict[str, Any] = {}

    def document() -> dict[str, Any]:
        if not held:
            held.update(_document(api))
        return held

    async def serve(_: Request) -> Response:
        return Response(msgspec.json.encode(document()), media_type="application/json")

    api.openapi = document
    api.router.routes.append(Route("/openapi.json", serve, methods=["GET"]))


def _document(api: FastAPI) -> dict[str, Any]:
    made = get_openapi(
        title=api.title,
        version=api.version,
        description=ABOUT,
        tags=[{**tag, "x-name-zh": TAG_NAMES[tag["name"]].say(DEFAULT)} for tag in TAGS],
        routes=api.routes,
    )
    schemas: dict[str, Any] = made["components"]["schemas"]
    schemas.update(hot_schemas())
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    made["paths"].setdefault("/v1/bookings", {})["post"] = book_operation()
    made["paths"]["/v1/availability"] = {"get": availability_operation()}
    for path, item in made["paths"].items():
        for method, operation in item.items():
            _complete(method, path, operation)
    made["components"]["securitySchemes"] = {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "A traveller's token from POST /v1/session, or a staff token from POST /v1/gate/session.",
        }
    }
    made["servers"] = [{"url": "/"}]
    return made


def _complete(method: str, path: str, operation: dict[str, Any]) -> None:
    key = f"{method.upper()} {path}"
    operation["summary"], operation["x-summary-zh"] = (SUMMARIES[key].say(one) for one in (SOURCE, DEFAULT))
    operation["operationId"] = _operation_id(method, path)
    is_open = path in _OPEN or (method == "post" and path in _SIGN_IN)
    if is_open:
        operation.pop("security", None)
    else:
        operation["security"] = _SECURED
    parameters: list[dict[str, Any]] = operation.setdefault("parameters", [])
    for parameter in parameters:
        if key.endswith("/{card_no}/replacement") and parameter["in"] == "header":
            parameter |= {"name": "Idempotency-Key", "required": True}
            parameter["schema"] = {"type": "string", "format": "uuid"}
    if method == "post" and not any(one["in"] == "header" for one in parameters):
        is_session = path.endswith("/session")
        parameters.append(_header("Idempotency-Key", _SIGN_IN_NOTE if is_session else _KEY_NOTE))
    parameters.append(
        _header("Accept-Language", "`en` for English, everything else is Chinese; `?lang=en` says the same.")
    )
    if not any(one["in"] != "header" for one in parameters) and "requestBody" not in operation and is_open:
        operation["responses"].pop("422", None)
    for status in sorted(
        _implied(method, operation, is_open=is_open) | set(_REFUSES.get((method, path), ()))
    ):
        operation["responses"][str(status)] = _problem(status)
    if method == "post" and path in _REPLAYED:
        again = operation["responses"]["201"] | {"description": "It already was so: a replay."}
        operation["responses"]["200"] = again
    if key in EXAMPLES and "requestBody" in operation:
        operation["requestBody"]["content"]["application/json"]["example"] = EXAMPLES[key]


def _implied(method: str, operation: Mapping[str, Any], *, is_open: bool) -> set[int]:
    statuses = {503}
    if not is_open:
        statuses |= {401, 403}
    if method != "get":
        statuses |= {408, 413, 415, 400}  # a body is read before anything else
    if "requestBody" in operation or any(one["in"] != "header" for one in operation["parameters"]):
        statuses.add(422)
    return statuses


def _problem(status: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "description": _PROBLEMS[status],
        "content": {_PROBLEM_TYPE: {"schema": ref("Problem")}},
    }
    if status == 503:
        found["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}}
    return found


def _header(name: str, description: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "schema": {"type": "string"},
        "description": description,
    }


def _operation_id(method: str, path: str) -> str:
    steps = [step.strip("{}") for step in path.removeprefix("/v1/").split("/")]
    return "_".join([method, *steps])
