"""`wenyue holidays`: what is known of a year's holidays, and entering what the State Council's notice says."""

from datetime import date
from typing import Annotated, TypeVar, cast

import typer
from rich.console import Console
from rich.table import Table

from wenyue.application.enter_holidays import enter_holidays
from wenyue.application.operating import Operator, Works
from wenyue.booking import replanning
from wenyue.core.clock import days
from wenyue.core.personal import Vault
from wenyue.locale import Message
from wenyue.locale.terminal import gettext, pgettext
from wenyue.ops.acting_as import Acting, AsOf, acting_as
from wenyue.ops.arguments import day_of
from wenyue.ops.as_owner import reading
from wenyue.ops.proposing import act_or_propose
from wenyue.platform.database.db import Tx
from wenyue.platform.fault import SetupError
from wenyue.platform.program import Program
from wenyue.policy import HOLIDAY_NAMES, DayKind, HolidayCalendar, load_calendar, read_presets

app = Program(
    no_args_is_help=True, help="The holiday calendar, and corrections of it from an official notice."
)
T = TypeVar("T")
_Day = Annotated[str, typer.Argument(help="YYYY-MM-DD")]


@app.command("list")
def list_(year: Annotated[int, typer.Argument(min=2004, max=2099)]) -> None:
    """The days off of YEAR and the weekend days that are worked, and whether they are published."""

    async def work(tx: Tx, _: Vault) -> HolidayCalendar:
        return await load_calendar(tx)

    calendar = reading(work)
    table = Table(box=None, pad_edge=False)
    for column in (gettext("date"), pgettext("ops", "kind"), gettext("holiday")):
        table.add_column(column)
    for day in days(date(year, 1, 1), date(year, 12, 31)):
        kind = calendar.day_kind(day)
        if kind == "holiday" or (kind == "workday") == (day.weekday() >= 5):
            table.add_row(f"{day} {day:%a}", kind, calendar.holiday_name(day))
    console = Console(markup=False)
    console.print(table)
    if not calendar.is_published(year):
        console.print(
            gettext("{year} is provisional: statutory days only, swapped days aren't known yet", year=year)
        )


@app.command("set")
def set_(
    from_day: _Day,
    kind: Annotated[str, typer.Argument(help="holiday, workday (a weekend day that is worked) or weekend")],
    name: Annotated[str, typer.Argument(help=" · ".join(HOLIDAY_NAMES))] = "",
    *,
    to_day: Annotated[str, typer.Option("--to", help="last day; the first when left out")] = "",
    source: Annotated[str, typer.Option(help="the official notice that says so")],
    preview: Annotated[bool, typer.Option("--preview", help="say what would happen; change nothing")] = False,
    by: AsOf = "",
) -> None:
    """Enter what dates are, and let the sessions that are already open follow.

    With --as it is proposed, and a second person agrees.
    """
    first = day_of(from_day, "FROM_DAY")
    entry = replanning.HolidayEntry(
        first, day_of(to_day, "--to") if to_day else first, cast(DayKind, kind), name, source
    )
    try:
        replanning.check_entry(entry)
    except ValueError as problem:
        raise SetupError(Message("invalid entry: {problem}", problem=str(problem))) from problem

    async def asked(_: Works) -> replanning.HolidayEntry:
        return entry

    async def preview_change(works: Acting, _: Operator) -> replanning.Replanned:
        async with works.db.connection() as tx:
            [presets, _problems] = await read_presets(tx, {})
        return await replanning.preview_holidays(works.db.connection, presets, entry)

    if preview:
        done: replanning.Replanned | None = acting_as(preview_change, by)
    else:
        done = act_or_propose("holidays.set", asked, enter_holidays, by, entry.source)
    if done is None:
        return
    console = Console()
    console.print(
        gettext(
            "{opened} sessions would be opened, {changed} changed", opened=done.opened, changed=done.changed
        )
        if preview
        else gettext("{opened} sessions opened, {changed} changed", opened=done.opened, changed=done.changed)
    )
    for line in done.in_the_way:
        console.print(gettext("check this: {line}", line=line), soft_wrap=True)
