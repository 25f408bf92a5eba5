"""Whose tokens these are. That a login of staff was used is noted, every few minutes, so that it lasts on."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from wenyue.accounts import Login, who_of
from wenyue.accounts.second import sessions
from wenyue.platform.database.db import Database


async def recognise(
    db: Database, tokens: Sequence[str], now: datetime, *, is_use: bool = True, idle_min: int | None = None
) -> dict[str, Login]:
    """Logins by token; tokens that are nobody's are absent. `is_use`: somebody did something with them. Raises DatabaseDown.

    `idle_min`: logins of staff that were not used for so many minutes are absent, and stay unused, wherever they began.
    """
    async with db.connection() as tx:
        logins = await who_of(tx, tokens, now)
        if idle_min is not None:
            since = now - timedelta(minutes=idle_min)
            logins = {
                token: one for token, one in logins.items() if one.staff is None or _is_used(one, since)
            }
        if is_use:
            for login in logins.values():
                if login.staff is not None:
                    await sessions.note_use(tx, login, now)
    return logins


def _is_used(login: Login, since: datetime) -> bool:
    return login.used_at is not None and login.used_at > since
