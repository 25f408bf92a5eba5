"""What is settled of the record is sealed under the seals' key."""

from wenyue.application.operating import Works
from wenyue.audit import seal
from wenyue.core.personal import SealKeys


async def seal_record(works: Works, keys: SealKeys) -> int:
    """How many entries. Raises ChainAhead: the chain is newer than the clock."""
    async with works.db.transaction() as tx:
        return await seal(tx, works.clock(), keys)
