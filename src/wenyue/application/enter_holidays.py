"""An operator enters what dates are, from an official notice; sessions that are already open follow."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from wenyue.application.operating import NotDone, Operator, Works, acting
from wenyue.booking import replanning
from wenyue.booking.replanning import HolidayEntry, Replanned
from wenyue.infra.db import Tx
from wenyue.kernel.duties import Right
from wenyue.policy import Preset, read_presets


async def enter_holidays(
    works: Works, operator: Operator, request: HolidayEntry, presets: Mapping[str, Preset] | None = None
) -> Replanned | NotDone:
    """What it came to; a date a transaction, so what was entered before a failure stays. It concerns every venue.

    No second person agrees to it (ADR 31), so whoever enters it has proved a second factor lately.

    `presets` None: as they are stored. Raises ValueError that names the field, LoginEnded.
    """
    replanning.check_entry(request)
    if not operator.may(Right.HOLIDAYS_SET, None):
        return NotDone.VENUE_UNKNOWN
    async with acting(works, operator) as act:
        if act.is_factor_old:
            return NotDone.FACTOR_OLD
    if presets is None:
        async with works.db.connection() as tx:
            presets, _ = await read_presets(tx, {})

    @asynccontextmanager
    async def transaction() -> AsyncGenerator[Tx]:
        async with acting(works, operator) as act:
            yield act.tx

    now, actor = works.clock(), operator.name
    return await replanning.enter_holidays(transaction, presets, request, now=now, actor=actor)
