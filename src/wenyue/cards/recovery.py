"""补卡: who lost a card proves to be its holder, is told, and can stop it. See docs/security.md and ADR 14.

A code to the phone on record proves it together with the document; at the counter a member of staff looks at the document. The
holder's phone is told before a new number is shown, with a second code that stops every replacement of theirs for some days.
Codes are kept as keyed hashes (`recovery_codes`), are good for minutes and a few tries. What is done at the counter:
`recovery_counter`.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from wenyue.accounts import Identity, Traveller, traveller
from wenyue.audit import Entry, record
from wenyue.cards.codes import clean_card_no
from wenyue.cards.recovery_codes import (
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
from wenyue.events import append, kinds
from wenyue.infra.db import Tx, queries
from wenyue.kernel.limits import CLAIMS_PER_DOCUMENT_MAX
from wenyue.kernel.personal import Secret, Vault

_SQL: Final = queries("wenyue.cards", "recovery.sql")
CODE_TRIES_MAX: Final = 5
CODES_A_DAY_MAX: Final = (
    5  # codes of their own for one holder, and one phone; then requests share one in half an hour
)
CODES_OF_PLACE_MAX: Final = 3  # of these, from one address
REQUESTS_KEPT_MAX: Final = 1000  # rows of one holder in a day; further requests have the shared code alone
OBJECTION_S: Final = 7 * 24 * 3600
PROOF_TTL_S: Final = 24 * 3600
BLOCKED_S: Final = (
    30 * 24 * 3600
)  # after an objection only an administrator replaces, at the counter, and later
OBJECTED_DELAY: Final = timedelta(hours=12)  # a night, in which the phone may object again
How = Literal["code", "staff"]


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
    """A proven request, as something is asked for on it. `is_after_objection`: the holder stopped another lately.

    `card_ids`: the cards that were frozen when it was made, each until it is thawed or has a new number. `is_lost` False: it
    unfreezes, and gives no new number.
    """

    id: UUID
    how: How
    proven_at: datetime
    is_after_objection: bool = False
    is_lost: bool = True
    card_ids: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Stopped:
    """What an objection found to stop. `is_login_over`: a login or a new number had come of it."""

    requests: int
    frozen: int
    is_login_over: bool


def shown_from(recovery: Recovery, *, is_told: bool, delay: timedelta, now: datetime) -> datetime | None:
    """None when a new number may be shown now, else the instant to wait for.

    The message comes first. Where the phone itself proved the request, that suffices; where it could not be used (the counter,
    or a message that does not leave), whoever reads the phone has `delay` to object, and longer when they objected lately.
    """
    at = recovery.proven_at + (max(delay, OBJECTED_DELAY) if recovery.is_after_objection else delay)
    if now >= at or (is_told and recovery.how == "code"):
        return None
    return at


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


async def bind(tx: Tx, request_id: UUID, login_key: str = "") -> None:
    """A proof that was just made is good for this login alone (`Login.key`; none at the counter) and for what is frozen now."""
    await tx.execute(_SQL["bind"], {"id": request_id, "login_key": login_key})


async def recovery_of(
    tx: Tx, holder_id: int, now: datetime, *, login_key: str = "", request_id: UUID | None = None
) -> Recovery | None:
    """The proof on which a card is unfrozen or gets a new number; none when it was objected to or is a day old.

    That which began the login of `login_key`, while this lasts; at the counter that of `request_id` alone.
    """
    asked = {
        "holder_id": holder_id,
        "login_key": login_key,
        "request_id": request_id,
        "now": now,
        "since": now - timedelta(seconds=PROOF_TTL_S),
        "objected_since": now - timedelta(seconds=BLOCKED_S),
    }
    row = await (await tx.execute(_SQL["proof"], asked)).fetchone()
    if row is None:
        return None
    return Recovery(
        row[0],
        row[1],
        row[2],
        is_after_objection=row[5],
        is_lost=row[3],
        card_ids=frozenset(row[4]),
    )


async def object_with_code(tx: Tx, vault: Vault, *, code: str, now: datetime) -> int | None:
    """The holder stops every replacement of theirs; from now on an administrator replaces. The holder's id.

    None when the code is none, or too old. Again: what was begun since is stopped too. The caller ends the holder's logins.
    """
    asked = {"objection_key": objection_key(vault, cleaned(code)), "now": now}
    row = await (await tx.execute(_SQL["by_objection"], asked)).fetchone()
    if row is None:
        return None
    await object_to_all(tx, holder_id=row[0], now=now, actor=f"traveller:{row[0]}")
    return row[0]


async def object_to_all(tx: Tx, *, holder_id: int, now: datetime, actor: str) -> Stopped | None:
    """Stop every request of a holder that is open or was proven in the last OBJECTION_S, and freeze what came of them.

    None when there is none to stop and none was stopped lately.
    """
    await lock_holder(tx, holder_id)
    row = {
        "holder_id": holder_id,
        "now": now,
        "actor": actor,
        "since": now - timedelta(seconds=OBJECTION_S),
    }
    stopped = await (await tx.execute(_SQL["object"], row)).fetchall()
    if not stopped:
        asked = {"holder_id": holder_id, "since": row["since"]}
        [(was_stopped,)] = await (await tx.execute(_SQL["was_stopped"], asked)).fetchall()
        return Stopped(0, 0, is_login_over=False) if was_stopped else None
    frozen = 0
    if any(is_proven for _, is_proven in stopped):
        # A proof froze every card: what is active now was replaced, thawed or added since.
        frozen = len(await (await tx.execute(_SQL["freeze_cards"], {"holder_id": holder_id})).fetchall())
    detail: dict[str, object] = {"frozen": frozen, "requests": len(stopped)}
    await record(tx, [Entry(now, actor, "recovery.objected", f"traveller:{holder_id}", detail)])
    return Stopped(
        len(stopped), frozen, is_login_over=frozen > 0 or any(had_login for had_login, _ in stopped)
    )


async def named_holders(tx: Tx, vault: Vault, identity: Identity) -> list[Traveller]:
    """The accounts with this document and name that hold a card that is active or was reported lost.

    Those that staff saw the document of, if there are any; else all that claim it, the oldest first.
    """
    asked = {"person_key": vault.person_key(identity.document.key), "limit": CLAIMS_PER_DOCUMENT_MAX}
    rows = await (await tx.execute(_SQL["holders_of_document"], asked)).fetchall()
    is_settled = any(is_seen for _, is_seen in rows)
    found = [
        await traveller(tx, vault, holder_id) for holder_id, is_seen in rows if is_seen or not is_settled
    ]
    return [one for one in found if one is not None and one.is_named(identity.name)]


async def has_card(tx: Tx, holder_id: int, card_no: str) -> bool:
    """Whether a card with this number, or one that it was replaced by, is the account's."""
    asked = {"holder_id": holder_id, "card_no": clean_card_no(card_no)}
    [(has_it,)] = await (await tx.execute(_SQL["has_card"], asked)).fetchall()
    return bool(has_it)


async def holder_of_number(tx: Tx, card_no: str) -> int | None:
    """Whose card has this number; None when there is none, or nobody has activated it."""
    row = await (await tx.execute(_SQL["holder_of_number"], {"card_no": clean_card_no(card_no)})).fetchone()
    return None if row is None else row[0]


async def freeze_all(tx: Tx, holder_id: int, now: datetime, actor: str) -> None:
    """Freeze every active card of a holder, nobody else acting for them meanwhile."""
    await lock_holder(tx, holder_id)
    frozen = await (await tx.execute(_SQL["freeze_cards"], {"holder_id": holder_id})).fetchall()
    if frozen:
        await record(tx, [Entry(now, actor, "card.frozen", f"card:{card_id}") for (card_id,) in frozen])


async def lock_holder(tx: Tx, holder_id: int) -> None:
    """Until the transaction ends: an objection and a replacement of one holder do not pass each other by."""
    await tx.execute(_SQL["lock_holder"], {"holder_id": holder_id})


async def proven(
    tx: Tx, request_id: UUID, known: Traveller, *, objection: str, now: datetime, actor: str
) -> Proven:
    """A request about a lost card was proved: the holder's cards are frozen."""
    frozen = await (await tx.execute(_SQL["freeze_cards"], {"holder_id": known.id})).fetchall()
    entries = [Entry(now, actor, "card.frozen", f"card:{card_id}") for (card_id,) in frozen]
    await record(tx, [*entries, Entry(now, actor, "recovery.proven", f"traveller:{known.id}")])
    await append(tx, [kinds.CardFrozen(card_id) for (card_id,) in frozen], now)
    return Proven(request_id, known.id, known.phone, Secret(objection), known.locale)


def new_row(
    vault: Vault, request_id: UUID, known: Traveller, *, how: How, requester: bytes, now: datetime
) -> dict[str, object]:
    """A request's row, with nothing proved and no code."""
    return {
        "code_key": None,
        "code_until": None,
        "proven_at": None,
        "objection_key": None,
        "objection_until": None,
        "id": request_id,
        "holder_id": known.id,
        "phone_key": phone_key(vault, known.phone.reveal()),
        "how": how,
        "now": now,
        "is_lost": True,
        "is_shared": False,
        "requester_key": requester,
    }
