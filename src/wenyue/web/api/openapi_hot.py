"""The description of the hot endpoints: schemas from their msgspec types, so that they cannot drift, and two operations."""

from datetime import date, datetime
from inspect import cleandoc
from typing import Any, Final

import msgspec

from wenyue.core.limits import AVAILABILITY_DAYS_MAX
from wenyue.web.api.bodies import AvailabilityPage, BookedAnswer, BookingBody, SlotAnswer
from wenyue.web.shared.problem import FieldError, Problem

_REF: Final = "#/components/schemas/{name}"


def hot_schemas() -> dict[str, Any]:
    """The msgspec types of the hot endpoints; msgspec itself does not say that an instant is a date-time."""
    kinds = (BookingBody, BookedAnswer, AvailabilityPage, SlotAnswer, Problem, FieldError)
    _, found = msgspec.json.schema_components(kinds, ref_template=_REF)
    for kind in kinds:
        for field in msgspec.structs.fields(kind):
            if field.type not in (datetime, datetime | None):
                continue
            schema = found[kind.__name__]["properties"][field.encode_name]
            for one in schema.get("anyOf", [schema]):
                if one["type"] == "string":
                    one["format"] = "date-time"
    for schema in found.values():
        if "description" in schema:
            schema["description"] = cleandoc(schema["description"])
    return found


def book_operation() -> dict[str, Any]:
    """POST /v1/bookings."""
    answer = {"application/json": {"schema": ref("BookedAnswer")}}
    place = {"Location": {"schema": {"type": "string"}, "description": "the booking"}}
    return {
        "tags": ["bookings"],
        "description": (
            "Book every line, or none: several lines are one itinerary. The booking's id is minted by the client (a UUID,"
            " best version 7) as `id`, as `Idempotency-Key`, or as both; after a lost reply send the same request again: 200 and"
            " the same answer, never a second booking. `hold` keeps the places for `hold_ttl_s` seconds until they are confirmed."
        ),
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "schema": {"type": "string", "format": "uuid"},
                "description": "The booking's id, when the body does not carry it; when both do, they are equal.",
            },
            {
                "name": "Room-Token",
                "in": "header",
                "required": False,
                "schema": {"type": "string"},
                "description": "What a waiting room gave, where one guards a slot; several separated by commas.",
            },
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": ref("BookingBody")}}},
        "responses": {
            "201": {"description": "The places are the caller's.", "content": answer, "headers": place},
            "200": {"description": "They already were: a replay.", "content": answer, "headers": place},
        },
    }


def availability_operation() -> dict[str, Any]:
    """GET /v1/availability."""
    day: dict[str, Any] = {"type": "string", "format": "date"}
    return {
        "tags": ["catalogue"],
        "description": (
            f"The slots of one product from `from` to `to` (both included, at most {AVAILABILITY_DAYS_MAX} days), in time order,"
            " with what is left. `as_of` is the instant of the figures, at most a second ago."
        ),
        "parameters": [
            {
                "name": "product_id",
                "in": "query",
                "required": True,
                "schema": {"type": "integer", "minimum": 1, "maximum": 2**63 - 1},
            },
            {
                "name": "from",
                "in": "query",
                "required": True,
                "schema": day,
                "example": date(2026, 10, 1).isoformat(),
            },
            {
                "name": "to",
                "in": "query",
                "required": False,
                "schema": day,
                "description": "`from` when left out",
            },
        ],
        "responses": {
            "200": {
                "description": "The slots.",
                "content": {"application/json": {"schema": ref("AvailabilityPage")}},
            }
        },
    }


def ref(name: str) -> dict[str, str]:
    """A reference to a schema of the document."""
    return {"$ref": _REF.format(name=name)}
