"""Arguments of commands that are more than text."""

from datetime import date

from wenyue.infra.fault import SetupError


def day_of(text: str, name: str) -> date:
    """The date that argument or option `name` holds. Raises SetupError that names it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SetupError(
            f"{name} {text!r}: a date as 2027-10-01", f"{name} 应为 2027-10-01 这样的日期"
        ) from None
