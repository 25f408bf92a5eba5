"""An operator proposes a change: what only restricts is done at once, all else waits for a second person."""

from typing import Any
from uuid import UUID

from msgspec import Struct

from wenyue.application.changeables import Changeable, plain
from wenyue.application.operating import Act, NotDone, Operator, Works, acting
from wenyue.application.operator_checks import is_reason
from wenyue.application.preview_change import look_and_try
from wenyue.audit import Entry, record
from wenyue.changes import Change, Looked, Refusal, State, rules, store


class ProposeChange(Struct, frozen=True):
    """`id` was minted by whoever proposes, and is the same when the same is proposed again. `request` is the act's.

    `places_max`, `money_minor_max`: what it may touch when it takes effect; left out, a tenth more than now.
    """

    id: UUID
    act: Changeable[Any]
    request: Struct
    reason: str
    places_max: int | None = None
    money_minor_max: int | None = None


async def propose_change(
    works: Works, operator: Operator, request: ProposeChange
) -> Change | Refusal | NotDone:
    """Keep a proposal, and do at once what only restricts."""
    if not is_reason(request.reason):
        return NotDone.REASON_NEEDED
    async with acting(works, operator) as act:
        known = await store.find(act.tx, request.id)
        if known is not None:
            return _again(known, operator, request)
        looked = await look_and_try(act, request.act, request.request, is_held=True)
        change = looked if isinstance(looked, NotDone) else await _drawn_up(act, request, looked)
        if not isinstance(change, Change):
            return change
        if not await store.add(act.tx, change):  # proposed meanwhile by the same request
            known = await store.find(act.tx, request.id)
            return Refusal.UNKNOWN if known is None else _again(known, operator, request)
        if change.state is State.APPLIED:
            await request.act.do(act, request.request)
        detail: dict[str, object] = {"kind": change.kind, "state": change.state}
        entry = Entry(act.now, operator.name, "change.proposed", f"change:{change.id}", detail)
        await record(act.tx, [entry])
    return change


def _again(known: Change, operator: Operator, request: ProposeChange) -> Change | Refusal:
    is_same = (known.proposed_by, known.request) == (operator.name, plain(request.request))
    return known if is_same else Refusal.ID_REUSED


async def _drawn_up(act: Act, request: ProposeChange, looked: Looked) -> Change | Refusal:
    if not looked.is_other:
        return Refusal.NOTHING
    bounds = rules.bounds_for(looked.counts, places=request.places_max, money_minor=request.money_minor_max)
    if bounds is None:
        return Refusal.BOUNDS_LOW
    load = await store.load_of(act.tx, act.operator.name, looked.venue_id, act.now)
    refusal = rules.why_not_propose(load, looked.effect)
    if refusal is not None:
        return refusal
    is_one = await store.is_one_operator(act.tx)
    course = rules.course(looked.effect, act.now, is_one_operator=is_one)
    asked = plain(request.request)
    return Change(
        id=request.id,
        kind=request.act.kind,
        venue_id=looked.venue_id,
        effect=looked.effect,
        request=asked,
        was=looked.was,
        counts=looked.counts,
        bounds=bounds,
        reason=request.reason,
        digest=rules.digest_of(request.act.kind, asked, looked.was, bounds, request.reason),
        proposed_by=act.operator.name,
        proposed_at=act.now,
        expires_at=course.expires_at,
        state=State.APPLIED if course.is_at_once else State.WAITING,
        applies_at=course.applies_at,
        decided_at=act.now if course.is_at_once else None,
        review_by=course.review_by,
    )
