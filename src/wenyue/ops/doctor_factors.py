"""What `wenyue doctor` says of second factors: who changes something and has none."""

from __future__ import annotations

import psycopg

from wenyue.accounts.second import factors
from wenyue.core.duties import needs_factor


async def without_factor(url: str) -> list[str]:
    """Logins that change something besides admissions at a gate, and have no second factor."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as tx:
        found = await factors.without_factor(tx)
    return [login for login, duties in found if needs_factor(duties)]
