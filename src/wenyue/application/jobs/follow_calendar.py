"""When dates are of another kind, the sessions that are open on them follow: a job for each date, each a transaction."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from procrastinate.types import JSONDict

from wenyue.booking import replanning
from wenyue.container import Services
from wenyue.core.clock import days
from wenyue.events import Happened, kinds
from wenyue.platform.database.db import Tx
from wenyue.platform.jobs.queue import JobQueue
from wenyue.policy import DayKind

FOLLOW: Final = "calendar.follow"
_ACTOR: Final = "system:calendar"


async def plan_to_follow(jobs: JobQueue, tx: Tx, told: Sequence[Happened]) -> None:
    """A job for each date, in the transaction of the subscriber's position; heard again, a date follows once more, in vain."""
    for happened in told:
        event = happened.event
        if isinstance(event, kinds.CalendarEntered):
            dated = zip(days(event.from_day, event.to_day), event.was, strict=True)
            asked: list[JSONDict] = [{"on_date": day.isoformat(), "was": was} for day, was in dated]
            await jobs.add(tx, FOLLOW, asked)


async def follow_calendar(services: Services, on_date: date, was: DayKind) -> None:
    """The job FOLLOW: sessions that stand as the calendar planned them become what it plans now. Recorded."""
    async with services.db.transaction() as tx:
        await replanning.follow_day(tx, services.presets, on_date, was, now=services.clock(), actor=_ACTOR)
