"""When bookings are made: persons who are now booked by many accounts."""

from collections.abc import Sequence
from datetime import timedelta

from wenyue import abuse
from wenyue.abuse import Pattern
from wenyue.application.jobs.index_for_gates import bookings_of
from wenyue.container import Services
from wenyue.events import Happened
from wenyue.platform.database.db import Tx


async def find_rotating_accounts(services: Services, tx: Tx, told: Sequence[Happened]) -> None:
    """In the transaction of the subscriber's position; found again, a finding is seen again.

    It notes who booked for whom, as keyed digests, so that no window of bookings is read for it.
    """
    detector, now = services.abuse, services.clock()
    since = now - timedelta(seconds=detector.rules[Pattern.ROTATED_ACCOUNTS].window_s)
    ids = bookings_of(one for one in told if one.at >= since)
    pairs = {
        (detector.subject("person", person), detector.subject("account", account))
        for person, account in await abuse.read_pairs(tx, ids)
    }
    counts = await abuse.note_pairs(tx, pairs, since, now)
    totals = {(Pattern.ROTATED_ACCOUNTS, person): count for person, count in counts.items()}
    await abuse.save_findings(tx, totals, detector.rules, now)
