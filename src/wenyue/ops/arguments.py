"""Arguments of commands that are more than text."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import date

from wenyue.application.on_server import reason_for_record
from wenyue.locale import Message
from wenyue.platform.fault import SetupError


def day_of(text: str, name: str) -> date:
    """The date that argument or option `name` holds. Raises SetupError that names it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SetupError(
            Message("{name} {text}: write a date such as 2027-10-01", name=name, text=repr(text))
        ) from None


def reason_of(text: str) -> str:
    """Why something is done, for the record. Raises SetupError."""
    try:
        return reason_for_record(text)
    except ValueError as problem:
        raise SetupError(Message("--why: {problem}", problem=str(problem).partition(": ")[2])) from None


@contextmanager
def told(message: Message) -> Generator[None]:
    """What an act refuses with a ValueError is told as a fault of what was typed: `message`, with the `{problem}`."""
    try:
        yield
    except ValueError as problem:
        raise SetupError(message.filled(problem=str(problem))) from problem
