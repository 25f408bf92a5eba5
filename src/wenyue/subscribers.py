"""Who is told of events, and the jobs that their texts become. Another listener is another entry in `Subscribers.all`.

A handler is a job of `application.jobs` that writes in the transaction that it is given, so its effects and its position in the
log are committed together. Whatever talks to somebody outside the database adds a job there.
"""

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Final, cast
from uuid import UUID

from wenyue.application.jobs.find_many_persons import find_many_persons
from wenyue.application.jobs.find_rotating_accounts import find_rotating_accounts
from wenyue.application.jobs.follow_calendar import FOLLOW, follow_calendar, plan_to_follow
from wenyue.application.jobs.index_for_gates import index_for_gates
from wenyue.application.jobs.send_texts import Outgoing, send_texts
from wenyue.application.jobs.write_messages import SEND, write_earlier, write_messages
from wenyue.booking import EventKind
from wenyue.container import Services
from wenyue.events import Subscriber, kinds
from wenyue.platform.jobs.queue import JobQueue
from wenyue.policy import DayKind

DELIVER: Final = "notifications.deliver"  # jobs of versions before there were subscribers
_BOOKED: Final = frozenset({kinds.BookingConfirmed, kinds.BookingHeld})


class Subscribers:
    """Everybody who is told, for one worker."""

    def __init__(self, services: Services, jobs: JobQueue, outgoing: Outgoing) -> None:
        self._services, self._outgoing = services, outgoing
        jobs.define(SEND, self.send_texts)
        jobs.define(DELIVER, self.deliver_and_send)
        jobs.define(FOLLOW, self.follow_calendar)
        self.all: tuple[Subscriber, ...] = (
            Subscriber("gate-index", _BOOKED | {kinds.BookingMoved}, partial(index_for_gates, services)),
            Subscriber(
                "messages",
                frozenset(kind.event for kind in EventKind),
                partial(write_messages, services, jobs),
            ),
            Subscriber("suspicious-accounts", _BOOKED, partial(find_many_persons, services)),
            Subscriber("rotating-accounts", _BOOKED, partial(find_rotating_accounts, services)),
            Subscriber("open-sessions", frozenset({kinds.CalendarEntered}), partial(plan_to_follow, jobs)),
        )

    async def send_texts(self, arguments: Mapping[str, object], /, *, is_last_try: bool) -> None:
        """The job SEND. Raises TextsLeft or a database's error: try again."""
        kind, ids = _arguments(arguments)
        await send_texts(self._services, self._outgoing, kind, ids, is_last_try=is_last_try)

    async def follow_calendar(self, arguments: Mapping[str, object], /, **_is_last_try: bool) -> None:
        """The job FOLLOW."""
        on_date = date.fromisoformat(cast(str, arguments["on_date"]))
        await follow_calendar(self._services, on_date, cast(DayKind, arguments["was"]))

    async def deliver_and_send(self, arguments: Mapping[str, object], /, *, is_last_try: bool) -> None:
        """The job DELIVER that an earlier version left: its messages may not be written yet."""
        await write_earlier(self._services, *_arguments(arguments))
        await self.send_texts(arguments, is_last_try=is_last_try)


def _arguments(arguments: Mapping[str, object]) -> tuple[EventKind, list[UUID]]:
    kind = EventKind(cast(int, arguments["kind"]))
    return kind, [UUID(one) for one in cast(list[str], arguments["booking_ids"])]
