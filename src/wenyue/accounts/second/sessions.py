"""Logins of staff beside the one that asks: half ones, which have given the password alone; how long unused; where; their end."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from wenyue.accounts.logins import duties_held, login_key
from wenyue.accounts.model import Login, Staff
from wenyue.accounts.second.rules import Step
from wenyue.audit import Entry, record
from wenyue.platform.database.db import Tx, queries

HALF_LASTS: Final = timedelta(minutes=10)
_NOTED_EVERY: Final = timedelta(minutes=2)
_SQL: Final = queries("wenyue.accounts", "factors.sql")
_TOKEN_BYTES: Final = 32
SESSIONS_MAX: Final = 100
EVERYBODY: Final = 0  # whose lock it is that logins of others are ended under


@dataclass(frozen=True, slots=True)
class HalfLogin:
    """Who gave the right password, and what they still do."""

    staff_id: int
    login: str
    waits_for: Step
    key: str


@dataclass(frozen=True, slots=True)
class Session:
    """One place where somebody is signed in. `used_at`: to a few minutes."""

    key: str
    client: str
    began_at: datetime
    used_at: datetime


async def start_half(tx: Tx, staff_id: int, waits_for: Step, now: datetime) -> str:
    """A token that is good for the next step alone, in the transaction that found the password right."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    row = {
        "token_hash": bytes.fromhex(login_key(token)),
        "staff_id": staff_id,
        "waits_for": waits_for,
        "now": now,
        "until": now + HALF_LASTS,
    }
    await tx.execute(_SQL["add_half"], row)
    actor = f"staff:{staff_id}"
    await record(tx, [Entry(now, actor, "login.half_started", actor, {"waits_for": waits_for})])
    return token


async def half_of(tx: Tx, token: str, now: datetime) -> HalfLogin | None:
    """Whose half login this is."""
    key = login_key(token)
    row = {"token_hash": bytes.fromhex(key), "now": now}
    found = await (await tx.execute(_SQL["half"], row)).fetchone()
    return None if found is None else HalfLogin(found[0], found[1], Step(found[2]), key)


async def end_half(tx: Tx, key: str, now: datetime) -> bool:
    """It is used up, or given up; False: it was over before."""
    row = {"token_hash": bytes.fromhex(key), "now": now}
    return await (await tx.execute(_SQL["end_half"], row)).fetchone() is not None


async def lock_member(tx: Tx, staff_id: int) -> Staff | None:
    """The member of staff as they are, locked: nobody lets them go or gives them another password meanwhile."""
    found = await (await tx.execute(_SQL["lock_member"], {"id": staff_id})).fetchone()
    return None if found is None else Staff(staff_id, found[0], found[1], await duties_held(tx, staff_id))


async def note_factor(tx: Tx, key: str, now: datetime) -> None:
    """The bearer of this login proved a second factor."""
    await tx.execute(_SQL["note_factor"], {"token_hash": bytes.fromhex(key), "now": now})


async def note_use(tx: Tx, login: Login, now: datetime) -> None:
    """A login of staff is in use; written once in _NOTED_EVERY."""
    if login.staff is not None and login.used_at is not None and now - login.used_at >= _NOTED_EVERY:
        row = {"token_hash": bytes.fromhex(login.key), "now": now, "before": now - _NOTED_EVERY / 2}
        await tx.execute(_SQL["note_use"], row)


async def sessions_of(tx: Tx, staff_id: int, now: datetime) -> list[Session]:
    """Where somebody is signed in, the newest first; at most SESSIONS_MAX."""
    row = {"staff_id": staff_id, "now": now, "limit": SESSIONS_MAX}
    return [Session(*one) for one in await (await tx.execute(_SQL["sessions"], row)).fetchall()]


async def signed_in(tx: Tx, now: datetime) -> list[tuple[int, int, datetime]]:
    """Everybody of the staff who is signed in: (id, in how many places, last used); at most SESSIONS_MAX."""
    rows = await (await tx.execute(_SQL["signed_in"], {"now": now, "limit": SESSIONS_MAX})).fetchall()
    return [(row[0], row[1], row[2]) for row in rows]


async def end_session(tx: Tx, staff_id: int, key: str, now: datetime, *, actor: str) -> bool:
    """One login of somebody ends; False: there is none."""
    row = {"staff_id": staff_id, "token_hash": bytes.fromhex(key), "now": now}
    found = await (await tx.execute(_SQL["end_session"], row)).fetchone()
    if found is not None:
        await record(tx, [Entry(now, actor, "login.ended", f"staff:{staff_id}")])
    return found is not None


async def end_sessions(tx: Tx, staff_id: int, now: datetime, *, actor: str, kept: str = "") -> int:
    """Every login of somebody ends, but (perhaps) the one with this key; how many did."""
    row = {"staff_id": staff_id, "kept": bytes.fromhex(kept), "now": now}
    count = (await tx.execute(_SQL["end_sessions"], row)).rowcount
    if count:
        await record(tx, [Entry(now, actor, "login.ended", f"staff:{staff_id}", {"logins": count})])
    return count


async def drop_over(tx: Tx, limit: int) -> int:
    """Delete what sign-ins left behind and is over for long, at most `limit` of each kind; how many rows."""
    [(count,)] = await (await tx.execute(_SQL["drop_over"], {"limit": limit})).fetchall()
    return count
