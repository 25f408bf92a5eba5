"""Duties as people type and read them: with the codes of venues instead of their numbers."""

from collections.abc import Mapping
from typing import Final

from wenyue import catalogue
from wenyue.core.documents.text import has_controls, has_unseen
from wenyue.core.duties import Duty, Role, read_duty
from wenyue.platform.database.db import Tx
from wenyue.platform.fault import SetupError

_VENUE: Final = "venue:"
_EVERYWHERE: Final = "destination"


async def duty_of(tx: Tx, text: str) -> Duty:
    """`desk@venue:lake`, `gate@venue:3/北门`, `approver`, `approver@destination`. Raises SetupError."""
    name, at, scope = text.strip().partition("@")
    if name.strip().lower() not in set(Role):
        raise SetupError(f"{text}: a role is one of {', '.join(Role)}", f"职责角色只能是 {'、'.join(Role)}")
    if has_controls(text) or has_unseen(text):
        raise SetupError("a duty is one line, without control characters", "职责不能含换行或控制字符")
    if not at or scope == _EVERYWHERE:
        return read_duty(name)
    if not scope.startswith(_VENUE):
        raise SetupError(
            f"{text}: a scope is {_EVERYWHERE}, {_VENUE}CODE or {_VENUE}CODE/POST",
            f"范围写作 {_EVERYWHERE}、{_VENUE}场馆代码 或 {_VENUE}场馆代码/岗位",
        )
    code, slash, post = scope.removeprefix(_VENUE).partition("/")
    found = await catalogue.venue(tx, code)
    number = found.id if found is not None else code if code.isascii() and code.isdecimal() else None
    if number is None:
        raise SetupError(f"there is no venue {code!r}", f"没有场馆 {code}")
    try:
        return read_duty(f"{name}@{_VENUE}{number}{slash}{post}")
    except ValueError as error:
        raise SetupError(str(error), "职责的范围不合要求") from error


def shown(duty: Duty, codes: Mapping[int, str]) -> str:
    """As `duty_of` reads it again."""
    if duty.venue_id is None:
        return duty.role.value
    post = f"/{duty.post}" if duty.post else ""
    return f"{duty.role}@{_VENUE}{codes.get(duty.venue_id, str(duty.venue_id))}{post}"
