"""The OpenAPI document as the human page shows it."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final

from wenyue.web.api.openapi_words import SUMMARIES, TAG_NAMES

_DEPTH_MAX: Final = 4
_REF_NAME: Final = re.compile(r"#/components/schemas/(\w+)")


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field of a body, one parameter."""

    name: str
    type: str
    is_required: bool
    note: str
    depth: int = 0


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One status that an operation answers with."""

    status: str
    phrase: str
    note: str
    schema: str


@dataclass(frozen=True, slots=True)
class OperationView:
    """One operation."""

    id: str
    method: str
    path: str
    title: str
    text: str
    is_secured: bool
    parameters: Sequence[FieldView]
    body: Sequence[FieldView]
    example: str
    answers: Sequence[AnswerView]
    answer: str  # the shape of a success


@dataclass(frozen=True, slots=True)
class GroupView:
    """The operations of one tag."""

    id: str
    title: str
    text: str
    operations: Sequence[OperationView]


def operations(document: Mapping[str, Any], locale: str) -> list[GroupView]:
    """Every operation of the document, by tag."""
    found: list[GroupView] = []
    for tag in document["tags"]:
        members = [
            _operation(document, method, path, operation, locale)
            for path, item in document["paths"].items()
            for method, operation in item.items()
            if operation["tags"][0] == tag["name"]
        ]
        title = TAG_NAMES[tag["name"]].say(locale)
        found.append(GroupView(tag["name"], title, tag["description"], members))
    return found


def shapes(document: Mapping[str, Any]) -> list[tuple[str, str, list[FieldView]]]:
    """(name, description, fields) of everything that answers are made of, what is in another after it."""
    found: dict[str, list[FieldView]] = {}
    schemas: Mapping[str, Any] = document["components"]["schemas"]
    wanted = [
        _answer(status, answer).schema
        for item in document["paths"].values()
        for operation in item.values()
        for status, answer in sorted(operation["responses"].items())
    ] + [_PERSON]
    while wanted:
        name = wanted.pop(0)
        if name in found or not schemas.get(name, {}).get("properties"):
            continue
        found[name] = list(_fields(document, schemas[name], depth_max=1))
        wanted[:0] = _REF_NAME.findall(json.dumps(schemas[name]))
    return [(name, schemas[name].get("description", ""), fields) for name, fields in found.items()]


def statuses(document: Mapping[str, Any]) -> list[AnswerView]:
    """Every status that some operation answers with; for a success, what it means first of all."""
    found: dict[str, AnswerView] = {}
    for item in document["paths"].values():
        for operation in item.values():
            for status, answer in operation["responses"].items():
                view = _answer(status, answer)
                found.setdefault(status, view if status >= "4" else replace(view, note=""))
    return [found[status] for status in sorted(found)]


def _operation(
    document: Mapping[str, Any], method: str, path: str, operation: Mapping[str, Any], locale: str
) -> OperationView:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    answers = sorted(operation["responses"].items())
    views = [_answer(status, one) for status, one in answers]
    good = [view.schema for view in views if view.status < "3" and view.schema]
    return OperationView(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        title=SUMMARIES[f"{method.upper()} {path}"].say(locale),
        text=operation.get("description", ""),
        is_secured="security" in operation,
        parameters=[_parameter(document, one) for one in operation["parameters"] if not _is_everywhere(one)],
        body=_without_person(document, list(_fields(document, body.get("schema", {})))),
        example=json.dumps(body["example"], ensure_ascii=False, indent=2) if "example" in body else "",
        answers=[view for view in views if view.status not in _EVERYWHERE],
        answer=good[0] if good else "",
    )


def _without_person(document: Mapping[str, Any], fields: list[FieldView]) -> list[FieldView]:
    """A person's fields stand once on the page: bodies that have them all refer to them."""
    person = set(document["components"]["schemas"][_PERSON]["properties"])
    own = [field for field in fields if field.name not in person]
    if not person or not person <= {field.name for field in fields}:
        return fields
    return [*own, FieldView("…", _PERSON, is_required=True, note=f"the fields of `{_PERSON}`, below")]


_PERSON: Final = "PersonBody"
_EVERYWHERE: Final = frozenset({"400", "408", "413", "415", "503"})


def _is_everywhere(parameter: Mapping[str, Any]) -> bool:
    """What every operation takes alike is said once, at the top of the page."""
    name = parameter["name"]
    return name == "Accept-Language" or (name == "Idempotency-Key" and not parameter["required"])


def _answer(status: str, answer: Mapping[str, Any]) -> AnswerView:
    content: Mapping[str, Any] = answer.get("content", {})
    refs: list[str] = [one["schema"].get("$ref", "") for one in content.values()]
    name = refs[0].rpartition("/")[2] if refs else ""
    return AnswerView(status, HTTPStatus(int(status)).phrase, answer["description"], name)


def _parameter(document: Mapping[str, Any], parameter: Mapping[str, Any]) -> FieldView:
    schema = parameter["schema"]
    note = parameter.get("description", schema.get("description", ""))
    where = parameter["in"]
    return FieldView(
        parameter["name"], f"{where}, {_type(document, schema)}", parameter.get("required", False), note
    )


def _fields(
    document: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0, depth_max: int = _DEPTH_MAX
) -> Iterable[FieldView]:
    """The fields of an object, those of its objects below it."""
    schema = _resolved(document, schema)
    needed = set(schema.get("required", ()))
    for name, field in schema.get("properties", {}).items():
        note = field.get("description", "")
        yield FieldView(name, _type(document, field), name in needed, note, depth)
        inner = _inner(document, field)
        if inner is not None and depth + 1 < depth_max:
            yield from _fields(document, inner, depth + 1, depth_max)


def _inner(document: Mapping[str, Any], field: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The object that a field or its items are, if any."""
    for one in (field, *field.get("anyOf", ()), field.get("items", {}), *field.get("allOf", ())):
        found = _resolved(document, one)
        if "properties" in found:
            return found
    return None


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in schema:
        return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    options = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return _resolved(document, options[0]) if len(options) == 1 else schema


def _type(document: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """In one line: `integer ≥ 1`, `list of object`, `string (uuid), null`."""
    if "anyOf" in schema:
        return ", ".join(_type(document, one) for one in schema["anyOf"])
    found = _resolved(document, schema)
    if "enum" in found:
        return " | ".join(str(one) for one in found["enum"])
    if "const" in found:
        return str(found["const"])
    kind = str(found.get("type", "object"))
    if kind == "object":
        return str(found.get("title", kind))
    if kind == "array":
        most = f" ≤ {found['maxItems']}" if "maxItems" in found else ""
        return f"list{most} of {_type(document, found.get('items', {}))}"
    return kind + _bounds(found)


def _bounds(schema: Mapping[str, Any]) -> str:
    said = f" ({schema['format']})" if "format" in schema else ""
    low, high = schema.get("minimum"), schema.get("maximum", 2**53)
    if low is not None and high < 2**53:
        said += f" {low} – {high}"
    elif low:
        said += f" ≥ {low}"
    if "maxLength" in schema:
        said += f" ≤ {schema['maxLength']} characters"
    return said
