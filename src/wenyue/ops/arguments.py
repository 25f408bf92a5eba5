"""Arguments of commands that are more than text."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import date

from wenyue.application.on_server import reason_for_record
from wenyue.platform.fault import SetupError


def day_of(text: str, name: str) -> date:
    """The date that argument or option `name` holds. Raises SetupError that names it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SetupError(
            f"{name} {text!r}: a date as 2027-10-01", f"{name} 应为 2027-10-01 这样的日期"
        ) from None


def reason_of(text: str) -> str:
    """Why something is done, for the record. Raises SetupError."""
    try:
        return reason_for_record(text)
    except ValueError as problem:
        raise SetupError(f"--why: {str(problem).partition(': ')[2]}", "请填写原因，一行，最多200字") from None


@contextmanager
def told(zh: str) -> Generator[None]:
    """What an act refuses with a ValueError is told as a fault of what was typed."""
    try:
        yield
    except ValueError as problem:
        raise SetupError(str(problem), zh) from problem
