"""A command does at once what the server does, and proposes what a member of staff asks for (`--as`)."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer
from msgspec import Struct

from wenyue.application.changeables import CHANGEABLES
from wenyue.application.operating import NotDone, Operator, Works
from wenyue.application.propose_change import ProposeChange, propose_change
from wenyue.changes import Change, Refusal, State
from wenyue.core.ids import uuid7
from wenyue.locale.terminal import gettext
from wenyue.ops.acting_as import acting_as
from wenyue.ops.not_done import refused

R = TypeVar("R", bound=Struct)
T = TypeVar("T")


def act_or_propose(
    kind: str,
    asked: Callable[[Works], Awaitable[R | NotDone]],
    at_once: Callable[[Works, Operator, R], Awaitable[T | NotDone]],
    by: str,
    why: str,
) -> T | None:
    """What the act came to, at once where the server acts; None: a member of staff proposed it, which is said.

    Raises SetupError for what was not done.
    """

    async def work(works: Works, operator: Operator) -> T | Change | Refusal | NotDone:
        request = await asked(works)
        if isinstance(request, NotDone):
            return request
        if not by:
            return await at_once(works, operator, request)
        return await propose_change(works, operator, ProposeChange(uuid7(), CHANGEABLES[kind], request, why))

    done = acting_as(work, by)
    if isinstance(done, (NotDone, Refusal)):
        raise refused(done)
    if isinstance(done, Change):
        _say_proposed(done)
        return None
    return done


def _say_proposed(change: Change) -> None:
    """What became of it, and where it is found."""
    if change.awaits_review:
        typer.echo(gettext("done; someone else must review it within 24 hours"))
    elif change.state is State.APPLIED:
        typer.echo(gettext("done"))
    elif change.applies_at is not None:  # one operator works alone
        at = f"{change.applies_at:%H:%M}"
        typer.echo(
            gettext(
                "it takes effect at {at} UTC unless you withdraw it: /console/changes/{id}",
                at=at,
                id=change.id,
            )
        )
    else:
        typer.echo(gettext("waiting for a second person: /console/changes/{id}", id=change.id))
