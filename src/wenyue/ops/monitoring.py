"""``wenyue monitor``: the role itself, one look for people and cron, silences, and the whole check of the invariants."""

from __future__ import annotations

import asyncio
import dataclasses
import re
from datetime import timedelta
from typing import Annotated, Final

import typer
from psycopg import Error
from rich.console import Console
from rich.table import Table

from wenyue.core.clock import utc_now
from wenyue.locale import Message, command_locale
from wenyue.locale.terminal import gettext
from wenyue.monitor import connect, look_once, run_monitor
from wenyue.monitoring import (
    BY_PEOPLE,
    GUIDES,
    SILENCE_MAX_DAYS,
    Book,
    Checked,
    PassFacts,
    Severity,
    look_at_all,
    page_of,
    retire,
    silence,
    worst,
)
from wenyue.ops.accepting import accept_record
from wenyue.platform.config import Settings, load
from wenyue.platform.embedded_server import find_running as look_at_server
from wenyue.platform.fault import SetupError
from wenyue.platform.parent_death_signal import end_with_parent
from wenyue.platform.program import Program

UNITS_S: Final = {"m": 60, "h": 3600, "d": 86400}
SPAN: Final = re.compile(r"(\d{1,4})([mhd])")
STATUS: Final = {None: 0, Severity.NOTE: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}
app = Program(
    invoke_without_command=True,
    help="Check everything each minute and tell operators.",
)


@app.callback()
def monitor_until_stopped(
    context: typer.Context, *, supervised: Annotated[bool, typer.Option("--supervised", hidden=True)] = False
) -> None:
    """Without a command: the monitor itself, until SIGTERM."""
    if context.invoked_subcommand is not None:
        return
    if supervised:
        end_with_parent()
    run_monitor(located(load()), is_supervised=supervised)


@app.command()
def once() -> None:
    """Look once, print every check; status 0 well, 1 warnings, 2 critical. Tells nobody."""
    settings = located(load())
    checks, silenced = asyncio.run(look_once(settings))
    console = Console()
    console.print(_table(checks, settings.monitor.runbooks))
    for subject, (until, why) in silenced.items():
        console.print(
            gettext(
                "silenced: {subject} until {until} UTC, {why}",
                subject=subject,
                until=f"{until:%Y-%m-%d %H:%M}",
                why=why,
            ),
            markup=False,
        )
    status = max((STATUS[worst(one)] for one in checks), default=0)
    status = max(status, 1 if any(one.problem and one.name != "database" for one in checks) else 0)
    console.print((gettext("all good"), gettext("warnings"), gettext("critical"))[status])
    raise typer.Exit(status)


@app.command("silence")
def silence_(
    subject: Annotated[str, typer.Argument(help="a check (disk) or one subject of it (disk:/srv)")],
    *,
    span: Annotated[str, typer.Option("--for", help="30m, 2h, 1d; 0m lifts it; at most 7 days")] = "2h",
    why: Annotated[str, typer.Option(help="for whoever looks next")] = "",
) -> None:
    """Tell nobody about something for a while; it goes on being checked."""
    settings, seconds = located(load()), _span_s(span)
    if subject.partition(":")[0] not in GUIDES:
        raise SetupError(
            Message(
                "{subject} isn't a check: {known}", subject=repr(subject), known=", ".join(sorted(GUIDES))
            )
        )
    now = utc_now()
    until = now + timedelta(seconds=seconds)
    Book(settings.home / "monitor").silence(subject, until, why, now)
    is_everywhere = asyncio.run(_silence_everywhere(settings, subject, seconds, why))
    where = gettext("on all nodes") if is_everywhere else gettext("on this machine (the database is away)")
    says = (
        gettext("silent {where} until {until} UTC", where=where, until=f"{until:%Y-%m-%d %H:%M}")
        if seconds
        else gettext("not silent any more {where}", where=where)
    )
    Console().print(f"{subject}: {says}", markup=False)


@app.command("resolve")
def resolve_(
    subject: Annotated[str, typer.Argument(help=" · ".join(sorted(BY_PEOPLE)))],
    *,
    who: Annotated[str, typer.Option(help="who looked into it: a name that others know")],
    why: Annotated[str, typer.Option(help="what was found, and why the record may go on from here")],
) -> None:
    """End an alarm about the record, which only people do: the chain as it is now is accepted, with your name."""
    settings = located(load())
    if subject not in BY_PEOPLE:
        raise SetupError(
            Message(
                "{subject} ends by itself; only {known} can be resolved by hand",
                subject=repr(subject),
                known=", ".join(sorted(BY_PEOPLE)),
            )
        )
    if not who.strip() or not why.strip():
        raise SetupError(Message("--who and --why are both required: they go into the record"))
    accepted = asyncio.run(accept_record(settings, who=who.strip(), why=why.strip()))
    Book(settings.home / "monitor").resolve(subject, utc_now(), who=who.strip(), why=why.strip())
    Console().print(
        gettext(
            "{subject}: resolved; the record continues from link {accepted}",
            subject=subject,
            accepted=accepted,
        ),
        markup=False,
    )


@app.command("retire")
def retire_(partner: Annotated[str, typer.Argument(help="as the check `partners` names it")]) -> None:
    """Wait for a partner no more, until it speaks again."""
    if not asyncio.run(_retire(located(load()), partner)):
        raise SetupError(Message("no heartbeat is expected from {partner}", partner=repr(partner)))


@app.command()
def full() -> None:
    """Check every booking, session and card for the standing invariants, at once; status 2 when one is broken."""
    facts = asyncio.run(_full(located(load())))
    console = Console()
    for line in facts.broken:
        console.print(line, style="bold red", markup=False, soft_wrap=True)
    console.print(
        gettext(
            "{rows} rows in {seconds} s, {n} broken",
            n=facts.broken_count,
            rows=f"{facts.rows:,}",
            seconds=f"{facts.took_ms / 1000:.1f}",
        ),
        markup=False,
    )
    raise typer.Exit(2 if facts.broken_count else 0)


def located(settings: Settings) -> Settings:
    """The settings with the address of the embedded database, when that is used and runs."""
    if settings.database.url:
        return settings
    info = look_at_server(settings.home)
    url = "" if info is None else info.app_url
    return dataclasses.replace(settings, database=dataclasses.replace(settings.database, url=url))


def _span_s(raw: str) -> int:
    match = SPAN.fullmatch(raw.strip())
    seconds = int(match[1]) * UNITS_S[match[2]] if match else -1
    if not 0 <= seconds <= SILENCE_MAX_DAYS * UNITS_S["d"]:
        raise SetupError(
            Message(
                "{raw} isn't a time span of up to {silence_max_days} days: write 30m, 2h or 1d",
                raw=repr(raw),
                silence_max_days=SILENCE_MAX_DAYS,
            )
        )
    return seconds


async def _silence_everywhere(settings: Settings, subject: str, seconds: int, why: str) -> bool:
    try:
        tx = await connect(settings)
    except (Error, OSError):
        return False
    try:
        await silence(tx, subject, utc_now() + timedelta(seconds=seconds), why)
    finally:
        await tx.close()
    return True


async def _retire(settings: Settings, partner: str) -> bool:
    tx = await connect(settings)
    try:
        return await retire(tx, partner)
    finally:
        await tx.close()


async def _full(settings: Settings) -> PassFacts:
    tx = await connect(settings)
    try:
        return await look_at_all(tx, utc_now())
    finally:
        await tx.close()


def _table(checks: list[Checked], runbooks: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("", gettext("check"), gettext("found"), "ms"):
        table.add_column(column, overflow="fold", justify="right" if column == "ms" else "left")
    locale = command_locale()
    styles: dict[Severity | None, str] = {Severity.WARNING: "yellow", Severity.CRITICAL: "bold red"}
    for one in checks:
        severity = worst(one)
        mark = (
            "?" if one.problem else {None: "✓", Severity.NOTE: "•", Severity.WARNING: "!"}.get(severity, "✗")
        )
        guide = GUIDES.get(one.name)
        title = f"{one.name} {guide.title.say(locale)}" if guide else one.name
        lines = [finding.text.say(locale) for finding in one.findings] or [one.problem or one.says]
        if severity in {Severity.WARNING, Severity.CRITICAL}:
            lines.append(f"→ {page_of(one.name, runbooks)}")
        style = styles.get(severity, "")
        table.add_row(mark, title, "\n".join(lines).replace("[", r"\["), f"{one.took_ms:.0f}", style=style)
    return table
