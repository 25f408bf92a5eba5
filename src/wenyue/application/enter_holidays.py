"""An operator enters what dates are, from an official notice; sessions that are already open follow."""

from collections.abc import Mapping

from wenyue.application.entering_holidays import do_enter_holidays
from wenyue.application.operating import NotDone, Operator, Works, acting
from wenyue.booking import replanning
from wenyue.booking.slots.replanning import HolidayEntry, Replanned
from wenyue.core.clock import days
from wenyue.policy import Preset, read_presets


async def enter_holidays(
    works: Works, operator: Operator, request: HolidayEntry, presets: Mapping[str, Preset] | None = None
) -> Replanned | NotDone:
    """At once, as the server's command does; members of staff propose it (`changeables`). What it came to for open sessions.

    They follow a date a transaction, so nobody waits for more than one; what fails here is done by the event's subscriber.
    `presets` None: as they are stored. Raises ValueError that names the field, LoginEnded.
    """
    async with acting(works, operator) as act:
        entered = await do_enter_holidays(act, request)
    if isinstance(entered, NotDone):
        return entered
    if presets is None:
        async with works.db.connection() as tx:
            presets, _ = await read_presets(tx, {})
    done = Replanned()
    for on_date, was in zip(days(request.from_day, request.to_day), entered, strict=True):
        async with acting(works, operator) as act:
            followed = replanning.follow_day(act.tx, presets, on_date, was, now=act.now, actor=operator.name)
            done += await followed
    return done
