"""Work that bookings leave for later: holds that ran out."""

import asyncio
from datetime import datetime

from wenyue.booking.engine import Engine
from wenyue.booking.model import ChangeKind, ChangeRequest, Outcome
from wenyue.booking.store import due_holds
from wenyue.infra.db import Database
from wenyue.kernel.limits import EXPIRY_BATCH_MAX


async def expire_holds(db: Database, engine: Engine, now: datetime) -> int:
    """Expire holds past their time, at most EXPIRY_BATCH_MAX; returns how many. Several workers at once do no harm."""
    async with db.connection() as tx:
        due = await due_holds(tx, now, EXPIRY_BATCH_MAX)
    requests = [ChangeRequest(ChangeKind.EXPIRE, booking_id, "system:expiry") for booking_id in due]
    answers = await asyncio.gather(*(engine.change(request) for request in requests))
    return sum(answer.outcome is Outcome.CANCELLED for answer in answers)
