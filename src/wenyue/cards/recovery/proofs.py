"""What a proof is good for: a new number or an unfrozen card, from when on, and for which login."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from wenyue.accounts import Traveller
from wenyue.audit import Entry, record
from wenyue.cards.recovery.codes import phone_key
from wenyue.core.personal import Secret, Vault
from wenyue.events import append, kinds
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.cards", "recovery.sql")
OBJECTION_S: Final = 7 * 24 * 3600
PROOF_TTL_S: Final = 24 * 3600
BLOCKED_S: Final = (
    30 * 24 * 3600
)  # after an objection only an administrator replaces, at the counter, and later
OBJECTED_DELAY: Final = timedelta(hours=12)  # a night, in which the phone may object again
How = Literal["code", "staff"]


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


def shown_from(recovery: Recovery, *, is_told: bool, delay: timedelta, now: datetime) -> datetime | None:
    """None when a new number may be shown now, else the instant to wait for.

    The message comes first. Where the phone itself proved the request, that suffices; where it could not be used (the counter,
    or a message that does not leave), whoever reads the phone has `delay` to object, and longer when they objected lately.
    """
    at = recovery.proven_at + (max(delay, OBJECTED_DELAY) if recovery.is_after_objection else delay)
    if now >= at or (is_told and recovery.how == "code"):
        return None
    return at


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


async def proven(
    tx: Tx, request_id: UUID, known: Traveller, *, objection: str, now: datetime, actor: str
) -> Proven:
    """A request about a lost card was proved: the holder's cards are frozen."""
    frozen = await (await tx.execute(_SQL["freeze_cards"], {"holder_id": known.id})).fetchall()
    entries = [Entry(now, actor, "card.frozen", f"card:{card_id}") for (card_id,) in frozen]
    await record(tx, [*entries, Entry(now, actor, "recovery.proven", f"traveller:{known.id}")])
    await append(tx, [kinds.CardFrozen(card_id) for (card_id,) in frozen], now)
    return Proven(request_id, known.id, known.phone, Secret(objection), known.locale)


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
