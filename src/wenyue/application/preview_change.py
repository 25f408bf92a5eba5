"""An operator sees what a change would touch before they propose it."""

from wenyue.application.changeables import Changeable, R
from wenyue.application.operating import Act, NotDone, Operator, Works, acting
from wenyue.changes import Looked, store


async def preview_change(
    works: Works, operator: Operator, act: Changeable[R], request: R
) -> Looked | NotDone:
    """What it would touch, and whether it could be done; it is done, looked at and undone."""
    async with acting(works, operator) as acting_now:
        return await look_and_try(acting_now, act, request)


async def look_and_try(
    act: Act, changeable: Changeable[R], request: R, *, is_held: bool = False
) -> Looked | NotDone:
    """What it would touch, once it was done and undone in this transaction.

    `is_held`: what is looked at stays as it is until the transaction ends.
    """
    looked = await changeable.look(act, request)
    if is_held and isinstance(looked, Looked):
        await store.take_turn(act.tx, looked.venue_id)
        looked = await changeable.look(act, request)
    if isinstance(looked, NotDone):
        return looked
    async with act.tx.transaction(force_rollback=True):
        done = await changeable.do(act, request)
    return done if isinstance(done, NotDone) else looked
