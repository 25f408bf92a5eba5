"""Requests that the API's description allows, as Hypothesis makes them, and whether an answer is what it says (schemathesis)."""

import importlib
from collections import deque
from collections.abc import Iterable
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings

# Its types are generic in ways that a strict check cannot follow.
_library: Final[Any] = importlib.import_module("schemathesis")
_checks: Final[Any] = importlib.import_module("schemathesis.specs.openapi.checks")
_failures: Final[Any] = importlib.import_module("schemathesis.core.failures")
_CHECKS: Final = [
    importlib.import_module("schemathesis.checks").not_a_server_error,
    _checks.status_code_conformance,
    _checks.content_type_conformance,
    _checks.response_headers_conformance,
    _checks.response_schema_conformance,
]
_MANY: Final = 4  # requests of an operation; whoever sends them changes them


def described(document: dict[str, Any], *, without: Iterable[str]) -> dict[str, deque[Any]]:
    """Some requests of every operation, by its id, as the description allows them."""
    schema = _library.openapi.from_dict(document).exclude(operation_id=list(without))
    operations = [one.ok() for one in schema.get_all_operations()]
    return {one.definition.raw["operationId"]: _generated(one) for one in operations}


def _generated(operation: Any) -> deque[Any]:
    found = deque[Any]()

    @seed(20261130)
    @settings(
        max_examples=_MANY,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=(HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large),
    )
    @given(case=operation.as_strategy(generation_mode=_library.GenerationMode.POSITIVE))
    def gather(case: Any) -> None:
        found.append(case)

    gather()
    return found


def complaint(case: Any, answer: Any) -> str:
    """What is not as described about this answer, with the command that asks again; empty: nothing."""
    try:
        case.validate_response(answer, checks=_CHECKS)
    except (_failures.FailureGroup, _failures.Failure) as found:
        return f"{found}\n{case.as_curl_command()}"
    return ""
