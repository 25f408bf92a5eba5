"""Checks of what is stored: rules that can be read, holidays that were entered, logins of the demo."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import psycopg

from wenyue import catalogue
from wenyue.cards import read_types
from wenyue.locale.terminal import gettext, ngettext
from wenyue.ops.doctor.report import Finding, Mark
from wenyue.platform.database.db import queries
from wenyue.policy import load_calendar, read_presets

SQL: Final = queries("wenyue.ops.doctor", "doctor.sql")
CONNECT_DEADLINE_S: Final = 5
HOLIDAYS_AHEAD_DAYS: Final = 60
NAMED_MAX: Final = 20


async def check_rules(url: str) -> list[Finding]:
    """Stored rules that are mistyped, and holidays that nobody has entered although their days are near."""
    async with await psycopg.AsyncConnection.connect(
        url, connect_timeout=CONNECT_DEADLINE_S, autocommit=True
    ) as tx:
        _, type_problems = await read_types(tx, {})
        _, preset_problems = await read_presets(tx, {})
        calendar = await load_calendar(tx)
    remedy = gettext("correct this row; until then the last valid rules stay in force")
    findings = [
        Finding(Mark.FAULT, gettext("rules"), problem, remedy)
        for problem in (*type_problems, *preset_problems)
    ]
    if not findings:
        findings.append(
            Finding(Mark.GOOD, gettext("rules"), gettext("every card type and preset can be read"))
        )
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    for year in sorted({today.year, (today + timedelta(days=HOLIDAYS_AHEAD_DAYS)).year}):
        if not calendar.is_published(year):
            text = gettext(
                "{year} is provisional: statutory days are known, swapped days aren't yet", year=year
            )
            remedy = gettext(
                "once the State Council publishes its notice, upgrade, or use `wenyue "
                "holidays set` or the console's page"
            )
            findings.append(Finding(Mark.WARNING, gettext("holidays"), text, remedy))
    return findings


async def check_search(url: str) -> Finding:
    """Venues that nobody finds by their words yet: the worker fills them."""
    async with await psycopg.AsyncConnection.connect(
        url, connect_timeout=CONNECT_DEADLINE_S, autocommit=True
    ) as tx:
        waiting = await catalogue.searching.waiting_for_search(tx)
    subject = gettext("search")
    if not waiting:
        return Finding(Mark.GOOD, subject, gettext("every venue is found by its names"))
    text = ngettext(
        "{n} venue isn't found by its names yet", "{n} venues aren't found by their names yet", waiting
    )
    return Finding(
        Mark.WARNING, subject, text, gettext("the worker fills them within a minute: see that one runs")
    )


def demo_logins(connection: psycopg.Connection, *, is_wanted: bool) -> Finding:
    """Logins of the demo, whose password everybody knows: a warning, where the demo was not asked for."""
    subject = gettext("demo logins")
    rows = connection.execute(SQL["demo_logins"]).fetchall()
    if not rows:
        return Finding(Mark.GOOD, subject, gettext("none"))
    names = ", ".join(login for (login,) in rows)
    remedy = gettext("before real use: `wenyue staff retire LOGIN`, or `wenyue staff reset LOGIN`")
    mark = Mark.NOTE if is_wanted else Mark.WARNING
    return Finding(mark, subject, gettext("{names}: their passwords are public", names=names), remedy)
