"""When bookings are made: accounts that have now booked for many persons."""

from collections.abc import Sequence

from wenyue import abuse
from wenyue.application.jobs.index_for_gates import bookings_of
from wenyue.container import Services
from wenyue.events import Happened
from wenyue.platform.database.db import Tx


async def find_many_persons(services: Services, tx: Tx, told: Sequence[Happened]) -> None:
    """In the transaction of the subscriber's position; found again, a finding is seen again."""
    detector, now = services.abuse, services.clock()
    counts = await abuse.look_at_accounts(tx, bookings_of(told), detector.rules, now)
    pattern = abuse.Pattern.MANY_PERSONS
    totals = {(pattern, detector.subject("account", who)): count for who, count in counts.items()}
    await abuse.save_findings(tx, totals, detector.rules, now)
