"""A second person approves or declines what somebody proposed; whoever proposed it may take it back."""

from uuid import UUID

from msgspec import Struct

from wenyue.accounts import staffing
from wenyue.application.changeables import CHANGEABLES
from wenyue.application.operating import Act, NotDone, Operator, Works, acting
from wenyue.changes import REASON_LENGTH_MAX, Change, Refusal, State, rules, store
from wenyue.core.duties import Duty, Right, Role

OF_SYSTEM = "system:changes"


class Decision(Struct, frozen=True):
    """`digest`: of what the person was shown. `says`: what whoever proposed it is told."""

    id: UUID
    digest: str
    is_approved: bool
    says: str = ""


async def decide_change(works: Works, operator: Operator, request: Decision) -> State | Refusal | NotDone:
    """Approve, and do it in the same transaction; or decline. A refusal of the act itself ends the proposal as failed."""
    async with acting(works, operator) as act:
        change = await find_change(act, request.id, Right.CHANGES_APPROVE)
        if change is None:
            return Refusal.UNKNOWN
        refusal = rules.why_not_decide(
            change,
            operator.name,
            request.digest,
            act.now,
            is_factor_old=request.is_approved and act.is_factor_old,
        )
        if refusal is not None:
            return refusal
        says = request.says[:REASON_LENGTH_MAX]
        if request.is_approved and not await is_still_theirs(act, change):
            await store.settle(act.tx, change.id, State.WITHDRAWN, actor=OF_SYSTEM, now=act.now)
            return Refusal.LEFT
        if request.is_approved:
            return await carry_out(act, change, decided_by=operator.name, says=says)
        await store.settle(act.tx, change.id, State.DECLINED, actor=operator.name, now=act.now, decision=says)
    return State.DECLINED


async def withdraw_change(works: Works, operator: Operator, change_id: UUID) -> State | Refusal:
    """Take back what one proposed oneself, while it waits."""
    async with acting(works, operator) as act:
        change = await find_change(act, change_id)
        if change is None:
            return Refusal.UNKNOWN
        refusal = rules.why_not_withdraw(change, operator.name, act.now)
        if refusal is not None:
            return refusal
        await store.settle(act.tx, change.id, State.WITHDRAWN, actor=operator.name, now=act.now)
    return State.WITHDRAWN


async def find_change(act: Act, change_id: UUID, right: Right | None = None) -> Change | None:
    """A proposal, locked, if they who act have the right at its venue; one for every venue needs somebody of every venue.

    `right` None: the right to the act that is proposed.
    """
    change = await store.find_locked(act.tx, change_id)
    if change is None or not act.operator.may(right or CHANGEABLES[change.kind].right, change.venue_id):
        return None
    return change


async def is_still_theirs(act: Act, change: Change) -> bool:
    """Whether whoever proposed it is on the staff still, with the right to it."""
    by = (await staffing.staff_of_actors(act.tx, [change.proposed_by])).get(change.proposed_by)
    right = CHANGEABLES[change.kind].right
    return by is not None and by.is_active and by.staff.may(right, change.venue_id)


async def carry_out(
    act: Act, change: Change, *, decided_by: str, says: str = ""
) -> State | Refusal | NotDone:
    """Do what was agreed to, as whoever proposed it; when it is no longer what was agreed to, end it as failed."""
    changeable = CHANGEABLES[change.kind]
    request = changeable.read_request(change.request)
    duty = Duty(Role.OPERATOR, change.venue_id)  # it was theirs to propose; nothing beyond its venue is done
    theirs = Act(act.tx, act.now, Operator(change.proposed_by, duties=frozenset({duty})))
    problem: Refusal | NotDone | None
    await store.take_turn(act.tx, change.venue_id)
    looked = await changeable.look(theirs, request)
    problem = looked if isinstance(looked, NotDone) else rules.why_not_apply(change, looked)
    if problem is None:
        async with act.tx.transaction():
            done = await changeable.do(theirs, request)
        problem = done if isinstance(done, NotDone) else None
    state = State.APPLIED if problem is None else State.FAILED
    decision = says if problem is None else problem.value
    await store.settle(act.tx, change.id, state, actor=decided_by, now=act.now, decision=decision)
    return state if problem is None else problem
