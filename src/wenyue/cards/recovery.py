"""补卡: who lost a card proves to be its holder, is told, and can stop it. See docs/security.md and ADR 14.

A code to the phone on record proves it together with the document; at the counter a member of staff looks at the document. The
holder's phone is told before a new number is shown, with a second code that stops the replacement for some days. Codes are kept
as keyed hashes, are good for minutes and a few tries, and few are sent in a day.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from wenyue.accounts import Identity, traveller
from wenyue.audit import Entry, record
from wenyue.infra.db import Tx, queries
from wenyue.kernel.personal import Secret, Vault

_SQL: Final = queries("wenyue.cards", "recovery.sql")
CODE_TTL_S: Final = 10 * 60
CODE_TRIES_MAX: Final = 5
CODES_A_DAY_MAX: Final = 5  # of one holder, and of one phone
OBJECTION_S: Final = 7 * 24 * 3600
PROOF_TTL_S: Final = 24 * 3600
_BLOCKED_S: Final = 30 * 24 * 3600  # after an objection only staff replace
_CODE_DIGITS: Final = 6
_OBJECTION_SIGNS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_OBJECTION_LENGTH: Final = 10  # 49 bits
How = Literal["code", "staff"]


@dataclass(frozen=True, slots=True)
class Begun:
    """A request that was begun: the code for the phone on record, in the holder's language."""

    id: UUID
    holder_id: int
    phone: Secret[str]
    code: Secret[str]
    locale: str


@dataclass(frozen=True, slots=True)
class Proven:
    """Who asks is the holder. `objection`: the code with which the phone on record stops it ('' phone: there is none)."""

    id: UUID
    holder_id: int
    phone: Secret[str]
    objection: Secret[str]
    locale: str
    is_lost: bool = True  # else nothing was lost: who proved it only signs in


@dataclass(frozen=True, slots=True)
class Recovery:
    """A proven request, as a new number is asked for on it."""

    id: UUID
    how: How
    proven_at: datetime


def shown_from(recovery: Recovery, *, is_told: bool, delay: timedelta, now: datetime) -> datetime | None:
    """None when a new number may be shown now, else the instant to wait for.

    The message comes first. Where the phone itself proved the request, that suffices; where it could not be used (the counter,
    or a message that does not leave), whoever reads the phone has `delay` to object.
    """
    at = recovery.proven_at + delay
    if now >= at or (is_told and recovery.how == "code"):
        return None
    return at


async def begin(
    tx: Tx, vault: Vault, *, request_id: UUID, identity: Identity, now: datetime, is_lost: bool = True
) -> Begun | None:
    """Begin with document and phone. None when they are nobody's, or too many were begun: the caller tells nobody which.

    `is_lost` False: nothing was lost, only the PIN is of no use just now.
    """
    holder_id = await holder_of(tx, vault, identity)
    known = await traveller(tx, vault, holder_id) if holder_id is not None else None
    if holder_id is None or known is None:
        return None
    is_same = _plain(known.name.reveal()) == _plain(identity.name) and bool(identity.phone)
    if not is_same or known.phone.reveal() != identity.phone:
        return None
    if not await _may_begin(tx, vault, holder_id, identity.phone, now):
        return None
    code = f"{secrets.randbelow(10**_CODE_DIGITS):0{_CODE_DIGITS}}"
    row = _row(vault, request_id, holder_id, phone=identity.phone, how="code", now=now)
    row |= {"code_key": _code_key(vault, request_id, code), "code_until": now + timedelta(seconds=CODE_TTL_S)}
    row |= {"is_lost": is_lost}
    if await (await tx.execute(_SQL["start"], row)).fetchone() is None:
        return None
    detail: dict[str, object] = {"is_lost": is_lost}
    await record(tx, [Entry(now, "system:recovery", "recovery.begun", f"traveller:{holder_id}", detail)])
    return Begun(request_id, holder_id, known.phone, Secret(code), known.locale)


async def prove_code(tx: Tx, vault: Vault, *, request_id: UUID, code: str, now: datetime) -> Proven | None:
    """The code from the phone: every card of the holder is frozen. None when it is wrong, old, or tried too often.

    The caller commits in either case, and, when something was lost, ends the holder's logins and sends the message.
    """
    row = await (await tx.execute(_SQL["lock_recovery"], {"id": request_id})).fetchone()
    if row is None or row[3] is None or row[7] is not None or row[4] <= now or row[5] >= CODE_TRIES_MAX:
        return None
    if not hmac.compare_digest(row[3], _code_key(vault, request_id, code.strip())):
        await tx.execute(_SQL["miss"], {"id": request_id, "tries": row[5] + 1})
        return None
    if not row[8]:
        none = {"id": request_id, "now": now, "objection_key": None, "objection_until": None}
        await tx.execute(_SQL["prove"], none)
        return await _only_known(tx, request_id, row[1], now)
    objection = _new_objection()
    change = {
        "id": request_id,
        "now": now,
        "objection_key": _objection_key(vault, objection),
        "objection_until": now + timedelta(seconds=OBJECTION_S),
    }
    await tx.execute(_SQL["prove"], change)
    return await _proven(
        tx,
        vault,
        request_id=request_id,
        holder_id=row[1],
        objection=objection,
        now=now,
        actor=f"traveller:{row[1]}",
    )


async def prove_by_staff(
    tx: Tx, vault: Vault, *, request_id: UUID, identity: Identity, now: datetime, actor: str
) -> Proven | None:
    """A member of staff has seen the document. None when it is nobody's who holds a card; the same id again: what it was."""
    holder_id = await holder_of(tx, vault, identity)
    known = await traveller(tx, vault, holder_id) if holder_id is not None else None
    if holder_id is None or known is None or _plain(known.name.reveal()) != _plain(identity.name):
        return None
    objection = _new_objection()
    row = _row(vault, request_id, holder_id, phone=known.phone.reveal(), how="staff", now=now)
    row |= {
        "proven_at": now,
        "objection_key": _objection_key(vault, objection),
        "objection_until": now + timedelta(seconds=OBJECTION_S),
    }
    if await (await tx.execute(_SQL["start"], row)).fetchone() is None:
        return None
    return await _proven(
        tx, vault, request_id=request_id, holder_id=holder_id, objection=objection, now=now, actor=actor
    )


async def recovery_of(tx: Tx, holder_id: int, now: datetime) -> Recovery | None:
    """The holder's proven request on which a new number can be had; none when it was objected to or is a day old."""
    row = await (await tx.execute(_SQL["latest"], {"holder_id": holder_id})).fetchone()
    if row is None or row[3] is not None or row[2] + timedelta(seconds=PROOF_TTL_S) <= now:
        return None
    return Recovery(row[0], row[1], row[2])


async def object_with_code(tx: Tx, vault: Vault, *, code: str, now: datetime) -> int | None:
    """The holder stops a replacement: what came of it is frozen, and only staff replace from now on. The holder's id.

    None when the code is none, or too old. Again: the same. The caller ends the holder's logins.
    """
    asked = {"objection_key": _objection_key(vault, _cleaned(code)), "now": now}
    row = await (await tx.execute(_SQL["by_objection"], asked)).fetchone()
    if row is None:
        return None
    if row[2] is None:
        await _stop(tx, row[0], row[1], now=now, actor=f"traveller:{row[1]}")
    return row[1]


async def object_by_staff(tx: Tx, *, holder_id: int, now: datetime, actor: str) -> bool:
    """Staff stop the newest replacement of a holder; False when there is none to stop."""
    row = await (await tx.execute(_SQL["latest"], {"holder_id": holder_id})).fetchone()
    if row is None:
        return False
    if row[3] is None:
        await _stop(tx, row[0], holder_id, now=now, actor=actor)
    return True


async def _stop(tx: Tx, request_id: UUID, holder_id: int, *, now: datetime, actor: str) -> None:
    await tx.execute(_SQL["object"], {"id": request_id, "now": now, "actor": actor})
    frozen = await (await tx.execute(_SQL["freeze_replaced"], {"id": request_id})).fetchall()
    detail: dict[str, object] = {"frozen": len(frozen)}
    await record(tx, [Entry(now, actor, "recovery.objected", f"traveller:{holder_id}", detail)])


async def _only_known(tx: Tx, request_id: UUID, holder_id: int, now: datetime) -> Proven:
    """Nothing was lost: nothing is frozen, and no new number can be had on it."""
    subject = f"traveller:{holder_id}"
    await record(tx, [Entry(now, subject, "recovery.signed_in", subject)])
    return Proven(request_id, holder_id, Secret(""), Secret(""), "", is_lost=False)


async def _proven(
    tx: Tx,
    vault: Vault,
    *,
    request_id: UUID,
    holder_id: int,
    objection: str,
    now: datetime,
    actor: str,
) -> Proven:
    frozen = await (await tx.execute(_SQL["freeze_cards"], {"holder_id": holder_id})).fetchall()
    entries = [Entry(now, actor, "card.frozen", f"card:{card_id}") for (card_id,) in frozen]
    await record(tx, [*entries, Entry(now, actor, "recovery.proven", f"traveller:{holder_id}")])
    known = await traveller(tx, vault, holder_id)
    if known is None:
        raise LookupError(f"traveller {holder_id} is gone")  # a foreign key forbids it
    return Proven(request_id, holder_id, known.phone, Secret(objection), known.locale)


async def holder_of(tx: Tx, vault: Vault, identity: Identity) -> int | None:
    """Whose document this is, when they hold a card that is active or was reported lost."""
    asked = {"person_key": vault.person_key(identity.document.key)}
    row = await (await tx.execute(_SQL["holder_of_document"], asked)).fetchone()
    return None if row is None else row[0]


async def _may_begin(tx: Tx, vault: Vault, holder_id: int, phone: str, now: datetime) -> bool:
    await tx.execute(_SQL["lock_holder"], {"holder_id": holder_id})
    asked = {
        "holder_id": holder_id,
        "phone_key": _phone_key(vault, phone),
        "since": now - timedelta(days=1),
        "objected_since": now - timedelta(seconds=_BLOCKED_S),
    }
    [(lately, objected)] = await (await tx.execute(_SQL["started_lately"], asked)).fetchall()
    return lately < CODES_A_DAY_MAX and objected == 0


def _row(
    vault: Vault, request_id: UUID, holder_id: int, *, phone: str, how: How, now: datetime
) -> dict[str, object]:
    names = ("code_key", "code_until", "proven_at", "objection_key", "objection_until")
    empty: dict[str, object] = {}
    empty.update((name, None) for name in names)
    empty["is_lost"] = True
    key = _phone_key(vault, phone)
    return empty | {"id": request_id, "holder_id": holder_id, "phone_key": key, "how": how, "now": now}


def _phone_key(vault: Vault, phone: str) -> bytes:
    return vault.fingerprint(f"recovery phone|{phone}".encode()) if phone else b""


def _code_key(vault: Vault, request_id: UUID, code: str) -> bytes:
    return vault.fingerprint(f"recovery code|{request_id}|{code[:32]}".encode(errors="replace"))


def _objection_key(vault: Vault, code: str) -> bytes:
    return vault.fingerprint(f"recovery objection|{code[:32]}".encode(errors="replace"))


def _new_objection() -> str:
    return "".join(secrets.choice(_OBJECTION_SIGNS) for _ in range(_OBJECTION_LENGTH))


def _cleaned(code: str) -> str:
    return "".join(sign for sign in code[:64].upper() if sign.isalnum())


def _plain(name: str) -> str:
    return "".join(name.split()).casefold()
