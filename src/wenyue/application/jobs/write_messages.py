"""When something happens to bookings, their travellers get messages, and jobs that send the texts."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final
from uuid import UUID

from procrastinate.types import JSONDict

from wenyue.application.jobs.index_for_gates import bookings_of
from wenyue.booking import EventKind
from wenyue.container import Services
from wenyue.events import Happened
from wenyue.gate import index_bookings
from wenyue.notifications import BY_SMS, deliver
from wenyue.platform.database.db import Tx
from wenyue.platform.jobs.queue import JobQueue

SEND: Final = "notifications.send"
BOOKINGS_PER_JOB_MAX: Final = 50  # as many texts as one offer to a provider


async def write_messages(services: Services, jobs: JobQueue, tx: Tx, told: Sequence[Happened]) -> None:
    """In the order of what happened, in the transaction of the subscriber's position; each message once."""
    now = services.clock()
    for one, of_kind in groupby(told, key=lambda happened: type(happened.event)):
        kind, ids = EventKind.of(one), bookings_of(of_kind)
        for at in range(0, len(ids), BOOKINGS_PER_JOB_MAX):
            some = ids[at : at + BOOKINGS_PER_JOB_MAX]
            written = await deliver(tx, services.vault, kind, some, now, presets=services.presets)
            if written and kind in BY_SMS:
                job: JSONDict = {"kind": int(kind), "booking_ids": [str(one) for one in some]}
                await jobs.add(tx, SEND, [job])


async def write_earlier(services: Services, kind: EventKind, ids: Sequence[UUID]) -> None:
    """What a job of a version before there were subscribers was to write; it may be written already."""
    now, days = services.clock(), services.settings.gate.lookup_days
    async with services.db.transaction() as tx:
        await index_bookings(tx, services.vault, ids, now, days=days)
        await deliver(tx, services.vault, kind, ids, now, presets=services.presets)
