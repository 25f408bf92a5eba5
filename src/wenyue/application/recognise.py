"""Whose tokens these are. That a login of staff was used is noted, every few minutes, so that it lasts on."""

from collections.abc import Sequence
from datetime import datetime

from wenyue.accounts import Login, who_of
from wenyue.accounts.second import sessions
from wenyue.infra.db import Database


async def recognise(
    db: Database, tokens: Sequence[str], now: datetime, *, is_use: bool = True
) -> dict[str, Login]:
    """Logins by token; tokens that are nobody's are absent. `is_use`: somebody did something with them. Raises DatabaseDown."""
    async with db.connection() as tx:
        logins = await who_of(tx, tokens, now)
        if is_use:
            for login in logins.values():
                if login.staff is not None:
                    await sessions.note_use(tx, login, now)
    return logins
