"""What `wenyue doctor` says of second factors: who changes something and has none."""

from __future__ import annotations

import psycopg

from wenyue.accounts.second import factors
from wenyue.core.duties import needs_factor
from wenyue.locale.terminal import gettext
from wenyue.ops.doctor.report import Finding, Mark
from wenyue.ops.doctor.stored import NAMED_MAX


async def check_factors(url: str) -> Finding:
    """Who changes something and signs in with a password alone until they have set up a second factor."""
    logins = await without_factor(url)
    subject = gettext("second factor")
    if not logins:
        return Finding(Mark.GOOD, subject, gettext("everyone who can make changes has one"))
    names = ", ".join(logins[:NAMED_MAX]) + (" …" if len(logins) > NAMED_MAX else "")
    remedy = gettext("they set one up at their next sign-in; retire those who don't (wenyue staff retire)")
    return Finding(Mark.WARNING, subject, gettext("{n} without: {names}", n=len(logins), names=names), remedy)


async def without_factor(url: str) -> list[str]:
    """Logins that change something besides admissions at a gate, and have no second factor."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as tx:
        found = await factors.without_factor(tx)
    return [login for login, duties in found if needs_factor(duties)]
