"""What members of staff prove themselves with besides their password: apps that make codes, passkeys, recovery codes."""

import base64
import binascii
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import Final, Literal, Protocol

from pyotp import random_base32
from pyotp.totp import TOTP

from wenyue.accounts.second.passkeys import NewPasskey, Passkey
from wenyue.accounts.second.rules import (
    CODES_COUNT,
    FACTORS_MAX,
    RECOVERY_LENGTH,
    is_recovery_code,
    plain_code,
    step_of_code,
)
from wenyue.audit import Entry, record
from wenyue.core.duties import Duties, read_duties
from wenyue.core.personal import SealBroken, Vault
from wenyue.platform.database.db import Tx, queries

PURPOSE: Final = b"factor"
_SQL: Final = queries("wenyue.accounts", "factors.sql")
_OFFER: Final = b"factor offer"
_ISSUER: Final = "Wenyue"
_LETTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that is read as something else
_GROUP: Final = 5
_LISTED_MAX: Final = 200


class Means(StrEnum):
    """By what somebody proved themselves."""

    APP = "app"
    PASSKEY = "passkey"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor as its owner sees it."""

    id: int
    kind: Literal["totp", "passkey"]
    name: str
    added_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True, repr=False)
class Offer:
    """An app's secret before anybody proved that the app has it. `sealed` travels with the page; nothing is kept."""

    secret: str
    uri: str
    sealed: str


class Added(Enum):
    """What became of an app that somebody set up."""

    NEW = auto()
    KNOWN = auto()  # it is one of theirs already
    WRONG = auto()  # its code does not fit


class Signed(Protocol):
    """What somebody signed with a passkey."""

    def check(self, known: list[Passkey]) -> tuple[Passkey, int] | None:
        """Which of these passkeys it was, and its counter now; None: it is not right."""
        ...


async def lock_factors(tx: Tx, staff_id: int) -> None:
    """Nobody else changes these factors until the transaction ends. Before the lock of a login."""
    await tx.execute(_SQL["lock_factors"], {"staff_id": staff_id})


async def factors_of(tx: Tx, staff_id: int) -> list[Factor]:
    """The factors of a member of staff, the oldest first; at most FACTORS_MAX."""
    bounds = {"staff_id": staff_id, "limit": FACTORS_MAX}
    return [Factor(*row) for row in await (await tx.execute(_SQL["factors"], bounds)).fetchall()]


async def passkeys_of(tx: Tx, staff_id: int) -> list[Passkey]:
    """The passkeys among them."""
    bounds = {"staff_id": staff_id, "limit": FACTORS_MAX}
    return [Passkey(*row) for row in await (await tx.execute(_SQL["passkeys"], bounds)).fetchall()]


def offer_app(vault: Vault, staff_id: int, login: str) -> Offer:
    """A new secret for an app."""
    secret = random_base32()
    sealed = vault.seal(f"{staff_id}|{secret}".encode(), purpose=_OFFER)
    return _offer(secret, login, base64.urlsafe_b64encode(sealed).decode())


def read_offer(vault: Vault, staff_id: int, login: str, sealed: str) -> Offer | None:
    """What this person was offered; None: it is none of theirs, or was altered."""
    try:
        opened = vault.open_sealed(base64.urlsafe_b64decode(sealed), purpose=_OFFER).decode()
    except (SealBroken, binascii.Error, ValueError):
        return None
    of, _, secret = opened.partition("|")
    return _offer(secret, login, sealed) if of == str(staff_id) else None


def _offer(secret: str, login: str, sealed: str) -> Offer:
    return Offer(secret, TOTP(secret).provisioning_uri(name=login, issuer_name=_ISSUER), sealed)


async def add_app(
    tx: Tx, vault: Vault, staff_id: int, offer: Offer, code: str, *, name: str, now: datetime
) -> Added:
    """Keep an app that proves by its code that it has the secret. That code is used up. After `lock_factors`."""
    step = step_of_code(offer.secret, plain_code(code), now, last_step=0)
    if step is None:
        return Added.WRONG
    if any(secret == offer.secret for _, secret, _ in await _apps(tx, vault, staff_id)):
        return Added.KNOWN  # the form was sent twice: as a second factor its code would be good twice
    row = {
        "staff_id": staff_id,
        "name": name,
        "sealed": vault.seal(offer.secret.encode(), purpose=PURPOSE),
        "step": step,
        "now": now,
    }
    [(factor_id,)] = await (await tx.execute(_SQL["add_app"], row)).fetchall()
    await _note(tx, staff_id, "added", now, {"factor": factor_id, "kind": "totp"})
    return Added.NEW


async def add_passkey(tx: Tx, staff_id: int, new: NewPasskey, *, name: str, now: datetime) -> bool:
    """Keep a passkey; False: it is somebody's already, or was."""
    row = {
        "staff_id": staff_id,
        "name": name,
        "credential_id": new.credential_id,
        "public_key": new.public_key,
        "count": new.sign_count,
        "now": now,
    }
    found = await (await tx.execute(_SQL["add_passkey"], row)).fetchone()
    if found is not None:
        await _note(tx, staff_id, "added", now, {"factor": found[0], "kind": "passkey"})
    return found is not None


async def remove_factor(tx: Tx, staff_id: int, factor_id: int, now: datetime) -> bool:
    """Take one of somebody's factors away; False: there is none."""
    row = {"staff_id": staff_id, "id": factor_id, "now": now}
    found = await (await tx.execute(_SQL["remove_factor"], row)).fetchone()
    if found is not None:
        await _note(tx, staff_id, "removed", now, {"factor": factor_id, "kind": found[0]})
    return found is not None


async def prove(tx: Tx, vault: Vault, staff_id: int, given: str | Signed, now: datetime) -> Means | None:
    """By what somebody proved themselves: a code, or what a passkey signed; None: it is not right. What is used is used up.

    In a `Guard.attempt` of the kind "factor", which slows guessing.
    """
    if isinstance(given, str):
        means = await _use_code(tx, vault, staff_id, plain_code(given), now)
    else:
        means = Means.PASSKEY if await _use_passkey(tx, staff_id, given, now) else None
    if means is not None:
        await _note(tx, staff_id, "proved", now, {"by": means})
    return means


async def _use_passkey(tx: Tx, staff_id: int, given: Signed, now: datetime) -> bool:
    found = given.check(await passkeys_of(tx, staff_id))
    if found is None:
        return False
    row = {"id": found[0].id, "count": found[1], "now": now}
    return await (await tx.execute(_SQL["use_passkey"], row)).fetchone() is not None


async def _use_code(tx: Tx, vault: Vault, staff_id: int, code: str, now: datetime) -> Means | None:
    if is_recovery_code(code):
        row = {"staff_id": staff_id, "code_hash": _hashed(vault, staff_id, code), "now": now}
        return Means.RECOVERY if await (await tx.execute(_SQL["use_code"], row)).fetchone() else None
    for id_, secret, last_step in await _apps(tx, vault, staff_id):
        step = step_of_code(secret, code, now, last_step=last_step)
        if step is not None:
            used = {"id": id_, "step": step, "now": now}
            return Means.APP if await (await tx.execute(_SQL["use_app"], used)).fetchone() else None
    return None


async def _apps(tx: Tx, vault: Vault, staff_id: int) -> list[tuple[int, str, int]]:
    """Id, secret and the last step that was used of somebody's apps."""
    rows = await (await tx.execute(_SQL["apps"], {"staff_id": staff_id, "limit": FACTORS_MAX})).fetchall()
    return [(id_, vault.open_sealed(sealed, purpose=PURPOSE).decode(), last) for id_, sealed, last in rows]


async def codes_left(tx: Tx, staff_id: int) -> int:
    """How many recovery codes somebody has left."""
    [(count,)] = await (await tx.execute(_SQL["codes_left"], {"staff_id": staff_id})).fetchall()
    return count


async def renew_codes(tx: Tx, vault: Vault, staff_id: int, now: datetime) -> list[str]:
    """New recovery codes in place of those that somebody has left; shown once, and kept as keyed hashes."""
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(RECOVERY_LENGTH)) for _ in range(CODES_COUNT)]
    await tx.execute(_SQL["end_codes"], {"staff_id": staff_id, "now": now})
    row = {"staff_id": staff_id, "hashes": [_hashed(vault, staff_id, one) for one in codes], "now": now}
    await tx.execute(_SQL["add_codes"], row)
    await _note(tx, staff_id, "codes_renewed", now, {"codes": CODES_COUNT})
    return ["-".join(one[at : at + _GROUP] for at in range(0, RECOVERY_LENGTH, _GROUP)) for one in codes]


async def without_factor(tx: Tx) -> list[tuple[str, Duties]]:
    """Who can sign in and has no second factor, with their duties; at most _LISTED_MAX. By the owner."""
    rows = await (await tx.execute(_SQL["without_factor"], {"limit": _LISTED_MAX})).fetchall()
    return [(login, read_duties(duties)) for login, duties in rows]


def _hashed(vault: Vault, staff_id: int, code: str) -> bytes:
    return vault.fingerprint(f"recovery|staff:{staff_id}|{code}".encode())


async def _note(tx: Tx, staff_id: int, what: str, now: datetime, detail: dict[str, object]) -> None:
    actor = f"staff:{staff_id}"
    await record(tx, [Entry(now, actor, f"factor.{what}", actor, detail)])
