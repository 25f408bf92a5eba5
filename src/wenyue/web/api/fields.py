"""Which field of a request has the wrong form, and how to mend it: pydantic's and msgspec's findings as field errors."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from wenyue.locale import translations
from wenyue.web.shared.problem import FieldError
from wenyue.web.wording.api import FIELD_WORDS

_ERRORS_MAX: Final = 20
_SAID_MAX: Final = 120
_PYDANTIC: Final[Mapping[str, str]] = {
    "missing": "missing",
    "extra_forbidden": "unknown_field",
    "string_too_long": "wrong_length",
    "string_too_short": "wrong_length",
    "too_long": "wrong_length",
    "too_short": "wrong_length",
    "greater_than": "out_of_range",
    "greater_than_equal": "out_of_range",
    "less_than": "out_of_range",
    "less_than_equal": "out_of_range",
    "int_parsing_size": "out_of_range",
}
_MSGSPEC: Final = (
    (re.compile(r"missing required field `(\w+)`"), "missing"),
    (re.compile(r"unknown field `(.*)`"), "unknown_field"),
    (re.compile(r"of length"), "wrong_length"),
    (re.compile(r"out of range|Expected `\w+` [<>]"), "out_of_range"),
    (re.compile(r", got `"), "wrong_type"),
)
_BOUNDS: Final = ("expected", "ge", "gt", "le", "lt", "min_length", "max_length")
_STEP: Final = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")


def pydantic_errors(found: Sequence[Mapping[str, Any]], locale: str) -> list[FieldError]:
    """The findings of FastAPI's validation, at most 20."""
    return [_pydantic_error(error, locale) for error in found[:_ERRORS_MAX]]


def is_bad_json(found: Sequence[Mapping[str, Any]]) -> bool:
    """The body was no JSON at all."""
    return any(error["type"] == "json_invalid" for error in found)


def msgspec_errors(message: str, locale: str) -> list[FieldError]:
    """The (one) finding of a msgspec decoder: `Expected `int`, got `str` - at `$.lines[0].slot_id``."""
    what, _, where = message.partition(" - at `")
    pointer = "".join(f"/{name or number}" for name, number in _STEP.findall(where.rstrip("`")))
    for pattern, code in _MSGSPEC:
        match = pattern.search(what)
        if match is not None:
            if match.re.groups:
                pointer += f"/{_escaped(match[1])}"
            return [_error(code, pointer, "", "" if match.re.groups else what, locale)]
    return [_error("wrong_form", pointer, "", what, locale)]


def _pydantic_error(error: Mapping[str, Any], locale: str) -> FieldError:
    kind: str = error["type"]
    code = _PYDANTIC.get(kind) or ("wrong_type" if kind.endswith("_type") else "wrong_form")
    place, *path = error["loc"]
    bounds: Mapping[str, Any] = error.get("ctx") or {}
    said = ", ".join(f"{name} {bounds[name]}" for name in _BOUNDS if name in bounds)
    if place == "body":
        return _error(code, "".join(f"/{_escaped(str(step))}" for step in path), "", said, locale)
    return _error(code, "", f"{place}.{'.'.join(str(step) for step in path)}", said, locale)


def _error(code: str, pointer: str, parameter: str, said: str, locale: str) -> FieldError:
    words = FIELD_WORDS[code].say(locale)
    if said:
        words = translations(locale).pgettext("field", "{what}: {bound}", what=words, bound=said[:_SAID_MAX])
    return FieldError(pointer, code, words, parameter)


def _escaped(step: str) -> str:
    """A step of a JSON pointer (RFC 6901)."""
    return step[:_SAID_MAX].replace("~", "~0").replace("/", "~1")
