"""A person lets others book them under another spelling of their name, as family or an agency writes it."""

from wenyue.accounts import names
from wenyue.application.actors import Traveller
from wenyue.application.places_by_others import NotTaken, own_keys
from wenyue.application.travelling import acting
from wenyue.audit import Entry, record
from wenyue.container import Services


async def add_spelling(services: Services, traveller: Traveller, name: str) -> NotTaken | None:
    """Of the account's own holder; None: done. Recorded. Raises LoginEnded."""
    async with acting(services, traveller) as act:
        own = await own_keys(services, act.tx, traveller.id)
        if own is None:
            return NotTaken.UNSEEN
        if not await names.note_seen(act.tx, services.vault, own.person, name, act.now, staff_id=None):
            return NotTaken.NAMES_FULL
        await record(act.tx, [Entry(act.now, traveller.name, "name.spelling_added", traveller.name)])
    return None
