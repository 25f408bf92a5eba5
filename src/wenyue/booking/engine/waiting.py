"""Requests that wait for their answer, and batches of them that are being decided."""

import asyncio
from collections.abc import Iterable, Sequence
from uuid import UUID

from msgspec import Struct

from wenyue.booking.decisions.rules import Request
from wenyue.booking.model import Answer, BookingRequest


class Waiting(Struct, eq=False):
    """A request in an engine, from its arrival until it is answered."""

    request: Request
    id: UUID
    answer: asyncio.Future[Answer]
    deadline: float
    tries: int = 0
    is_in_doubt: bool = False  # an earlier try may have been committed
    is_suspect: bool = (
        False  # its batch failed twice: it is decided alone, so that a defect costs nobody else
    )
    mark: object = None  # the watch's own, when there is one
    followers: "Sequence[Waiting]" = ()  # the same, sent again meanwhile

    @property
    def is_wanted(self) -> bool:
        """Whether anybody still waits for it."""
        return not self.answer.done() or any(not one.answer.done() for one in self.followers)


class Running:
    """A batch in a lane.

    Until it begins to write, nothing was done for its requests, and nothing will be for one that nobody waits for any more:
    `may_write` is the moment when that ends. So who is answered before it can be told for certain.
    """

    __slots__ = ("batch", "is_writing")

    def __init__(self, batch: Sequence[Waiting]) -> None:
        self.batch = batch
        self.is_writing = False

    def may_write(self) -> bool:
        """Asked once, when all is decided. False: somebody was told by now that nothing was done; decide without them."""
        self.is_writing = all(waiting.is_wanted for waiting in self.batch)
        return self.is_writing


def wanted(batch: Iterable[Waiting]) -> list[Waiting]:
    """Those of `batch` that somebody waits for."""
    return [waiting for waiting in batch if waiting.is_wanted]


def deciding(lanes: Iterable[Running]) -> int:
    """How many requests are in batches."""
    return sum(len(running.batch) for running in lanes)


def is_same(mine: Request, other: Request) -> bool:
    """Whether two bookings under one id are one, sent twice: the same body of the same holder."""
    if not isinstance(mine, BookingRequest) or not isinstance(other, BookingRequest):
        return False
    return (mine.body_hash, mine.holder_id) == (other.body_hash, other.holder_id)
