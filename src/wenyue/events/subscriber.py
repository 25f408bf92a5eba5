"""Who wants to be told of events, and when something that failed is tried again. No database here."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wenyue.events.decoding import Happened
from wenyue.events.kinds import TYPES, Event, kind_of
from wenyue.platform.database.db import Tx

Handler = Callable[[Tx, Sequence[Happened]], Awaitable[None]]
_BACKOFF_EXPONENT_MAX = 20


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Somebody who is told of every event of the kinds it `wants`, in the order of each subject.

    `handle` gets some events, at most a batch; what it writes through its transaction is committed together with the
    subscriber's position. It may be called again with events that it has handled (a replay): it must not mind. An exception
    means that nothing was done: the events are tried one by one, and what fails then is tried again, `tries` times in all, with
    pauses that grow from `backoff_s` to `backoff_max_s`. What talks to the world outside adds a job in its transaction.
    """

    name: str
    wants: frozenset[type[Event]]
    handle: Handler = field(repr=False)
    tries: int = 8
    backoff_s: float = 4.0
    backoff_max_s: float = 3_600.0
    is_from_oldest: bool = (
        True  # where one begins that nobody knew before: with the oldest event, or with what happens now
    )

    def __post_init__(self) -> None:
        if not self.wants or not 1 <= self.tries <= 100 or self.backoff_s < 0:
            raise ValueError(
                f"subscriber {self.name}: wants something, tries 1 to 100 times, backoff_s 0 or more"
            )

    @property
    def ignored(self) -> list[str]:
        """Kinds that this version knows and the subscriber does not want."""
        wanted = {kind_of(one) for one in self.wants}
        return [kind for kind in TYPES if kind not in wanted]

    def again_at(self, tries: int, now: datetime) -> datetime:
        """When to try again after `tries` (at least one) that failed."""
        wait_s = self.backoff_s * 2 ** min(tries - 1, _BACKOFF_EXPONENT_MAX)
        return now + timedelta(seconds=min(wait_s, self.backoff_max_s))
