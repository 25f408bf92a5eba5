"""What took effect by one person: somebody else looks at it afterwards; and what takes effect by itself, when its time comes."""

from uuid import UUID

from msgspec import Struct

from wenyue.application.decide_change import OF_SYSTEM, carry_out, find_change, is_still_theirs
from wenyue.application.operating import Operator, Works, acting
from wenyue.changes import REASON_LENGTH_MAX, Refusal, State, rules, store
from wenyue.core.duties import EVERY_DUTY, Right


class Review(Struct, frozen=True):
    """`says`: what whoever did it is told."""

    id: UUID
    says: str = ""


async def review_change(works: Works, operator: Operator, request: Review) -> Refusal | None:
    """Say that one has looked; None: noted."""
    async with acting(works, operator) as act:
        change = await find_change(act, request.id, Right.CHANGES_REVIEW)
        if change is None:
            return Refusal.UNKNOWN
        refusal = rules.why_not_review(change, operator.name)
        if refusal is None:
            says = request.says[:REASON_LENGTH_MAX]
            await store.review(act.tx, change.id, reviewer=operator.name, now=act.now, decision=says)
    return refusal


async def carry_out_due(works: Works) -> int:
    """Do what one operator proposed alone and whose delay is over, and end what nobody decided upon; how many in all.

    Each in a transaction of its own. Whoever has left the staff meanwhile has taken back what they proposed.
    """
    by_itself = Operator(OF_SYSTEM, duties=EVERY_DUTY)
    async with acting(works, by_itself) as act:
        count = await store.expire(act.tx, act.now)
        waiting = await store.due(act.tx, act.now)
    for change_id in waiting:
        async with acting(works, by_itself) as act:
            change = await find_change(act, change_id)
            is_one = await store.is_one_operator(act.tx)  # since it was proposed there may be two
            if change is None or not rules.is_due(change, act.now, is_one_operator=is_one):
                continue
            count += 1
            if await is_still_theirs(act, change):
                await carry_out(act, change, decided_by=OF_SYSTEM)
            else:
                await store.settle(act.tx, change.id, State.WITHDRAWN, actor=OF_SYSTEM, now=act.now)
    return count
