"""A holder who did not ask for a new card stops every replacement of theirs."""

from wenyue.accounts import Caller, end_logins
from wenyue.cards import recovery
from wenyue.container import Services


async def stop_replacement(services: Services, caller: Caller, code: str) -> bool:
    """The holder stops every replacement of theirs with the code of the message; False when it is none. Raises Throttled."""
    now = services.clock()
    async with services.guard.attempt("code", f"objection|{caller.address}", caller, now) as tried:
        holder_id = await recovery.object_with_code(tried.tx, services.vault, code=code, now=now)
        tried.is_right = holder_id is not None
        if holder_id is not None:
            await end_logins(tried.tx, holder_id, now)
    return tried.is_right
