"""What members of staff share who change something about their own sign-in, or administrators about others'.

What is risky wants a factor that was proved within ten minutes: FACTOR_OLD says that it has to be proved first.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from enum import StrEnum

from wenyue.application.operating import Act, Operator, Works, acting


class NotSecured(StrEnum):
    """Why nothing was changed."""

    FACTOR_OLD = "factor_old"  # prove the factor once more, then ask again
    CODE_WRONG = "code_wrong"
    NOT_THEIR_PASSWORD = "not_their_password"  # noqa: S105 - the word of a reason
    KNOWN = "known"  # this passkey is somebody's already
    TOO_MANY = "too_many"
    LAST = "last"  # the last factor stays until there is another
    UNKNOWN = "unknown"  # there is none, or it is not theirs
    NOT_YOURS = "not_yours"
    BY_PIN = "by_pin"  # a PIN began this login: it makes no other way in, and takes none away


def is_by_pin(act: Act) -> bool:
    """Whether a PIN at a gate device began this login: good for that post, and for nothing about the person's own sign-in."""
    return act.login is not None and act.login.device_id is not None


@asynccontextmanager
async def securing(works: Works, operator: Operator) -> AsyncGenerator[Act]:
    """The one transaction of such an act. Raises LoginEnded, DatabaseDown."""
    if not operator.login:
        raise LookupError("a command secures nobody's sign-in")
    async with acting(works, operator) as act:
        yield act
