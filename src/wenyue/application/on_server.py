"""What whoever runs commands on the server does, and no login: who that is, the transaction, and the reason on record."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Protocol

from wenyue.application.operating import Act, Operator, Works, acting
from wenyue.application.operator_checks import REASON_LENGTH_MAX
from wenyue.kernel.duties import EVERY_DUTY
from wenyue.kernel.personal import Vault


class KeyedWorks(Works, Protocol):
    """What these acts need: beside the database, the installation's keys."""

    @property
    def vault(self) -> Vault:
        """The installation's keys."""
        ...


@asynccontextmanager
async def on_server(works: Works, operator: Operator) -> AsyncGenerator[Act]:
    """The one transaction of such an act. Raises PermissionError for a login, and for whoever holds less than every duty."""
    if operator.login or not operator.duties >= EVERY_DUTY:
        raise PermissionError(operator.name)
    async with acting(works, operator) as act:
        yield act


def reason_for_record(text: str) -> str:
    """Why something is done, as the record keeps it. Raises ValueError."""
    if not 1 <= len(text.strip()) <= REASON_LENGTH_MAX or not text.isprintable():
        raise ValueError(f"reason: 1 to {REASON_LENGTH_MAX} characters on one line")
    return text.strip()
