"""Devices that stand at a gate or counter, and the PINs with which their clerks take turns.

A device is enrolled once: somebody with the right makes a code of short life, and whoever types it on the device gives the device
a secret of its own, of which only the hash is stored. A PIN is good on such a device alone, for one clerk at one venue; the login
that it begins is good for that post and ends when the device is revoked.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from wenyue.accounts.logins import duties_held
from wenyue.accounts.model import Staff
from wenyue.accounts.passwords import hash_secret, spend_time, verify_secret
from wenyue.audit import Entry, record
from wenyue.core.duties import at_post
from wenyue.core.personal import Vault
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.accounts", "gate_devices.sql")
_SIGNS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_CODE_LENGTH: Final = 10  # 49 bits, for ten minutes
CODE_TTL_S: Final = 10 * 60
DEVICES_MAX: Final = 200  # of one venue
DEVICES_LISTED_MAX: Final = 500
CLERKS_MAX: Final = 200  # shown at one device
PIN_MIN, PIN_MAX = 6, 8
_TYPED_MAX: Final = 64
_LINE: Final = "01234567890123456789"


@dataclass(frozen=True, slots=True)
class Device:
    """An enrolled device, and where it stands."""

    id: int
    venue_id: int
    post: str


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """A device in a list. `enrolled_at` None: nobody typed the code yet, which is good until `code_until`."""

    device: Device
    made_at: datetime
    made_by: str
    enrolled_at: datetime | None
    revoked_at: datetime | None
    code_until: datetime


@dataclass(frozen=True, slots=True)
class Clerk:
    """Somebody who has a PIN at a venue."""

    id: int
    name: str


async def add_device(tx: Tx, venue_id: int, post: str, now: datetime, actor: str) -> tuple[int, str] | None:
    """(number, the only copy of the code); None when the venue has DEVICES_MAX."""
    code = "".join(secrets.choice(_SIGNS) for _ in range(_CODE_LENGTH))
    row = {
        "venue_id": venue_id,
        "post": post,
        "code_hash": _hash(code),
        "until": now + timedelta(seconds=CODE_TTL_S),
        "now": now,
        "actor": actor,
        "most": DEVICES_MAX,
    }
    made = await (await tx.execute(_SQL["add_device"], row)).fetchone()
    if made is None:
        return None
    detail: dict[str, object] = {"venue": venue_id, "post": post}
    await record(tx, [Entry(now, actor, "device.allowed", f"device:{made[0]}", detail)])
    return made[0], f"{code[:5]}-{code[5:]}"


async def enrol(tx: Tx, code: str, now: datetime) -> tuple[Device, str] | None:
    """(the device, the only copy of its secret); None: no such code, or it is used up or too old."""
    secret = secrets.token_urlsafe(32)
    typed = "".join(sign for sign in code[:_TYPED_MAX].upper() if sign.isalnum())
    row = {"code_hash": _hash(typed), "secret_hash": _hash(secret), "now": now}
    found = await (await tx.execute(_SQL["enrol"], row)).fetchone()
    if found is None:
        return None
    await record(tx, [Entry(now, f"device:{found[0]}", "device.enrolled", f"device:{found[0]}")])
    return Device(*found), secret


async def device_of(tx: Tx, secret: str) -> Device | None:
    """The device that shows this secret; None: it was revoked, or there is none."""
    found = await (await tx.execute(_SQL["device_of"], {"secret_hash": _hash(secret)})).fetchone()
    return None if found is None else Device(*found)


def name_of(secret: str) -> str:
    """What a device that keeps this secret is called where known devices are told from others. It tells nothing of the secret."""
    return _hash(f"name|{secret}").hex()[:32]


def name_of_pin(venue_id: int, staff_id: int) -> str:
    """What a clerk's PIN at a venue is called where tries are counted, wherever it is asked for."""
    return f"{venue_id} {staff_id}"


async def devices(tx: Tx, venue_ids: frozenset[int] | None) -> list[DeviceRecord]:
    """Devices of these venues (None: of all), at most DEVICES_LISTED_MAX: those in use first, revoked ones last."""
    row = {"venue_ids": None if venue_ids is None else sorted(venue_ids), "limit": DEVICES_LISTED_MAX}
    rows = await (await tx.execute(_SQL["devices"], row)).fetchall()
    return [
        DeviceRecord(Device(id_, venue_id, post), made_at, made_by, enrolled_at, revoked_at, until)
        for id_, venue_id, post, made_at, made_by, enrolled_at, revoked_at, until in rows
    ]


async def revoke(
    tx: Tx, device_id: int, now: datetime, actor: str, *, venue_ids: frozenset[int] | None = None
) -> bool:
    """The device opens nothing any more, and whoever is signed in at it by PIN is signed out; whether it was good.

    `venue_ids`: only one that stands at one of these.
    """
    row = {"id": device_id, "now": now, "venue_ids": None if venue_ids is None else sorted(venue_ids)}
    if await (await tx.execute(_SQL["revoke"], row)).fetchone() is None:
        return False
    await tx.execute(_SQL["end_logins_of_device"], {"id": device_id, "now": now})
    await record(tx, [Entry(now, actor, "device.revoked", f"device:{device_id}")])
    return True


async def clerks(tx: Tx, venue_id: int) -> list[Clerk]:
    """Who has a PIN at the venue, by name."""
    rows = await (await tx.execute(_SQL["clerks"], {"venue_id": venue_id, "limit": CLERKS_MAX})).fetchall()
    return [Clerk(id_, name or login) for id_, login, name in rows]


def is_pin(pin: str) -> bool:
    """Six to eight digits, neither all the same nor one after the other."""
    is_number = pin.isascii() and pin.isdecimal() and PIN_MIN <= len(pin) <= PIN_MAX
    return is_number and len(set(pin)) > 1 and pin not in _LINE and pin not in _LINE[::-1]


async def set_pin(tx: Tx, vault: Vault, *, staff: Staff, venue_id: int, pin: str, now: datetime) -> None:
    """The clerk's own PIN at the venue. Raises ValueError: `is_pin` refuses it."""
    if not is_pin(pin):
        raise ValueError(f"pin: {PIN_MIN} to {PIN_MAX} digits, not in a row")
    pin_hash = await hash_secret(pin, vault, of=_owner(staff.id, venue_id))
    row = {"staff_id": staff.id, "venue_id": venue_id, "pin_hash": pin_hash, "now": now}
    await tx.execute(_SQL["set_pin"], row)
    subject = f"staff:{staff.id}"
    await record(tx, [Entry(now, subject, "clerk.pin_set", subject, {"venue": venue_id})])


async def check_pin(
    tx: Tx, vault: Vault, secret: str, staff_id: int, pin: str
) -> tuple[Device, Staff] | None:
    """Who takes the turn at the device with this secret, and only what they may do at its post; None: wrong.

    Device and clerk are locked until the transaction ends, so that neither is revoked or retired beside it. Whoever calls
    it does so in a `Guard.attempt`.
    """
    found = await (await tx.execute(_SQL["lock_device"], {"secret_hash": _hash(secret)})).fetchone()
    if found is None:
        await spend_time(pin)
        return None
    device = Device(*found)
    asked = {"staff_id": staff_id, "venue_id": device.venue_id}
    known = await (await tx.execute(_SQL["lock_clerk"], asked)).fetchone()
    stored = await (await tx.execute(_SQL["pin_of"], asked)).fetchone()
    if known is None or stored is None:
        await spend_time(pin)
        return None
    if not await verify_secret(pin, stored[0], vault, of=_owner(staff_id, device.venue_id)):
        return None
    duties = at_post(await duties_held(tx, staff_id), device.venue_id, device.post)
    return (device, Staff(staff_id, known[0], known[1], duties)) if duties else None


def _owner(staff_id: int, venue_id: int) -> str:
    return f"clerk:{staff_id}|venue:{venue_id}"


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()
