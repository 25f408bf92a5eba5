"""The names of accounts that an older version opened are noted beside their documents."""

from wenyue.accounts import names
from wenyue.container import Services


async def note_names(services: Services, after: int) -> int | None:
    """A page of accounts beyond this id; the last of it, None when there are no more."""
    async with services.db.transaction() as tx:
        return await names.note_names(tx, services.vault, after, services.clock())
