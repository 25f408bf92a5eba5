"""`wenyue devices`: which devices stand at gates and counters."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from wenyue import catalogue
from wenyue.accounts import gate_devices
from wenyue.accounts.gate_devices import DeviceRecord
from wenyue.application.manage_devices import AllowDevice, Allowed, allow_device, revoke_device
from wenyue.application.operating import NotDone, Operator
from wenyue.core.clock import utc_now
from wenyue.core.duties import Right, venues_for
from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.acting_as import Acting, AsOf, acting_as
from wenyue.ops.not_done import NOT_DONE
from wenyue.platform.fault import SetupError
from wenyue.platform.program import Program

app = Program(no_args_is_help=True, help="Devices at gates and counters: enrol, list, revoke.")
T = TypeVar("T")
_SAYS: Final = NOT_DONE | {
    NotDone.VENUE_UNKNOWN: Message("venue not found, or you can't manage its devices"),
}


@app.command()
def enrol(
    venue: Annotated[str, typer.Argument(help="the venue's code")],
    post: Annotated[str, typer.Argument(help="the gate or counter, such as North Gate")],
    *,
    by: AsOf = "",
) -> None:
    """A code for one device, good for ten minutes: type it there at /gate/enrol."""

    async def work(works: Acting, operator: Operator) -> Allowed | NotDone:
        async with works.db.connection() as tx:
            found = await catalogue.venue(tx, venue)
        return await allow_device(works, operator, AllowDevice(0 if found is None else found.id, post))

    made = _run(work, by)
    typer.echo(
        gettext("device {device}: code: {code}", device=made.device_id, code=made.code)
        + "\n"
        + gettext("It's shown only once.")
    )


@app.command()
def revoke(
    device: Annotated[int, typer.Argument(help="from `wenyue devices list`", min=1)], *, by: AsOf = ""
) -> None:
    """The device opens nothing any more; whoever is signed in at it with a PIN is signed out."""

    async def work(works: Acting, operator: Operator) -> NotDone | bool:
        return await revoke_device(works, operator, device) or True

    _run(work, by)
    typer.echo(gettext("device {device}: revoked", device=device))


@app.command("list")
def list_devices(*, by: AsOf = "") -> None:
    """Every device, those in use first."""

    async def work(works: Acting, operator: Operator) -> tuple[list[DeviceRecord], dict[int, str]]:
        async with works.db.connection() as tx:
            found = await gate_devices.devices(tx, venues_for(operator.duties, Right.DEVICES_MANAGE))
            known = await catalogue.venues_by_id(tx, sorted({one.device.venue_id for one in found}))
        return found, {id_: one.code for id_, one in known.items()}

    found, codes = acting_as(work, by)
    table = Table(box=None, pad_edge=False)
    for head in (gettext("no."), gettext("venue"), gettext("post"), gettext("enrolled by"), gettext("state")):
        table.add_column(head, overflow="fold")
    now = utc_now()
    for one in found:
        state = (
            gettext("in use")
            if one.enrolled_at
            else gettext("waiting for its code")
            if one.code_until > now
            else gettext("code expired")
        )
        where = codes.get(one.device.venue_id, str(one.device.venue_id))
        state = gettext("revoked") if one.revoked_at else state
        table.add_row(str(one.device.id), where, one.device.post, one.made_by, state)
    Console(markup=False, emoji=False).print(table if found else gettext("no devices yet"))


def _run(work: Callable[[Acting, Operator], Awaitable[T | NotDone]], by: str) -> T:
    done = acting_as(work, by)
    if isinstance(done, NotDone):
        raise SetupError(_SAYS[done])
    return done
