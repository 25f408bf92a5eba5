"""The notifications slice's nouns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from wenyue.booking import EventKind
from wenyue.core.personal import Secret


@dataclass(frozen=True, slots=True)
class ListedMessage:
    """One message in a traveller's list; the text names people masked only."""

    id: int
    booking_id: UUID
    kind: EventKind
    text: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class Sms:
    """One text to send. `id` is the same when it is sent again: a provider can tell it is the same one."""

    id: int
    phone: Secret[str]
    text: str = field(repr=False)


class SmsTransport(Protocol):
    """A way for texts to leave. An adapter stands for one provider and its account."""

    @property
    def name(self) -> str:
        """As operators configure it."""
        ...

    async def is_up(self) -> bool:
        """Whether texts could leave now; asked every half minute. Never raises."""
        ...

    async def send(self, batch: Sequence[Sms], now: datetime, /) -> frozenset[int]:
        """Hand over the batch; the ids that were accepted. The others are offered again later.

        A text can be offered twice (the answer to the first time was lost). Raises OSError when nothing was accepted.
        """
        ...
