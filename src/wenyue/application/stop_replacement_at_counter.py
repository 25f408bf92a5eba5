"""The holder stands at a counter and says that a replacement was not theirs."""

from wenyue.accounts import Identity, end_logins
from wenyue.application.on_duty import NotAtPost, on_duty
from wenyue.application.unknown_holder import note_unknown_holder
from wenyue.cards import recovery
from wenyue.container import Services
from wenyue.core.duties import Right


async def stop_replacement_at_counter(services: Services, login: str, identity: Identity) -> bool | NotAtPost:
    """Stop every replacement of theirs; False when there is no such holder, or none to stop. That is written down, too.

    `login`: the `Login.key` of the member of staff. Raises LoginEnded.
    """
    async with on_duty(services, login) as act:
        if not act.staff.may_anywhere(Right.CARDS_STOP):
            return NotAtPost.NOT_THEIRS
        named = await recovery.named_holders(act.tx, services.vault, identity)
        if not named:
            await note_unknown_holder(services, act)
            return False
        found = False
        for known in named:
            stopped = await recovery.object_to_all(act.tx, holder_id=known.id, now=act.now, actor=act.name)
            if stopped is not None and stopped.is_login_over:
                await end_logins(act.tx, known.id, act.now)
            found = found or stopped is not None
        return found
