"""Who is told of events, and the jobs that their texts become. Another listener is another entry in `Subscribers.all`.

A handler writes in the transaction that it is given, so its effects and its position in the log are committed together.
Whatever talks to somebody outside the database adds a job there.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final, cast
from uuid import UUID

from procrastinate.types import JSONDict

from wenyue import abuse
from wenyue.booking import EventKind
from wenyue.events import BookingEvent, Happened, Subscriber, kinds
from wenyue.gate import index_bookings
from wenyue.infra.db import Tx
from wenyue.infra.jobs import JobQueue
from wenyue.notifications import BY_SMS, deliver
from wenyue.services import Services
from wenyue.worker_texts import TextSender

SEND: Final = "notifications.send"
DELIVER: Final = "notifications.deliver"  # jobs of versions before there were subscribers
BOOKINGS_PER_JOB_MAX: Final = 50  # as many texts as one offer to a provider


class Subscribers:
    """Everybody who is told, for one worker."""

    def __init__(self, services: Services, jobs: JobQueue, texts: TextSender) -> None:
        self._services, self._jobs, self._texts = services, jobs, texts
        jobs.define(SEND, self.send_texts)
        jobs.define(DELIVER, self.deliver_and_send)
        self.all: tuple[Subscriber, ...] = (
            Subscriber(
                "gate-index",
                frozenset({kinds.BookingConfirmed, kinds.BookingHeld, kinds.BookingMoved}),
                self.index_for_gates,
            ),
            Subscriber("messages", frozenset(kind.event for kind in EventKind), self.write_messages),
            Subscriber(
                "suspicious-accounts",
                frozenset({kinds.BookingConfirmed, kinds.BookingHeld}),
                self.look_for_many_persons,
            ),
        )

    async def index_for_gates(self, tx: Tx, told: Sequence[Happened]) -> None:
        """What gates look bookings of near days up by."""
        services = self._services
        days = services.settings.gate.lookup_days
        await index_bookings(tx, services.vault, _bookings(told), services.clock(), days=days)

    async def write_messages(self, tx: Tx, told: Sequence[Happened]) -> None:
        """Messages of travellers, in the order of what happened, and jobs that send their texts."""
        services, now = self._services, self._services.clock()
        for one, of_kind in groupby(told, key=lambda happened: type(happened.event)):
            kind, ids = EventKind.of(one), _bookings(list(of_kind))
            for at in range(0, len(ids), BOOKINGS_PER_JOB_MAX):
                some = ids[at : at + BOOKINGS_PER_JOB_MAX]
                written = await deliver(tx, services.vault, kind, some, now, presets=services.presets)
                if written and kind in BY_SMS:
                    job: JSONDict = {"kind": int(kind), "booking_ids": [str(one) for one in some]}
                    await self._jobs.add(tx, SEND, [job])

    async def look_for_many_persons(self, tx: Tx, told: Sequence[Happened]) -> None:
        """Accounts that have now booked for many persons."""
        detector, now = self._services.abuse, self._services.clock()
        counts = await abuse.look_at_accounts(tx, _bookings(told), detector.rules, now)
        pattern = abuse.Pattern.MANY_PERSONS
        totals = {(pattern, detector.subject("account", who)): count for who, count in counts.items()}
        await abuse.save_findings(tx, totals, detector.rules, now)

    async def send_texts(self, arguments: Mapping[str, object], /, *, is_last_try: bool) -> None:
        """The job SEND. Raises TextsLeft or a database's error: try again."""
        kind, ids = _arguments(arguments)
        await self._texts.send(kind, ids, self._services.clock(), is_last_try=is_last_try)

    async def deliver_and_send(self, arguments: Mapping[str, object], /, *, is_last_try: bool) -> None:
        """The job DELIVER that an earlier version left: its messages may not be written yet."""
        services, now = self._services, self._services.clock()
        kind, ids = _arguments(arguments)
        days = services.settings.gate.lookup_days
        async with services.db.transaction() as tx:
            await index_bookings(tx, services.vault, ids, now, days=days)
            await deliver(tx, services.vault, kind, ids, now, presets=services.presets)
        await self.send_texts(arguments, is_last_try=is_last_try)


def _bookings(told: Sequence[Happened]) -> list[UUID]:
    """Whom the events are about, each once, in order."""
    return list(dict.fromkeys(cast(BookingEvent, one.event).booking_id for one in told))


def _arguments(arguments: Mapping[str, object]) -> tuple[EventKind, list[UUID]]:
    kind = EventKind(cast(int, arguments["kind"]))
    return kind, [UUID(one) for one in cast(list[str], arguments["booking_ids"])]
