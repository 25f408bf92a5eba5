"""Holds that ran out are given back, through the engine."""

from wenyue.booking import tasks
from wenyue.container import Services


async def expire_holds(services: Services) -> int:
    """How many, at most EXPIRY_BATCH_MAX. Several workers at once do no harm: a second try is a replay."""
    return await tasks.expire_holds(services.db, services.engine, services.clock())
