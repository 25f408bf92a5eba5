"""Codes and warnings about accounts leave; while the transport is out of order they wait."""

from wenyue import notifications
from wenyue.application.jobs.send_texts import Outgoing
from wenyue.container import Services
from wenyue.notifications import has_notices


async def send_notices(services: Services, outgoing: Outgoing) -> bool:
    """Whether more may wait."""
    async with services.db.connection() as tx:
        if not await has_notices(tx):
            return False
    try:
        async with services.db.transaction() as tx:
            return await notifications.send_notices(
                tx,
                services.vault,
                services.clock(),
                sms=outgoing.sms,
                limits=outgoing.limits,
                withheld=outgoing.note_withheld,
            )
    except OSError:
        return False
