"""What members of staff share who change something about their own sign-in, or administrators about others'.

What is risky wants a factor that was proved within ten minutes: FACTOR_OLD says that it has to be proved first.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Literal

from wenyue.accounts import Attempt, Caller, Login, LoginEnded, Staff
from wenyue.application.operating import Act, Operator, Works, acting
from wenyue.container import Services


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


def is_by_pin(login: Login | None) -> bool:
    """Whether a PIN at a gate device began it: good for that post, and for nothing about the person's own sign-in."""
    return login is not None and login.device_id is not None


@asynccontextmanager
async def own_attempt(
    services: Services, kind: Literal["staff", "factor"], operator: Operator, staff: Staff, caller: Caller
) -> AsyncGenerator[tuple[Attempt, Login]]:
    """A try of one's own secret by whoever is signed in, and the login that they act with.

    What is refused before the secret is looked at stays counted as a try, and forgives no guess: the caller takes `is_kept` back
    once it was right. Raises Throttled, LoginEnded, DatabaseDown.
    """
    now = services.clock()
    async with services.guard.attempt(kind, staff.login, caller, now, acts_as=operator.login) as tried:
        if tried.acting is None:
            raise LoginEnded
        tried.who, tried.is_right, tried.is_kept = operator.name, True, True
        yield tried, tried.acting


@asynccontextmanager
async def securing(works: Works, operator: Operator) -> AsyncGenerator[Act]:
    """The one transaction of such an act. Raises LoginEnded, DatabaseDown."""
    if not operator.login:
        raise LookupError("a command secures nobody's sign-in")
    async with acting(works, operator) as act:
        yield act
