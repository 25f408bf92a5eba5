"""`wenyue changes`: what operators propose, what waits, and whether one operator works alone."""

from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from wenyue.accounts import staffing
from wenyue.application.declare_operators import declare_operators
from wenyue.application.operating import Operator
from wenyue.changes import Change, State, store
from wenyue.infra.db import Tx
from wenyue.infra.fault import SetupError
from wenyue.kernel.clock import utc_now
from wenyue.kernel.personal import Vault
from wenyue.tools.acting_as import Acting, acting_as
from wenyue.tools.as_owner import reading

app = typer.Typer(
    no_args_is_help=True,
    help="What operators propose and who agreed; decided in the console (变更与审批).",
)
_STATES: Final = {
    State.WAITING: "waits · 待审批",
    State.APPLIED: "done · 已生效",
    State.DECLINED: "declined · 未通过",
    State.WITHDRAWN: "taken back · 已撤回",
    State.EXPIRED: "expired · 已过期",
    State.FAILED: "not done · 未能执行",
}


@app.command("list")
def list_changes() -> None:
    """The latest proposals, those that wait first (最近的变更)."""

    async def work(tx: Tx, _: Vault) -> tuple[list[Change], dict[str, str]]:
        found = await store.latest(tx, utc_now())
        people = await staffing.staff_of_actors(tx, [one.proposed_by for one in found])
        return found, {actor: one.staff.login for actor, one in people.items()}

    found, logins = reading(work)
    table = Table(box=None, pad_edge=False)
    for column in (
        "proposed (UTC) · 时间",
        "by · 提出人",
        "act · 操作",
        "venue · 场馆",
        "state · 状态",
        "reason · 原因",
    ):
        table.add_column(column)
    for one in found:
        state = _STATES[one.state] + (" · awaits review 待复核" if one.awaits_review else "")
        by = logins.get(one.proposed_by, one.proposed_by)
        at = f"{one.proposed_at:%Y-%m-%d %H:%M}"
        table.add_row(at, by, one.kind, str(one.venue_id or "*"), state, one.reason)
    Console(markup=False).print(table if found else "nothing was proposed yet · 还没有变更")


@app.command("one-operator")
def one_operator(
    switch: Annotated[str, typer.Argument(help="on | off | show", metavar="on|off|show")] = "show",
) -> None:
    """Declare that one operator works alone: what would wait for a second person is done ten minutes later, told (单人运营)."""
    if switch not in {"on", "off", "show"}:
        raise SetupError(f"{switch!r}: on, off or show", "请写 on、off 或 show")

    async def work(works: Acting, operator: Operator) -> bool:
        if switch != "show":
            await declare_operators(works, operator, is_one=switch == "on")
        async with works.db.connection() as tx:
            return await store.is_one_operator(tx)

    typer.echo(
        "one operator works alone: what loosens takes effect ten minutes later by itself · 单人运营：放宽类变更十分钟后自动生效"
        if acting_as(work)
        else "two persons: what loosens waits for somebody who did not propose it · 双人：放宽类变更须由他人审批"
    )
