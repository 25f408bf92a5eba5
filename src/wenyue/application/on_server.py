"""What whoever runs commands does, on the server or as a member of staff: the transaction, the right, the reason on record."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from typing import Protocol

from wenyue.application.operating import Act, Operator, Works, acting
from wenyue.application.operator_checks import REASON_LENGTH_MAX
from wenyue.core.duties import EVERY_DUTY, Right
from wenyue.core.personal import Vault


class KeyedWorks(Works, Protocol):
    """What these acts need: beside the database, the installation's keys."""

    @property
    def vault(self) -> Vault:
        """The installation's keys."""
        ...


class NotAllowed(PermissionError):
    """They who act hold no duty with this right there."""

    def __init__(self, right: Right) -> None:
        super().__init__(right.value)
        self.right = right


@asynccontextmanager
async def on_server(works: Works, operator: Operator) -> AsyncGenerator[Act]:
    """The one transaction of such an act. Raises PermissionError for a login, and for whoever holds less than every duty."""
    if operator.login or not operator.duties >= EVERY_DUTY:
        raise PermissionError(operator.name)
    async with acting(works, operator) as act:
        yield act


@asynccontextmanager
async def acting_with(
    works: Works, operator: Operator, right: Right, venue_ids: Iterable[int | None] = (None,)
) -> AsyncGenerator[Act]:
    """The one transaction of an act that takes the right at each of these venues (None: of the whole destination).

    Raises NotAllowed, LoginEnded.
    """
    require(operator, right, venue_ids)
    async with acting(works, operator) as act:
        yield act


def require(operator: Operator, right: Right, venue_ids: Iterable[int | None] = (None,)) -> None:
    """They have the right at each of these venues. Raises NotAllowed."""
    if not all(operator.may(right, venue_id) for venue_id in venue_ids):
        raise NotAllowed(right)


def reason_for_record(text: str) -> str:
    """Why something is done, as the record keeps it. Raises ValueError."""
    if not 1 <= len(text.strip()) <= REASON_LENGTH_MAX or not text.isprintable():
        raise ValueError(f"reason: 1 to {REASON_LENGTH_MAX} characters on one line")
    return text.strip()
