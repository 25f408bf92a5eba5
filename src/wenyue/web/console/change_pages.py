"""Changes in the console: what waits for whom, one change with what it would do, and deciding on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from starlette.responses import Response

from wenyue.accounts import staffing
from wenyue.application.changeables import CHANGEABLES
from wenyue.application.decide_change import Decision, decide_change, withdraw_change
from wenyue.application.operating import NotDone, Operator
from wenyue.application.review_change import Review, review_change
from wenyue.changes import (
    LISTED_MAX,
    PAGES_MAX,
    REASON_LENGTH_MAX,
    Change,
    Refusal,
    State,
    proposal,
    proposals,
    rules,
)
from wenyue.core.duties import Right, may_anywhere, venues_for
from wenyue.locale.formats import say_number
from wenyue.platform.database.db import Tx
from wenyue.web.console.change_words import (
    REFUSALS,
    STATES,
    Named,
    Row,
    named,
    rows_of,
    say_act,
    say_counts,
)
from wenyue.web.console.context import OperatorContext, get, post
from wenyue.web.console.not_done import say_not_done
from wenyue.web.shared.forms import whole_number
from wenyue.web.shared.request_context import redirect
from wenyue.web.shared.second_step import ask_factor
from wenyue.web.wording import say_instant


@dataclass(frozen=True, slots=True)
class View:
    """One change as it is shown. `tone`, `mark`: of its state. `waits`: until when, or when it takes effect by itself."""

    id: str
    act: str
    venue: str
    rows: list[Row]
    reason: str
    by: str
    at: str
    tone: str
    mark: str
    state: str
    touches: str
    most: str
    waits: str
    decided: str
    decision: str
    digest: str
    may_decide: bool
    may_withdraw: bool
    may_review: bool

    @property
    def needs_me(self) -> bool:
        """Whether whoever looks can do something about it."""
        return self.may_decide or self.may_review


def operator_of(context: OperatorContext) -> Operator | None:
    """Who acts; None: nobody could be asked."""
    if context.staff is None:
        return None
    return Operator(f"staff:{context.staff.id}", context.login_key, context.staff.duties)


async def show_changes(context: OperatorContext) -> Response:
    """What waits, for whoever looks first, and what was."""
    operator = operator_of(context)
    if operator is None:
        return redirect(context.signin_path)
    page = whole_number(context.request.query_params.get("page", "1"), 1, PAGES_MAX) or 1
    async with context.services.db.reading() as tx:
        found = await proposals(tx, context.now, venues_for(operator.duties, Right.CONSOLE_VIEW), page=page)
        shown = await _views(context, tx, found, operator)
    mine = [one for one in shown if one.needs_me]
    return context.page(
        "changes",
        section="changes",
        may_propose=may_anywhere(operator.duties, Right.SLOTS_CLOSE),
        mine=mine,
        others=[one for one in shown if not one.needs_me],
        page=page,
        has_more=len(found) == LISTED_MAX and page < PAGES_MAX,
    )


async def show_change(context: OperatorContext) -> Response:
    """One change."""
    return await _one(context)


async def do_change(context: OperatorContext) -> Response:
    """Approve, decline, take back, or say that one has looked."""
    change_id, operator = _id(context), operator_of(context)
    if change_id is None or operator is None:
        return await _one(context)
    what, says = context.form.one("what"), context.form.one("says")[:REASON_LENGTH_MAX]
    done: State | Refusal | NotDone | None
    match what:
        case "approve" | "decline":
            decision = Decision(change_id, context.form.one("digest"), what == "approve", says)
            done = await decide_change(context.services, operator, decision)
        case "withdraw":
            done = await withdraw_change(context.services, operator, change_id)
        case "review":
            done = await review_change(context.services, operator, Review(change_id, says))
        case _:
            done = Refusal.DIFFERENT
    if done is Refusal.FACTOR_OLD:
        return await ask_factor(context)
    if isinstance(done, Refusal):
        return await _one(context, problem=context.say(REFUSALS[done]), says=says)
    if isinstance(done, NotDone):
        return await _one(context, problem=say_not_done(context, done), says=says)
    return redirect(f"/console/changes/{change_id}")


async def _one(context: OperatorContext, *, problem: str = "", says: str = "") -> Response:
    change_id, operator = _id(context), operator_of(context)
    if operator is None:
        return redirect(context.signin_path)
    async with context.services.db.reading() as tx:
        found = await proposal(tx, change_id) if change_id is not None else None
        if found is None or not operator.may(Right.CONSOLE_VIEW, found.venue_id):
            return context.message(
                404,
                context.gettext("Change not found"),
                context.say(REFUSALS[Refusal.UNKNOWN]),
                back="/console/changes",
            )
        [view] = await _views(context, tx, [found], operator)
    return context.page(
        "change",
        status=409 if problem else 200,
        section="changes",
        one=view,
        problem=problem,
        says=says,
        says_max=REASON_LENGTH_MAX,
    )


def _id(context: OperatorContext) -> UUID | None:
    try:
        return UUID(context.request.path_params["id"])
    except ValueError:
        return None


async def _views(context: OperatorContext, tx: Tx, found: Sequence[Change], operator: Operator) -> list[View]:
    actors = {actor for one in found for actor in (one.proposed_by, one.decided_by, one.reviewed_by)}
    people = await staffing.staff_of_actors(tx, actors)
    names = {actor: one.staff.display_name or one.staff.login for actor, one in people.items()}
    about = await named(tx, found)
    return [_view(context, one, operator, about, names) for one in found]


def _view(
    context: OperatorContext, one: Change, operator: Operator, about: Named, names: dict[str, str]
) -> View:
    state = State.EXPIRED if one.is_open and one.expires_at <= context.now else one.state
    tone, mark, word = STATES[state]
    decided = [
        context.gettext("decided by {who} on {at}", who=names.get(who, who), at=_at(context, at))
        for who, at in ((one.decided_by, one.decided_at), (one.reviewed_by, one.reviewed_at))
        if who and at
    ]
    return View(
        id=str(one.id),
        act=say_act(context, one.kind),
        venue=about.venue(one.venue_id, context.locale) or context.gettext("Every venue"),
        rows=rows_of(context, one, about),
        reason=one.reason,
        by=names.get(one.proposed_by, one.proposed_by),
        at=_at(context, one.proposed_at),
        tone=tone,
        mark=mark,
        state=context.say(word),
        touches=say_counts(context, one.counts),
        most=context.ngettext(
            "at most {count} place",
            "at most {count} places",
            one.bounds.places,
            count=say_number(one.bounds.places, context.locale),
        ),
        waits=_waits(context, one),
        decided=" · ".join(decided),
        decision=_decision(context, one),
        digest=one.digest,
        may_decide=operator.may(Right.CHANGES_APPROVE, one.venue_id)
        and rules.why_not_decide(one, operator.name, one.digest, context.now) is None,
        may_withdraw=operator.may(CHANGEABLES[one.kind].right, one.venue_id)
        and rules.why_not_withdraw(one, operator.name, context.now) is None,
        may_review=operator.may(Right.CHANGES_REVIEW, one.venue_id)
        and rules.why_not_review(one, operator.name) is None,
    )


def _waits(context: OperatorContext, one: Change) -> str:
    if one.is_open and one.expires_at > context.now:
        if one.applies_at is not None:
            return context.gettext("Takes effect automatically on {at}", at=_at(context, one.applies_at))
        return context.gettext("Valid until {at}", at=_at(context, one.expires_at))
    if one.awaits_review and one.review_by is not None:
        return context.gettext(
            "Done by one person, to be reviewed by another by {at}", at=_at(context, one.review_by)
        )
    return ""


def _decision(context: OperatorContext, one: Change) -> str:
    if one.state is not State.FAILED:
        return one.decision
    try:
        return context.say(REFUSALS[Refusal(one.decision)])
    except ValueError:
        return say_not_done(context, NotDone(one.decision))


def _at(context: OperatorContext, at: datetime) -> str:
    return say_instant(at, context.locale, context.services.rulebook.timezone)


routes: Final = [
    get("/console/changes", show_changes),
    get("/console/changes/{id}", show_change),
    post("/console/changes/{id}", do_change),
]
