"""What changes about an active card: its companions, when it starts, and how long it lasts."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

from wenyue.accounts import Identity, sealing
from wenyue.audit import Entry, record
from wenyue.cards.activation import CARD_TIMEZONE, LockedCard, locked_card, type_rules
from wenyue.cards.dates import validity_end
from wenyue.cards.model import CardRules
from wenyue.cards.parse import RulesError
from wenyue.cards.people import CardProblem, Denied, age_problem, state_problem
from wenyue.core.clock import local_date
from wenyue.core.personal import Vault
from wenyue.events import append, kinds
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.cards", "life.sql")
COMPANION_CHANGES_MAX: Final = 10  # different people beyond the seats: more looks like lending the card
EXTENSION_STEP_MAX: Final = 5_000  # cards lengthened in one transaction
EXTENSION_DAYS_MAX: Final = 3_660


async def add_companion(
    tx: Tx, vault: Vault, *, card_id: int, holder_id: int, identity: Identity, now: datetime
) -> bytes | Denied:
    """Name a person who may enter on a family card; the person key. The same person again is no change.

    Refusals: NUMBER_UNKNOWN (not the holder's card), the card's state, COMPANIONS_FULL, COMPANION_CHANGES,
    COMPANION_IS_HOLDER, TOO_OLD and BIRTH_UNKNOWN (亲子: children only).
    """
    card = await _own_active(tx, card_id, holder_id)
    if isinstance(card, Denied):
        return card
    rules = await _rules_of(tx, card)
    person_key = vault.person_key(identity.document.key)
    if person_key == card.holder_key:
        return Denied(CardProblem.COMPANION_IS_HOLDER)
    rows = await (await tx.execute(_SQL["companions"], {"ids": [card_id]})).fetchall()
    others = [row for row in rows if row[1] != person_key]
    if sum(is_live for *_, is_live in others) >= rules.companions_max:
        return Denied(CardProblem.COMPANIONS_FULL)
    if len(others) >= rules.companions_max + COMPANION_CHANGES_MAX:
        return Denied(CardProblem.COMPANION_CHANGES)
    today = local_date(now, CARD_TIMEZONE)
    denied = age_problem(identity.born, today, None, rules.companion_age_max)
    if denied is not None:
        return denied
    sealed = sealing.seal_identity(vault, identity, purpose=sealing.COMPANION)
    await tx.execute(_SQL["add_companion"], {"card_id": card_id, "person_key": person_key, "sealed": sealed})
    await record(tx, [Entry(now, f"traveller:{holder_id}", "card.companion_added", f"card:{card_id}")])
    await append(tx, [kinds.CompanionAdded(card_id)], now)
    return person_key


async def remove_companion(
    tx: Tx, *, card_id: int, holder_id: int, person_key: bytes, now: datetime
) -> bool | Denied:
    """Take a companion off the card; False when nobody of that key is on it. Bookings made before stay."""
    card = await _own_active(tx, card_id, holder_id)
    if isinstance(card, Denied):
        return card
    row = {"card_id": card_id, "person_key": person_key, "now": now}
    if await (await tx.execute(_SQL["remove_companion"], row)).fetchone() is None:
        return False
    await record(tx, [Entry(now, f"traveller:{holder_id}", "card.companion_removed", f"card:{card_id}")])
    await append(tx, [kinds.CompanionRemoved(card_id)], now)
    return True


async def begin_validity(tx: Tx, card_id: int, on_date: date, now: datetime) -> bool:
    """The first visit on a card whose validity starts with it: called when a visit is redeemed; True when it began.

    A card type that is mistyped keeps nobody out: its validity begins with the first visit after it was mended.
    """
    card = await _lock_by_id(tx, card_id)
    if card is None or card.valid_from is not None:
        return False
    try:
        rules = await _rules_of(tx, card)
    except RulesError:
        return False
    if rules.validity.starts != "first_use":
        return False
    row = {"id": card_id, "valid_from": on_date, "valid_to": validity_end(rules.validity, on_date)}
    await tx.execute(_SQL["begin_validity"], row)
    await record(tx, [Entry(now, "system:gate", "card.began", f"card:{card_id}")])
    await append(tx, [kinds.CardBegan(card_id)], now)
    return True


async def extend_validity(
    tx: Tx,
    *,
    extension_id: UUID,
    type_code: str,
    from_date: date,
    to_date: date,
    days: int,
    reason: str,
    now: datetime,
    actor: str,
) -> int:
    """Lengthen by `days` every card of a type that was valid during a suspension (上海迪士尼 2020: 212 days).

    Works in steps of EXTENSION_STEP_MAX cards: call with the same id, a transaction each, until it returns 0; a step that
    was done is not done again. The first call's dates and days count. Raises ValueError naming the field.
    """
    if not 1 <= days <= EXTENSION_DAYS_MAX:
        raise ValueError(f"days: a whole number from 1 to {EXTENSION_DAYS_MAX}")
    if from_date > to_date:
        raise ValueError("to_date: not before from_date")
    if await type_rules(tx, type_code) is None:
        raise ValueError(f"type_code: there is no card type {type_code!r}")
    new = {
        "id": extension_id,
        "type_code": type_code,
        "from_date": from_date,
        "to_date": to_date,
        "days": days,
        "reason": reason,
        "actor": actor,
        "now": now,
    }
    is_new = (await tx.execute(_SQL["add_extension"], new)).rowcount == 1
    if is_new:
        detail: dict[str, object] = {"days": days, "from": from_date.isoformat(), "to": to_date.isoformat()}
        await record(tx, [Entry(now, actor, "card_type.extended", f"card_type:{type_code}", detail)])
        await append(tx, [kinds.CardTypeExtended(type_code, from_date, to_date, days)], now)
    return await _extend_some(tx, extension_id, now)


async def _extend_some(tx: Tx, extension_id: UUID, now: datetime) -> int:
    known = await (await tx.execute(_SQL["lock_extension"], {"id": extension_id})).fetchone()
    if known is None or known[5] is not None:
        return 0
    type_code, from_date, to_date, days, after, _ = known
    bounds = {
        "type_code": type_code,
        "from_date": from_date,
        "to_date": to_date,
        "days": days,
        "after": after,
        "limit": EXTENSION_STEP_MAX,
    }
    ids = [row[0] for row in await (await tx.execute(_SQL["extend_some"], bounds)).fetchall()]
    is_done = len(ids) < EXTENSION_STEP_MAX
    move = {
        "id": extension_id,
        "last_card_id": max(ids, default=after),
        "n": len(ids),
        "done_at": now if is_done else None,
    }
    await tx.execute(_SQL["move_extension"], move)
    return len(ids)


async def _own_active(tx: Tx, card_id: int, holder_id: int) -> LockedCard | Denied:
    card = await _lock_by_id(tx, card_id)
    if card is None or card.holder_id != holder_id:
        return Denied(CardProblem.NUMBER_UNKNOWN)
    problem = state_problem(card.state)
    return card if problem is None else Denied(problem)


async def _lock_by_id(tx: Tx, card_id: int) -> LockedCard | None:
    return locked_card(await (await tx.execute(_SQL["lock_by_id"], {"id": card_id})).fetchone())


async def _rules_of(tx: Tx, card: LockedCard) -> CardRules:
    rules = await type_rules(tx, card.type_code)
    if rules is None:
        raise LookupError(f"card {card.id} has no type {card.type_code}")  # a foreign key forbids it
    return rules
