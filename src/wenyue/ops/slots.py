"""`wenyue slots`: what operators do to sessions that people book: close, reopen, price, capacity."""

from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from wenyue import catalogue
from wenyue.application.capacities import SetCapacity, SetDayCapacity
from wenyue.application.close_slots import close_slots
from wenyue.application.closing import CloseSlots
from wenyue.application.lift_closure import LiftClosure, lift_closure
from wenyue.application.operating import NotDone, Operator, Works
from wenyue.application.operator_checks import DAYS_MAX
from wenyue.application.reprice import Reprice, reprice
from wenyue.application.set_capacity import CapacitySet, set_capacity
from wenyue.core.clock import days, utc_now
from wenyue.locale import DEFAULT, SOURCE, Message, command_locale, text_in, written
from wenyue.locale.terminal import gettext
from wenyue.ops.acting_as import AsOf, acting_as
from wenyue.ops.arguments import day_of
from wenyue.ops.not_done import NOT_DONE
from wenyue.ops.proposing import act_or_propose
from wenyue.platform.fault import SetupError
from wenyue.platform.program import Program

app = Program(
    no_args_is_help=True,
    help="Close and reopen sessions, set prices and capacities; bookings stand.",
)
_Venue = Annotated[str, typer.Argument(help="the venue's code")]
_From = Annotated[str, typer.Option("--from", help="first day, YYYY-MM-DD")]
_To = Annotated[str, typer.Option("--to", help="last day; the first when left out")]
_Follow = Annotated[
    bool,
    typer.Option("--follow", help="when more are taken: stop sales, and go down with every place given back"),
]


_Why = Annotated[
    str, typer.Option("--why", help="with --as: why, for those who approve or look at it afterwards")
]


@app.command("close")
def close(
    venue: _Venue,
    *,
    from_day: _From,
    to_day: _To = "",
    reason: Annotated[str, typer.Option(help="what travellers are told")],
    reason_en: Annotated[str, typer.Option("--reason-en", help="… in English")] = "",
    product: Annotated[str, typer.Option(help="one product's code; the whole venue when left out")] = "",
    why: _Why = "",
    by: AsOf = "",
) -> None:
    """Announce a closure and stop sales. Bookings stand."""
    first, last = _span(from_day, to_day)

    async def asked(works: Works) -> CloseSlots:
        venue_id, product_id = await _find(works, venue, product)
        return CloseSlots(venue_id, first, last, written({DEFAULT: reason, SOURCE: reason_en}), product_id)

    done = act_or_propose("slots.close", asked, close_slots, by, why or reason)
    if done is None:
        return
    which = f"closure {done.closure_id}" if done.closure_id is not None else "it stood already"
    typer.echo(gettext("{which}: {slots} open sessions closed", slots=done.slots, which=which))


@app.command("closures")
def closures(venue: _Venue) -> None:
    """The closures of a venue that stand, from today on."""
    today = utc_now().date() - timedelta(days=1)  # wherever the venue is, none of today's is left out

    async def work(works: Works, _: Operator) -> list[catalogue.Closure]:
        venue_id = (await _find(works, venue, ""))[0]
        async with works.db.connection() as tx:
            found = await catalogue.closures(tx, [venue_id], today, today + timedelta(days=3 * DAYS_MAX))
        return found.get(venue_id, [])

    table = Table(box=None, pad_edge=False)
    for column in (gettext("no."), gettext("from"), gettext("to"), gettext("product"), gettext("reason")):
        table.add_column(column)
    for one in acting_as(work):
        row = (
            one.id,
            one.from_date,
            one.to_date,
            one.product_id or "",
            text_in(one.reason, command_locale()),
        )
        table.add_row(*map(str, row))
    Console(markup=False).print(table)


@app.command("lift")
def lift(
    closure_id: Annotated[int, typer.Argument(help="from `wenyue slots closures`", min=1)],
    *,
    why: _Why = "",
    by: AsOf = "",
) -> None:
    """Lift a closure and take up sales again; what another closure covers stays closed."""

    async def asked(_: Works) -> LiftClosure:
        return LiftClosure(closure_id)

    opened = act_or_propose("slots.reopen", asked, lift_closure, by, why)
    if opened is not None:
        typer.echo(gettext("{opened} sessions opened", opened=opened))


@app.command("price")
def price(
    venue: _Venue,
    product: Annotated[str, typer.Argument(help="the product's code")],
    yuan: Annotated[str, typer.Argument(help="per place, e.g. 58 or 58.50")],
    *,
    from_day: _From,
    to_day: _To = "",
    why: _Why = "",
    by: AsOf = "",
) -> None:
    """Set what a product costs on these days. Bookings keep their price."""
    first, last = _span(from_day, to_day)
    minor = _minor(yuan)

    async def asked(works: Works) -> Reprice | NotDone:
        _, product_id = await _find(works, venue, product)
        if product_id is None:
            return NotDone.PRODUCT_UNKNOWN
        return Reprice(product_id, dict.fromkeys(days(first, last), minor))

    changed = act_or_propose("prices.set", asked, reprice, by, why)
    if changed is not None:
        typer.echo(gettext("{changed} open sessions changed", changed=changed))


@app.command("capacity")
def capacity(
    slot_id: Annotated[int, typer.Argument(help="the session's number, as in the API", min=1)],
    places: Annotated[int, typer.Argument(min=0)],
    *,
    follow: _Follow = False,
    why: _Why = "",
    by: AsOf = "",
) -> None:
    """Set how many places a session has in all."""

    async def asked(_: Works) -> SetCapacity:
        return SetCapacity(slot_id, places, "follow" if follow else "refuse")

    _say_capacity(act_or_propose("capacity.set", asked, set_capacity, by, why))


@app.command("day")
def day(
    venue: _Venue,
    on_date: Annotated[str, typer.Argument(help="YYYY-MM-DD")],
    places: Annotated[int, typer.Argument(min=0)],
    *,
    follow: _Follow = False,
    why: _Why = "",
    by: AsOf = "",
) -> None:
    """Set the carrying capacity of a venue's day, as an authority caps it."""
    wanted = day_of(on_date, "ON_DATE")

    async def asked(works: Works) -> SetDayCapacity:
        venue_id, _ = await _find(works, venue, "")
        return SetDayCapacity(venue_id, wanted, places, "follow" if follow else "refuse")

    _say_capacity(act_or_propose("capacity.day", asked, set_capacity, by, why))


def _say_capacity(done: CapacitySet | None) -> None:
    if done is None:
        return
    typer.echo(
        {
            CapacitySet.SET: gettext("set"),
            CapacitySet.UNCHANGED: gettext("no change: it was already so"),
            CapacitySet.FOLLOWS: gettext("sales stopped; capacity drops with every place given back"),
        }[done]
    )


async def _find(works: Works, venue: str, product: str) -> tuple[int, int | None]:
    """The ids behind two codes; no product when none was named. Raises SetupError."""
    async with works.db.connection() as tx:
        found = await catalogue.venue(tx, venue)
        if found is None:
            raise SetupError(Message("venue {code} not found", code=repr(venue)))
        if not product:
            return found.id, None
        for one in await catalogue.products(tx, found.id):
            if one.code == product:
                return found.id, one.id
    raise SetupError(Message("{venue} has no product {product}", venue=venue, product=repr(product)))


def _span(from_day: str, to_day: str) -> tuple[date, date]:
    first = day_of(from_day, "--from")
    last = day_of(to_day, "--to") if to_day else first
    if not 0 <= (last - first).days < DAYS_MAX:
        raise SetupError(NOT_DONE[NotDone.BAD_DATES])
    return first, last


def _minor(yuan: str) -> int:
    """分. Raises SetupError for what is no amount of at most two decimals."""
    try:
        minor = Decimal(yuan) * 100
    except InvalidOperation:
        minor = Decimal("NaN")
    if not minor.is_finite() or minor != minor.to_integral_value():
        raise SetupError(Message("YUAN {yuan}: write an amount such as 58 or 58.50", yuan=repr(yuan)))
    return int(minor)
