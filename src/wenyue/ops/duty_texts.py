"""Duties as people type and read them: with the codes of venues instead of their numbers."""

from collections.abc import Mapping
from typing import Final

from wenyue import catalogue
from wenyue.core.documents.text import has_controls, has_unseen
from wenyue.core.duties import Duty, Role, read_duty
from wenyue.locale import Message
from wenyue.platform.database.db import Tx
from wenyue.platform.fault import SetupError

_VENUE: Final = "venue:"
_EVERYWHERE: Final = "destination"


async def duty_of(tx: Tx, text: str) -> Duty:
    """`desk@venue:lake`, `gate@venue:3/北门`, `approver`, `approver@destination`. Raises SetupError."""
    name, at, scope = text.strip().partition("@")
    if name.strip().lower() not in set(Role):
        raise SetupError(Message("{text}: the role must be one of {roles}", text=text, roles=", ".join(Role)))
    if has_controls(text) or has_unseen(text):
        raise SetupError(Message("a duty must be one line without control characters"))
    if not at or scope == _EVERYWHERE:
        return read_duty(name)
    if not scope.startswith(_VENUE):
        raise SetupError(
            Message(
                "{text}: the scope must be {everywhere}, {venue}CODE or {venue}CODE/POST",
                everywhere=_EVERYWHERE,
                venue=_VENUE,
                text=text,
            ),
        )
    code, slash, post = scope.removeprefix(_VENUE).partition("/")
    found = await catalogue.venue(tx, code)
    number = found.id if found is not None else code if code.isascii() and code.isdecimal() else None
    if number is None:
        raise SetupError(Message("venue {code} not found", code=repr(code)))
    try:
        return read_duty(f"{name}@{_VENUE}{number}{slash}{post}")
    except ValueError as error:
        raise SetupError(Message("invalid scope of a duty: {problem}", problem=str(error))) from error


def shown(duty: Duty, codes: Mapping[int, str]) -> str:
    """As `duty_of` reads it again."""
    if duty.venue_id is None:
        return duty.role.value
    post = f"/{duty.post}" if duty.post else ""
    return f"{duty.role}@{_VENUE}{codes.get(duty.venue_id, str(duty.venue_id))}{post}"
