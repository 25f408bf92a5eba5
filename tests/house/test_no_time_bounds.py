"""Time is no assertion (docs/adr/0041): a test waits for a deadline that nothing else reaches, the benchmark measures."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
CLOCKS = {"monotonic", "perf_counter", "process_time", "thread_time", "time"}
DEADLINES = {"until", "deadline", "times_out_at"}


def bounds(source: str) -> Iterator[int]:
    """Lines that assert that a clock stood at less than something other than a deadline that began before."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Assert):
            continue
        for one in ast.walk(node.test):
            if not isinstance(one, ast.Compare) or not isinstance(one.ops[0], ast.Lt | ast.LtE):
                continue
            names = {getattr(n, "attr", getattr(n, "id", "")) for n in ast.walk(one.left)}
            upper = getattr(one.comparators[0], "id", "")
            if upper not in DEADLINES and (
                names & CLOCKS or any(name in {"took_s", "elapsed_s"} for name in names)
            ):
                yield node.lineno


def test_no_test_bounds_how_long_something_takes() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{line}"
        for path in sorted(TESTS.rglob("*.py"))
        for line in bounds(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("assert monotonic() - began < 2", [1]),
        ("assert time.perf_counter() - began <= LIMIT_S", [1]),
        ("assert took_s < 3.0", [1]),
        ("assert monotonic() < until", []),
        ("assert monotonic() - began >= 0.2", []),
    ],
)
def test_bounds_are_found(source: str, lines: list[int]) -> None:
    assert list(bounds(source)) == lines
