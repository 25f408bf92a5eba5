"""Who is and was on the staff, and what they are there for.

What changes it is one function of the database for each act: the application may not write these rows itself. `By` says who acts;
the functions look at the login, keep it to the venues that it administers, and write the record.
"""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from wenyue.accounts.model import LoginEnded, Staff, StaffRecord
from wenyue.accounts.passwords import NO_SECRET, SECRET_LENGTH_MAX, hash_secret, verify_secret
from wenyue.core.documents.text import has_controls, has_unseen
from wenyue.core.duties import DUTIES_MAX, Duties, needs_factor, read_duties
from wenyue.core.personal import Vault
from wenyue.events import append, kinds
from wenyue.platform.database.db import Tx, queries

LISTED_MAX: Final = 10_000
LOGIN_LENGTH_MAX: Final = 64
NAME_LENGTH_MAX: Final = 64
STAFF_PASSWORD_LENGTH_MIN: Final = 8
PAGE_MAX: Final = 50
_DUTIES_LISTED: Final = 12  # of one person, in a list
_LETTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that is read as something else
_GROUPS, _GROUP = 4, 5  # 99 bits
_SHOWN_AGAIN: Final = timedelta(minutes=15)
_SQL: Final = queries("wenyue.accounts", "staffing.sql")


class By(Struct, frozen=True):
    """Who acts, as the record names them. `login`: their `Login.key`; empty: the owner of the database acts."""

    actor: str
    login: str = ""


class DrawnBefore(Enum):
    """What a password that a form draws is to somebody already."""

    OTHER = auto()  # theirs is another
    UNUSED = auto()  # theirs since a moment ago, and nobody signed in with it: it may be shown again
    OVER = auto()  # theirs, but used, or too long ago


class Listed(Struct, frozen=True):
    """Somebody in the list of the staff. `logins`: in how many places they are signed in. At most _DUTIES_LISTED duties."""

    record: StaffRecord
    has_factor: bool
    logins: int


async def staff_list(tx: Tx, limit: int = LISTED_MAX) -> list[StaffRecord]:
    """Everybody who is or was on the staff, by login, at most `limit`."""
    return [_read(row) for row in await (await tx.execute(_SQL["staff"], {"limit": limit})).fetchall()]


async def staff_known_as(tx: Tx, login: str) -> StaffRecord | None:
    """Who has this login, also when they have left."""
    row = await (await tx.execute(_SQL["staff_known_as"], {"login": login})).fetchone()
    return None if row is None else _read(row)


async def staff_of_actors(tx: Tx, actors: Iterable[str]) -> dict[str, StaffRecord]:
    """Who these actors (`staff:3`) are, also those who have left; others are absent. The caller bounds their number."""
    ids = [int(one.removeprefix("staff:")) for one in set(actors) if one.startswith("staff:")]
    rows = await (await tx.execute(_SQL["staff_by_id"], {"ids": ids})).fetchall()
    return {f"staff:{row[0]}": _read(row) for row in rows}


async def look_through(
    tx: Tx, now: datetime, *, text: str = "", after: str = "", is_active: bool = True
) -> tuple[list[Listed], str]:
    """A page of the staff by login, and the login after which the next begins; empty: there is none.

    `text`: a part of the login or the name, capitals or not.
    """
    row = {
        "now": now,
        "text": text.lower(),
        "after": after,
        "is_active": is_active,
        "duties_max": _DUTIES_LISTED,
        "limit": PAGE_MAX + 1,
    }
    rows = await (await tx.execute(_SQL["look_through"], row)).fetchall()
    found = [Listed(_read(one[:6]), one[6], one[7]) for one in rows[:PAGE_MAX]]
    return found, found[-1].record.staff.login if len(rows) > PAGE_MAX else ""


async def others_administer_all(tx: Tx, staff_id: int) -> bool:
    """Whether somebody else, who can sign in, administers the whole destination."""
    return await (await tx.execute(_SQL["administer_all"], {"id": staff_id})).fetchone() is not None


async def lock_administration(tx: Tx) -> None:
    """Changes of who is on the staff happen one after the other: until this transaction ends."""
    await tx.execute(_SQL["lock_administration"])


def check_staff_words(login: str, password: str | None, display_name: str) -> None:
    """Raises ValueError naming the field: login (1-64 characters), display_name (at most 64), password (at least 8)."""
    if not 1 <= len(login) <= LOGIN_LENGTH_MAX:
        raise ValueError(f"login: 1 to {LOGIN_LENGTH_MAX} characters")
    if has_unseen(login):
        raise ValueError("login: one line, without control characters or such that are not seen")
    if len(display_name) > NAME_LENGTH_MAX:
        raise ValueError(f"display_name: at most {NAME_LENGTH_MAX} characters")
    if has_controls(display_name):
        raise ValueError("display_name: one line, without control characters or such that are not seen")
    if password is not None and not STAFF_PASSWORD_LENGTH_MIN <= len(password) <= SECRET_LENGTH_MAX:
        raise ValueError(f"password: {STAFF_PASSWORD_LENGTH_MIN} to {SECRET_LENGTH_MAX} characters")


def password_owner(login: str) -> str:
    """Whose password it is, as it is bound to them when it is stored."""
    return f"staff:{login}"


def draw_password() -> str:
    """A password that nobody chose, to be shown once: four groups of letters and digits, as they are read aloud."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))


def password_of_form(vault: Vault, by: By, form: UUID, what: str) -> str:
    """A password as `draw_password` draws it, the same each time this login sends this form for `what`.

    A form that is sent twice, by a double click or because the answer was lost, has to show the password that is good. To
    keep it for the second answer it would have to be stored so that it can be read; to draw another would leave it to chance
    which of two answers the browser shows. So it follows, under a key that no database has, from the form's id (74 random
    bits, stored nowhere), from the login that acts and from everything that the form says.
    """
    content = f"drawn password|{by.login}|{form}|{what}"
    keyed = b"".join(vault.fingerprint(f"{content}|{part}".encode()) for part in (1, 2))
    number, letters = int.from_bytes(keyed, "big"), list[str]()
    for _ in range(_GROUPS * _GROUP):
        number, at = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[at])
    return "-".join("".join(letters[at : at + _GROUP]) for at in range(0, len(letters), _GROUP))


async def drawn_before(tx: Tx, vault: Vault, staff: Staff, password: str, now: datetime) -> DrawnBefore:
    """Whether this is already their password, by the same form sent before, and may be shown again."""
    [(stored, since, is_used)] = await (await tx.execute(_SQL["password_now"], {"id": staff.id})).fetchall()
    if not await verify_secret(password, stored, vault, of=password_owner(staff.login)):
        return DrawnBefore.OTHER
    return DrawnBefore.OVER if is_used or now - since > _SHOWN_AGAIN else DrawnBefore.UNUSED


async def stored_password(vault: Vault, login: str, password: str | None) -> str:
    """The password as it is stored; None: nobody can sign in with it."""
    return NO_SECRET if password is None else await hash_secret(password, vault, of=password_owner(login))


async def hire(tx: Tx, by: By, staff: Staff, password_hash: str, now: datetime) -> int:
    """Somebody joins, or comes back: their id (that of `staff` is not looked at). Raises LoginEnded."""
    row = _by(by, now) | duties_row(staff.duties)
    row |= {"login": staff.login, "password_hash": password_hash, "display_name": staff.display_name}
    [(staff_id,)] = await (await tx.execute(_SQL["hire"], row)).fetchall()
    if staff_id is None:
        raise LoginEnded
    await append(tx, [kinds.StaffSaved(staff_id)], now)
    return staff_id


async def reset_staff(tx: Tx, by: By, staff: Staff, password_hash: str, now: datetime) -> None:
    """A new password; they are signed out, unlocked, and have no second factor and no PIN any more. Raises LoginEnded."""
    await _change(tx, "reset", _by(by, now) | {"id": staff.id, "password_hash": password_hash})
    await append(tx, [kinds.StaffSaved(staff.id)], now)


async def choose_password(tx: Tx, login: str, password_hash: str, now: datetime) -> None:
    """Whose login (`Login.key`) this is has this password from now on; every other login of theirs is over. Raises LoginEnded."""
    row = {"acting": bytes.fromhex(login), "now": now, "password_hash": password_hash}
    [(is_done,)] = await (await tx.execute(_SQL["choose_password"], row)).fetchall()
    if not is_done:
        raise LoginEnded


async def set_duties(
    tx: Tx, staff: Staff, duties: Duties, now: datetime, actor: str, *, login: str = ""
) -> None:
    """What a member of staff may do from now on, with this transaction. `actor`, `login`: as in `By`.

    Whoever loses a duty is signed out, as an act in progress may go by it; then none comes after it. So is whoever may change
    something from now on, and could not before: they signed in by password alone.

    Raises LoginEnded; ValueError: more than DUTIES_MAX.
    """
    if len(duties) > DUTIES_MAX:
        raise ValueError(f"duties: at most {DUTIES_MAX}; without a venue a duty is for every venue")
    wants_factor = needs_factor(duties) and not needs_factor(staff.duties)
    row = _by(By(actor, login), now) | duties_row(duties) | {"id": staff.id, "signs_out": wants_factor}
    await _change(tx, "set_duties", row)
    await append(tx, [kinds.DutiesSet(staff.id)], now)


async def retire_staff(tx: Tx, staff_id: int, now: datetime, actor: str, *, login: str = "") -> None:
    """A member of staff leaves: their tokens stop working with this transaction. Raises LoginEnded."""
    await _change(tx, "retire", _by(By(actor, login), now) | {"id": staff_id})
    await append(tx, [kinds.StaffRetired(staff_id)], now)


async def unlock_staff(tx: Tx, staff_id: int, now: datetime, actor: str, *, login: str = "") -> None:
    """Failed tries at this login before `now` count no more, except against the addresses that made them. Raises LoginEnded."""
    await _change(tx, "unlock", _by(By(actor, login), now) | {"id": staff_id})


async def write_duties(tx: Tx, staff_id: int, duties: Duties, now: datetime, actor: str) -> None:
    """Those that stay keep who gave them, and when. By the owner."""
    row = duties_row(duties) | {"id": staff_id, "now": now, "actor": actor}
    await tx.execute(_SQL["write_duties"], row)


def venues_before(duties: Duties) -> list[int]:
    """The venues of a login as the release before duties reads them; none: every venue."""
    venues = {one.venue_id for one in duties}
    return [] if None in venues else sorted(one for one in venues if one is not None)


def shown(duties: Duties) -> dict[str, object]:
    """Duties as the record has them."""
    return {"duties": sorted(map(str, duties))}


def duties_row(duties: Duties) -> dict[str, Any]:
    """Duties as the database's functions take them."""
    rows = [(one.role.value, one.venue_id, one.post) for one in duties]
    return {
        "roles": [role for role, _, _ in rows],
        "venue_ids": [venue_id for _, venue_id, _ in rows],
        "posts": [post for _, _, post in rows],
    }


def _by(by: By, now: datetime) -> dict[str, Any]:
    return {"acting": bytes.fromhex(by.login) if by.login else None, "actor": by.actor, "now": now}


async def _change(tx: Tx, name: str, row: dict[str, Any]) -> None:
    [(is_done,)] = await (await tx.execute(_SQL[name], row)).fetchall()
    if not is_done:
        raise LoginEnded


def _read(row: tuple[Any, ...]) -> StaffRecord:
    id_, login, name, duties, is_active, is_mute = row
    return StaffRecord(Staff(id_, login, name, read_duties(duties)), is_active, not is_mute)
