"""`wenyue abuse`: what was suspicious, blocks set and lifted by hand, and the limits of the rules."""

import re
from datetime import datetime, timedelta
from typing import Annotated, Final, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from wenyue import abuse
from wenyue.abuse import Pattern, PatternRule
from wenyue.application.block_subject import (
    SUBJECT_LENGTH_MIN,
    BlockSubject,
    LiftFinding,
    block_subject,
    is_stopped,
    lift_finding,
)
from wenyue.application.operating import Operator
from wenyue.application.set_abuse_rule import SetAbuseRule, set_abuse_rule
from wenyue.core.clock import zone
from wenyue.core.personal import Vault
from wenyue.locale import Message
from wenyue.locale.terminal import gettext
from wenyue.ops.acting_as import Acting, AsOf, acting_as
from wenyue.ops.arguments import reason_of, told
from wenyue.ops.as_owner import reading
from wenyue.platform.database.db import Tx
from wenyue.platform.fault import SetupError
from wenyue.platform.program import Program

app = Program(no_args_is_help=True, help="Suspicious patterns: look, block, lift, set limits.")
T = TypeVar("T")
_TIMEZONE: Final = "Asia/Shanghai"
_SPAN: Final = re.compile(r"(\d{1,4})([mhd])")
_MINUTES: Final = {"m": 1, "h": 60, "d": 24 * 60}
_PatternOf = Annotated[str, typer.Argument(help=" · ".join(Pattern))]
_Why = Annotated[str, typer.Option("--why", help="the reason, for the record")]


@app.command("list")
def list_() -> None:
    """What passed a limit, the newest first; subjects are keyed digests and name nobody."""

    async def work(tx: Tx, _: Vault) -> list[abuse.Finding]:
        return await abuse.open_findings(tx)

    table = Table(box=None, pad_edge=False)
    for column in (
        gettext("pattern"),
        gettext("subject"),
        gettext("signs"),
        gettext("last seen"),
        gettext("blocked until"),
    ):
        table.add_column(column)
    for one in reading(work):
        table.add_row(
            one.pattern, one.subject, f"{one.count:,}", _local(one.last_at), _local(one.blocked_until)
        )
    Console().print(table)


@app.command("block")
def block_(
    pattern: _PatternOf,
    who: Annotated[
        str, typer.Argument(help="address:203.0.113.7, account:ID, or a subject as `list` prints it")
    ],
    *,
    for_: Annotated[str, typer.Option("--for", help="30m, 12h or 7d")],
    why: _Why,
    by: AsOf = "",
) -> None:
    """Stop an address from signing in, or an account from booking, for a time."""
    request = BlockSubject(_pattern(pattern), who, _span(for_), reason_of(why))

    async def work(works: Acting, operator: Operator) -> str:
        return await block_subject(works, operator, request)

    with told(Message("invalid subject: {problem}")):
        subject = acting_as(work, by)
    if not is_stopped(subject):
        typer.echo(gettext("recorded; this kind of subject can't be blocked"))
        return
    typer.echo(gettext("{subject} is blocked; every process will know within seconds", subject=subject))


@app.command()
def lift(
    pattern: _PatternOf,
    subject: Annotated[str, typer.Argument(help="as `list` prints it; its beginning is enough")],
    *,
    why: _Why,
    by: AsOf = "",
) -> None:
    """End a finding and its block."""
    found = _pattern(pattern)
    request = LiftFinding(found, subject, reason_of(why))

    async def work(works: Acting, operator: Operator) -> list[str]:
        return await lift_finding(works, operator, request)

    with told(
        Message(
            "give the subject as shown by `wenyue abuse list`, at least {n} characters: {problem}",
            n=SUBJECT_LENGTH_MIN,
        )
    ):
        ended = acting_as(work, by)
    if not ended:
        raise SetupError(
            Message(
                "no open finding {found} for {subject}: see `wenyue abuse list`",
                found=found,
                subject=repr(subject),
            )
        )
    typer.echo(gettext("lifted: {ended}", ended=", ".join(ended)))


@app.command()
def rules() -> None:
    """The limits in force."""

    async def work(tx: Tx, _: Vault) -> tuple[dict[Pattern, PatternRule], list[str]]:
        return await abuse.read_rules(tx)

    found, problems = reading(work)
    table = Table(box=None, pad_edge=False)
    for column in (gettext("pattern"), gettext("signs"), gettext("within, s"), gettext("block for, s")):
        table.add_column(column)
    for pattern, rule in found.items():
        table.add_row(
            pattern, f"{rule.limit:,}", f"{rule.window_s:,}", f"{rule.block_s:,}" if rule.block_s else "-"
        )
    console = Console()
    console.print(table)
    for problem in problems:
        console.print(f"mistyped, so the shipped limit holds: {problem}", markup=False)


@app.command("set")
def set_(
    pattern: _PatternOf,
    limit: Annotated[int, typer.Argument(min=1, max=1_000_000, help="signs of one subject")],
    *,
    window: Annotated[int, typer.Option(min=60, max=86_400, help="within so many seconds")] = 3_600,
    block: Annotated[
        int, typer.Option(min=0, max=30 * 86_400, help="block for so many seconds; 0 only tells")
    ] = 0,
    by: AsOf = "",
) -> None:
    """Set a limit of your own."""
    found, rule = _pattern(pattern), PatternRule(limit, window, block)

    async def work(works: Acting, operator: Operator) -> None:
        await set_abuse_rule(works, operator, SetAbuseRule(found, rule))

    acting_as(work, by)
    typer.echo(
        gettext(
            "{found}: {limit} within {window} s, then blocked for {block} s",
            found=found,
            limit=limit,
            window=window,
            block=block,
        )
    )


def _pattern(text: str) -> Pattern:
    try:
        return Pattern(text)
    except ValueError:
        raise SetupError(
            Message("PATTERN {text}: must be one of {pattern}", text=repr(text), pattern=", ".join(Pattern))
        ) from None


def _span(text: str) -> timedelta:
    found = _SPAN.fullmatch(text)
    minutes = int(found[1]) * _MINUTES[found[2]] if found else 0
    if not 1 <= minutes <= 30 * 24 * 60:
        raise SetupError(Message("--for {text}: 30m, 12h or 7d, at most 30d", text=repr(text)))
    return timedelta(minutes=minutes)


def _local(at: datetime | None) -> str:
    return f"{at.astimezone(zone(_TIMEZONE)):%m-%d %H:%M}" if at is not None else "-"
