"""The proof by a code that goes to the phone on record: begun with the document, and shown to be right."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from wenyue.accounts import Identity, traveller
from wenyue.audit import Entry, record
from wenyue.cards.recovery.codes import (
    CODE_TTL_S,
    cleaned,
    code_key,
    new_code,
    new_objection,
    objection_key,
    phone_key,
    requester_key,
    shared_code,
    shared_key,
    shared_since,
)
from wenyue.cards.recovery.holders import lock_holder, named_holders
from wenyue.cards.recovery.proofs import BLOCKED_S, OBJECTION_S, Proven, new_row, proven
from wenyue.core.personal import Secret, Vault
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.cards", "recovery.sql")
CODE_TRIES_MAX: Final = 5
CODES_A_DAY_MAX: Final = (
    5  # codes of their own for one holder, and one phone; then requests share one in half an hour
)
CODES_OF_PLACE_MAX: Final = 3  # of these, from one address
REQUESTS_KEPT_MAX: Final = 1000  # rows of one holder in a day; further requests have the shared code alone


@dataclass(frozen=True, slots=True)
class Begun:
    """A request that was begun: the code for the phone on record.

    `is_shared`: it serves every request until `until`. `text_id`: that of the text with it, one for all requests that share it.
    """

    id: UUID
    holder_id: int
    phone: Secret[str]
    code: Secret[str]
    until: datetime
    is_shared: bool
    text_id: UUID


async def begin(
    tx: Tx,
    vault: Vault,
    *,
    request_id: UUID,
    identity: Identity,
    now: datetime,
    requester: str = "",
    is_lost: bool = True,
) -> Begun | None:
    """Begin with document and phone. None when they are nobody's, or were objected to lately: the caller tells nobody which.

    `requester`: from where it is asked. The first codes of a day are each request's own, few of them for one place. Then every
    request of half an hour shares one code, which is sent once: whoever asks, the holder's phone has a good code. No request is
    refused because of others: beyond REQUESTS_KEPT_MAX in a day it leaves no row, and the shared code is as good for it.
    `is_lost` False: nothing was lost, only the PIN is of no use just now.
    """
    named = await named_holders(tx, vault, identity) if identity.phone else []
    known = next((one for one in named if one.phone.reveal() == identity.phone), None)
    if known is None:
        return None
    place = requester_key(vault, requester)
    await lock_holder(tx, known.id)
    since = shared_since(now)
    asked = {
        "holder_id": known.id,
        "phone_key": phone_key(vault, identity.phone),
        "requester_key": place,
        "since": now - timedelta(days=1),
        "used_since": since,
        "objected_since": now - timedelta(seconds=BLOCKED_S),
    }
    [(own, of_place, requests, used, objected)] = await (
        await tx.execute(_SQL["codes_lately"], asked)
    ).fetchall()
    if objected:
        return None
    is_crowded = requests >= REQUESTS_KEPT_MAX
    is_shared = is_crowded or own >= CODES_A_DAY_MAX or of_place >= CODES_OF_PLACE_MAX
    code, until = new_code(), now + timedelta(seconds=CODE_TTL_S)
    key = code_key(vault, request_id, code)
    text_id, is_kept = request_id, False
    if is_shared:
        code, until = shared_code(vault, known.id, since, used)
        key = shared_key(vault, code)
        text_id = UUID(bytes=key[:16])
        kept = {"holder_id": known.id, "code_key": key}
        [(is_kept,)] = await (await tx.execute(_SQL["is_code_kept"], kept)).fetchall()
    begun = Begun(request_id, known.id, known.phone, Secret(code), until, is_shared, text_id)
    if is_crowded and is_kept:
        return begun
    row = new_row(vault, request_id, known, how="code", requester=place, now=now)
    row |= {"code_key": key, "code_until": until, "is_lost": is_lost, "is_shared": is_shared}
    if await (await tx.execute(_SQL["start"], row)).fetchone() is None:
        return None
    detail: dict[str, object] = {"is_lost": is_lost}
    await record(tx, [Entry(now, "system:recovery", "recovery.begun", f"traveller:{known.id}", detail)])
    return begun


async def prove_code(
    tx: Tx, vault: Vault, *, request_id: UUID, code: str, now: datetime, is_lost: bool = True
) -> Proven | None:
    """The code from the phone: every card of the holder is frozen. None when it is wrong, old, or tried too often.

    The caller commits in either case, and, when something was lost, ends the holder's logins and sends the message. It begins a
    login, to which it `bind`s the proof. A request that left no row (`begin`) is that to which its shared code belongs;
    `is_lost`: what such a one was begun for, else the row says it.
    """
    typed = cleaned(code)
    of = await (await tx.execute(_SQL["holder_of_request"], {"id": request_id})).fetchone()
    has_row = of is not None
    if of is None:
        asked = {"code_key": shared_key(vault, typed), "now": now}
        of = await (await tx.execute(_SQL["by_shared_code"], asked)).fetchone()
    if of is None:
        return None
    holder_id = of[0]
    if not has_row:
        request_id = of[1]
    await lock_holder(tx, holder_id)
    row = await (await tx.execute(_SQL["lock_recovery"], {"id": request_id})).fetchone()
    if row is None or row[0] is None or row[3] is not None or row[1] <= now:
        return None
    if has_row and row[2] >= CODE_TRIES_MAX:
        return None
    kept, tries, is_shared = bytes(row[0]), row[2], row[5]
    is_lost = row[4] if has_row else is_lost
    tried = shared_key(vault, typed) if is_shared else code_key(vault, request_id, typed)
    if not hmac.compare_digest(kept, tried):
        await tx.execute(_SQL["miss"], {"id": request_id, "tries": tries + 1})
        return None
    change: dict[str, object] = {"id": request_id, "now": now, "is_lost": is_lost}
    change |= {"objection_key": None, "objection_until": None}
    objection = new_objection()
    if is_lost:
        change["objection_key"] = objection_key(vault, objection)
        change["objection_until"] = now + timedelta(seconds=OBJECTION_S)
    await tx.execute(_SQL["prove"], change)
    await tx.execute(_SQL["spend_code"], {"holder_id": holder_id, "code_key": kept})
    actor = f"traveller:{holder_id}"
    if not is_lost:  # nothing is frozen, and no new number can be had on it
        await record(tx, [Entry(now, actor, "recovery.signed_in", actor)])
        return Proven(request_id, holder_id, Secret(""), Secret(""), "", is_lost=False)
    known = await traveller(tx, vault, holder_id)
    if known is None:
        raise LookupError(f"traveller {holder_id} is gone")  # a foreign key forbids it
    return await proven(tx, request_id, known, objection=objection, now=now, actor=actor)
