"""Who is signed in: random tokens of which only the hash is stored, and staff with their passwords."""

import hashlib
import secrets
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from typing import Final, LiteralString

from wenyue.accounts.model import Login, LoginEnded, Staff, StaffRefusal, Terms
from wenyue.accounts.passwords import (
    hash_secret,
    is_outdated,
    spend_time,
    verify_secret,
)
from wenyue.accounts.staffing import (
    check_staff_words,
    password_owner,
    shown,
    stored_password,
    venues_before,
    write_duties,
)
from wenyue.audit import Entry, record
from wenyue.core.duties import DUTIES_MAX, Duties, at_post, former_role, read_duties
from wenyue.core.limits import LOGIN_TTL_S, STAFF_LOGIN_TTL_S
from wenyue.core.personal import Vault
from wenyue.events import append, kinds
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.accounts")
HOLD_LOGINS: Final[LiteralString] = _SQL["hold_logins"]  # with `token_hashes` (bytea[]) and `now`
_TOKEN_BYTES: Final = 32
_TOKEN_LENGTH: Final = 43  # of 32 bytes in URL-safe base64 without padding
_CHECKS_MAX: Final = 2


async def start_login(
    tx: Tx,
    *,
    now: datetime,
    traveller_id: int | None = None,
    staff_id: int | None = None,
    device_id: int | None = None,
    ttl_s: float | None = None,
    terms: Terms | None = None,
) -> str:
    """A new token for exactly one traveller or member of staff; the only copy of it (the cookie's value).

    It asks for no proof: a face begins logins by `Attempt.start_login` alone.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    lasts_s = ttl_s or (LOGIN_TTL_S if staff_id is None else STAFF_LOGIN_TTL_S)
    terms = terms or Terms()
    row = {
        "token_hash": _hash(token),
        "traveller_id": traveller_id,
        "staff_id": staff_id,
        "device_id": device_id,
        "now": now,
        "expires_at": now + timedelta(seconds=lasts_s),
        "factor_at": terms.factor_at,
        "steps_up": terms.factor_at is not None,
        "idle_min": terms.idle_min,
        "client": terms.client,
    }
    await tx.execute(_SQL["add_login"], row)
    actor = f"traveller:{traveller_id}" if staff_id is None else f"staff:{staff_id}"
    detail: dict[str, object] = {} if device_id is None else {"device": device_id}
    await record(tx, [Entry(now, actor, "login.started", actor, detail)])
    return token


async def who(tx: Tx, token: str, now: datetime) -> Login | None:
    """Whose token this is; None when it is unknown, expired, ended, or its member of staff has left.

    A look-up by primary key, for staff one more; nothing written: fit for every request.
    """
    return (await who_of(tx, [token], now)).get(token)


async def who_of(tx: Tx, tokens: Sequence[str], now: datetime) -> dict[str, Login]:
    """Whose tokens these are, in one statement, and one more for staff; tokens that are nobody's are absent.

    The caller bounds their number.
    """
    by_key = {login_key(token): token for token in tokens if len(token) == _TOKEN_LENGTH}
    return {by_key[key]: login for key, login in (await _read(tx, list(by_key), now)).items()}


@asynccontextmanager
async def acting_as(
    transaction: AbstractAsyncContextManager[Tx], key: str, now: datetime
) -> AsyncGenerator[tuple[Tx, Login]]:
    """The transaction of an act, and the login with this `Login.key` as it is now: the one way in which a login changes anything.

    What a process remembers of a login serves reads only. It is looked at before the act, and again after it under its row's
    lock, which lasts until the commit: so whatever ends it comes before the act, which is undone, or after it. Last of all
    locks, as whatever ends logins takes its own before. Raises LoginEnded: signed out, ended by a reported loss, a new
    password or a departure, or run out.
    """
    async with transaction as tx:
        yield tx, await require_login(tx, key, now)
        await hold_login(tx, key, now)


async def require_login(tx: Tx, key: str, now: datetime) -> Login:
    """The login with this `Login.key`, as it is now. Raises LoginEnded. Acts go through `acting_as` or `Guard.attempt`."""
    found = (await _read(tx, [key], now)).get(key)
    if found is None:
        raise LoginEnded
    return found


async def hold_login(tx: Tx, key: str, now: datetime) -> None:
    """Nobody ends this login until the transaction ends. Raises LoginEnded when somebody did."""
    asked = {"token_hashes": _array_of([key]), "now": now}
    if await (await tx.execute(HOLD_LOGINS, asked)).fetchone() is None:
        raise LoginEnded


async def _read(tx: Tx, keys: Sequence[str], now: datetime) -> dict[str, Login]:
    if not keys:
        return {}
    asked = {"token_hashes": _array_of(keys), "now": now}
    logins: dict[str, Login] = {}
    of_staff: list[str] = []
    for token_hash, traveller_id, expires_at in await (await tx.execute(_SQL["who"], asked)).fetchall():
        key = token_hash.hex()
        if traveller_id is None:
            of_staff.append(key)
        else:
            logins[key] = Login(traveller_id, None, expires_at, key)
    return logins | await _read_staff(tx, of_staff, now) if of_staff else logins


async def _read_staff(tx: Tx, keys: Sequence[str], now: datetime) -> dict[str, Login]:
    asked = {"token_hashes": _array_of(keys), "now": now}
    logins: dict[str, Login] = {}
    for row in await (await tx.execute(_SQL["who_of_staff"], asked)).fetchall():
        token_hash, expires_at, staff_id, login, display_name, duties, device_id, station, *use = row
        held = read_duties(duties)
        if device_id is not None:
            venue, _, post = (station or "0/").partition("/")
            held = at_post(held, int(venue), post)
        key = token_hash.hex()
        logins[key] = Login(
            None, Staff(staff_id, login, display_name, held), expires_at, key, device_id, *use
        )
    return logins


async def end_login(tx: Tx, token: str, now: datetime) -> bool:
    """Sign out; whether there was such a login: a token that is unknown or ended already is no error."""
    await tx.execute(_SQL["lock_bookings_by"], {"token_hash": _hash(token)})
    return (await tx.execute(_SQL["end_login"], {"token_hash": _hash(token), "now": now})).rowcount == 1


async def end_logins(tx: Tx, traveller_id: int, now: datetime, *, except_token: str = "") -> int:
    """Sign a traveller out everywhere (a lost phone or card), or everywhere else; returns how many logins ended.

    After the locks of cards and of their holder, and before no others: whoever acts holds those when it holds its login.
    """
    row = {"traveller_id": traveller_id, "kept": _hash(except_token), "now": now}
    await tx.execute(_SQL["lock_bookings_of"], {"traveller_id": traveller_id})
    return (await tx.execute(_SQL["end_logins_of_traveller"], row)).rowcount


async def check_staff(tx: Tx, vault: Vault, login: str, password: str) -> Staff | StaffRefusal:
    """The member of staff with this login and password, or WRONG; it takes as long when there is no such login.

    Until the transaction ends neither a new password nor a departure passes by: their row is locked, as it was checked.
    A right password that is stored in an older way is stored anew, by a function that can store nothing else.
    Whoever calls it for a stranger does so in a `Guard.attempt`, which slows guessing (等保三级: 登录失败处理).
    """
    for _ in range(_CHECKS_MAX):  # again, when what it was checked against was changed meanwhile
        row = await (await tx.execute(_SQL["staff_of"], {"login": login.strip().lower()[:64]})).fetchone()
        if row is None:
            await spend_time(password)
            return StaffRefusal.WRONG
        staff_id, name, stored = row
        if not await verify_secret(password, stored, vault, of=password_owner(name)):
            return StaffRefusal.WRONG
        if is_outdated(stored, vault, of=password_owner(name)):
            fresh = await hash_secret(password, vault, of=password_owner(name))
            renewed = {"id": staff_id, "was": stored, "becomes": fresh}
            [(is_renewed,)] = await (await tx.execute(_SQL["renew_password"], renewed)).fetchall()
            stored = fresh if is_renewed else stored
        locked = {"id": staff_id, "password_hash": stored}
        found = await (await tx.execute(_SQL["lock_staff"], locked)).fetchone()
        if found is not None:
            return Staff(staff_id, name, found[0], await duties_held(tx, staff_id))
    return StaffRefusal.WRONG


async def duties_held(tx: Tx, staff_id: int) -> Duties:
    """What a member of staff is there for."""
    [(duties,)] = await (await tx.execute(_SQL["duties_of"], {"id": staff_id})).fetchall()
    return read_duties(duties)


async def save_staff(
    tx: Tx,
    vault: Vault,
    *,
    login: str,
    password: str | None,
    duties: Duties,
    now: datetime,
    actor: str,
    display_name: str = "",
    is_demo: bool = False,
) -> int:
    """Add a member of staff or change them, and unlock and sign them out. `password` None: cannot sign in.

    `is_demo`: a login that everybody knows; operators are warned while there is one.

    Raises ValueError naming the field: login (1-64 characters), password (at least 8), duties (at most DUTIES_MAX).
    """
    login = login.strip().lower()
    check_staff_words(login, password, display_name)
    if len(duties) > DUTIES_MAX:
        raise ValueError(f"duties: at most {DUTIES_MAX}; without a venue a duty is for every venue")
    row = {
        "login": login,
        "password_hash": await stored_password(vault, login, password),
        "display_name": display_name,
        "role": former_role(duties),
        "venue_ids": venues_before(duties),
        "is_demo": is_demo,
        "now": now,
    }
    [(staff_id,)] = await (await tx.execute(_SQL["save_staff"], row)).fetchall()
    await tx.execute(_SQL["end_logins_of_staff"], {"staff_id": staff_id, "now": now})
    await tx.execute(_SQL["drop_pins"], {"staff_id": staff_id})
    await write_duties(tx, staff_id, duties, now, actor)
    await record(tx, [Entry(now, actor, "staff.saved", f"staff:{staff_id}", shown(duties))])
    await append(tx, [kinds.StaffSaved(staff_id)], now)
    return staff_id


def login_key(token: str) -> str:
    """Under which key a token's login is looked up: its SHA-256 in hex."""
    return _hash(token).hex()


def _array_of(keys: Iterable[str]) -> str:
    """A PostgreSQL array literal (bytea[]) of login keys."""
    return '{"\\\\x' + '","\\\\x'.join(keys) + '"}'


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()
