"""`wenyue changes`: what operators propose, what waits, and whether one operator works alone."""

from typing import Annotated, Final
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from wenyue.accounts import staffing
from wenyue.application.decide_change import Decision, decide_change
from wenyue.application.declare_operators import declare_operators
from wenyue.application.operating import NotDone, Operator
from wenyue.application.review_change import Review, review_change
from wenyue.changes import Change, Refusal, State, store
from wenyue.core.clock import utc_now
from wenyue.core.personal import Vault
from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.acting_as import Acting, AsOf, acting_as
from wenyue.ops.as_owner import reading
from wenyue.ops.change_view import SHOWN_LENGTH, lines_of, state_of
from wenyue.ops.not_done import refused
from wenyue.platform.database.db import Tx
from wenyue.platform.fault import SetupError
from wenyue.platform.program import Program
from wenyue.web.console.change_words import named

app = Program(
    no_args_is_help=True,
    help="What operators propose and who agreed; decided here or in the console.",
)
_WIDTH_MIN: Final = 140
_Id = Annotated[str, typer.Argument(metavar="ID", help="as `wenyue changes list` shows it")]
_Says = Annotated[str, typer.Option("--says", help="what whoever proposed it is told")]


@app.command("list")
def list_changes() -> None:
    """The latest proposals, those that wait first."""

    async def work(tx: Tx, _: Vault) -> tuple[list[Change], dict[str, str]]:
        found = await store.latest(tx, utc_now())
        people = await staffing.staff_of_actors(tx, [one.proposed_by for one in found])
        return found, {actor: one.staff.login for actor, one in people.items()}

    found, logins = reading(work)
    table = Table(box=None, pad_edge=False)
    table.add_column("id", no_wrap=True)
    for column in (
        gettext("proposed (UTC)"),
        gettext("by"),
        gettext("act"),
        gettext("venue"),
        gettext("state"),
        gettext("reason"),
    ):
        table.add_column(column)
    for one in found:
        by = logins.get(one.proposed_by, one.proposed_by)
        at = f"{one.proposed_at:%Y-%m-%d %H:%M}"
        table.add_row(str(one.id), at, by, one.kind, str(one.venue_id or "*"), state_of(one), one.reason)
    console = Console(markup=False)
    console.width = max(console.width, _WIDTH_MIN)  # an id is 36 characters, and is copied whole
    console.print(table if found else gettext("no changes proposed yet"))


@app.command("show")
def show(change_id: _Id) -> None:
    """One proposal: what it changes, what it touches, and the word that `approve` wants."""
    which = _id(change_id)

    async def work(tx: Tx, _: Vault) -> list[str]:
        found = await store.find(tx, which)
        if found is None:
            raise refused(Refusal.UNKNOWN)
        people = await staffing.staff_of_actors(tx, [found.proposed_by])
        logins = {actor: one.staff.login for actor, one in people.items()}
        return lines_of(found, await named(tx, [found]), logins)

    for line in reading(work):
        typer.echo(line)


@app.command("approve")
def approve(
    change_id: _Id,
    shown: Annotated[str, typer.Option("--shown", help="the last line of `wenyue changes show ID`")],
    by: AsOf,
    says: _Says = "",
) -> None:
    """Agree to what somebody else proposed: it is done."""
    shown = shown.strip().lower()
    if len(shown) < SHOWN_LENGTH:
        raise SetupError(
            Message(
                "--shown: give the last line of `wenyue changes show ID`, so that you "
                "approve exactly what you saw"
            ),
        )
    _decide(_id(change_id), by, says, shown)
    typer.echo(gettext("approved and applied"))


@app.command("decline")
def decline(change_id: _Id, by: AsOf, says: _Says = "") -> None:
    """Refuse what somebody else proposed: nothing is done."""
    _decide(_id(change_id), by, says)
    typer.echo(gettext("declined"))


@app.command("review")
def review(change_id: _Id, by: AsOf, says: _Says = "") -> None:
    """Say that you looked at what somebody else did alone."""
    request = Review(_id(change_id), says)

    async def work(works: Acting, operator: Operator) -> Refusal | None:
        return await review_change(works, operator, request)

    if (refusal := acting_as(work, _somebody(by))) is not None:
        raise refused(refusal)
    typer.echo(gettext("reviewed"))


def _decide(change_id: UUID, by: str, says: str, shown: str | None = None) -> None:
    """Approve what begins with `shown`; None: decline it, whatever it is. Raises SetupError for what was not done."""

    async def work(works: Acting, operator: Operator) -> State | Refusal | NotDone:
        async with works.db.connection() as tx:
            found = await store.find(tx, change_id)
        if found is None:
            return Refusal.UNKNOWN
        if shown is not None and not found.digest.startswith(shown):
            return Refusal.DIFFERENT
        decision = Decision(change_id, found.digest, shown is not None, says)
        return await decide_change(works, operator, decision)

    done = acting_as(work, _somebody(by))
    if isinstance(done, (Refusal, NotDone)):
        raise refused(done)


def _somebody(by: str) -> str:
    """Who decides: a person, never the server. Raises SetupError."""
    if not by:
        raise SetupError(Message("--as LOGIN is required: whose decision is it?"))
    return by


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise SetupError(
            Message("ID {text}: use the id shown by `wenyue changes list`", text=repr(text))
        ) from None


@app.command("one-operator")
def one_operator(
    switch: Annotated[str, typer.Argument(help="on | off | show", metavar="on|off|show")] = "show",
) -> None:
    """Declare that one operator works alone: what would wait for a second person is done ten minutes later, told."""
    if switch not in {"on", "off", "show"}:
        raise SetupError(Message("{switch}: must be on, off or show", switch=repr(switch)))

    async def work(works: Acting, operator: Operator) -> bool:
        if switch != "show":
            await declare_operators(works, operator, is_one=switch == "on")
        async with works.db.connection() as tx:
            return await store.is_one_operator(tx)

    typer.echo(
        gettext("a single operator: changes that loosen take effect by themselves after ten minutes")
        if acting_as(work)
        else gettext("two people: changes that loosen wait for someone other than the proposer")
    )
