"""Staff at a counter ask for a holder who is none."""

from wenyue.application.on_duty import OnDuty
from wenyue.audit import Entry, record
from wenyue.container import Services


async def note_unknown_holder(services: Services, act: OnDuty) -> None:
    """It counts as one of many that somebody looks for, and is written down."""
    services.note_unknown_holder(act.staff.id)
    await record(act.tx, [Entry(act.now, act.name, "recovery.holder_unknown", act.name)])
