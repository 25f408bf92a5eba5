"""挂失, 解挂, 补卡: a lost card is frozen, thawed, or gets a new number.

The card keeps its id: entitlements, bookings and companions hang on it and are not moved; only the number and the PIN
change, and the lost number stays in `cards.dead_number`, dead for ever (昆山: a found old card stays dead). So a
replacement writes nothing that belongs to bookings. Live bookings stay; the gate refuses while the card is frozen.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from wenyue.accounts import hash_secret
from wenyue.audit import Entry, record
from wenyue.cards.activation import LockedCard, locked_card, type_rules
from wenyue.cards.codes import new_card_no, new_pin
from wenyue.cards.model import CardState
from wenyue.cards.people import CardProblem, Denied, state_problem
from wenyue.cards.recovery import Recovery
from wenyue.core.card_numbers import clean_card_no
from wenyue.core.personal import Secret, Vault
from wenyue.events import append, kinds
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.cards", "life.sql")
_NUMBER_TRIES_MAX: Final = 5
SHOWN_AGAIN_S: Final = 600  # an answer that was lost is asked for again within minutes


@dataclass(frozen=True, slots=True)
class Replaced:
    """The card under its new number. The PIN is known only now; a repeated request gets a fresh one, for minutes."""

    card_id: int
    card_no: str
    pin: Secret[str]
    fee_minor: int
    is_replay: bool


class _Earlier(NamedTuple):
    """A replacement that was made: of which card, on which proof, whether it is the card's newest one, and when."""

    card_id: int
    proof_id: UUID | None
    is_newest: bool
    at: datetime


async def report_loss(
    tx: Tx, *, card_no: str, holder_id: int | None, now: datetime, actor: str
) -> CardState | Denied:
    """挂失: freeze an active card; FROZEN, also when it was already.

    `holder_id` None: staff act for the holder. Somebody else's card is NUMBER_UNKNOWN. Reporting does not end logins: a
    face that fears a stolen phone calls `accounts.end_logins`.
    """
    return await _change(
        tx, card_no, holder_id, before=CardState.ACTIVE, after=CardState.FROZEN, now=now, actor=actor
    )


async def lift_loss(
    tx: Tx, *, card_no: str, holder_id: int, proof: Recovery | None, now: datetime, actor: str
) -> CardState | Denied:
    """解挂: the card was found before it was replaced; ACTIVE, also when it was already.

    A login does not suffice, whoever found the card may have one: PROOF_NEEDED without a `proof` that was made while this card
    was frozen. It is used up for this card. The caller tells the holder.
    """
    card = await _own_card(tx, clean_card_no(card_no), holder_id)
    if isinstance(card, Denied):
        return card
    if card.state == CardState.FROZEN and (proof is None or card.id not in proof.card_ids):
        return Denied(CardProblem.PROOF_NEEDED)
    state = await _change(
        tx, card_no, holder_id, before=CardState.FROZEN, after=CardState.ACTIVE, now=now, actor=actor
    )
    await tx.execute(_SQL["use_proofs"], {"card_id": card.id, "holder_id": card.holder_id})
    return state


async def replace(
    tx: Tx,
    vault: Vault,
    *,
    request_id: UUID,
    card_no: str,
    holder_id: int | None,
    now: datetime,
    actor: str,
    proof: Recovery,
) -> Replaced | Denied:
    """补卡: a frozen card gets a new number and PIN and is active again; the old number is dead for ever.

    `request_id` makes it happen once: the same request again gives the same number with a fresh PIN (the first answer may
    have been lost, and only the PIN's hash is kept), within SHOWN_AGAIN_S and until the PIN was used, else PIN_GIVEN.
    Each time is recorded, and the caller tells the holder. NOT_FROZEN when the loss was not reported, NUMBER_DEAD when it was
    replaced by another request, PROOF_NEEDED when it is not among the cards that the `proof` is good for: each gets one number
    on it.
    `fee_minor` is what the type asks for (昆山 ¥25); taking it is the caller's.
    """
    earlier = await (await tx.execute(_SQL["replacement"], {"request_id": request_id})).fetchone()
    if earlier is not None:
        if earlier[1] != proof.id:
            return Denied(CardProblem.PROOF_NEEDED)
        return await _again(tx, vault, _Earlier(*earlier), holder_id, now=now, actor=actor)
    number = clean_card_no(card_no)
    card = await _own_card(tx, number, holder_id)
    if isinstance(card, Denied):
        return card
    if card.state != CardState.FROZEN:
        return Denied(state_problem(card.state) or CardProblem.NOT_FROZEN)
    if card.id not in proof.card_ids:
        return Denied(CardProblem.PROOF_NEEDED)
    row: dict[str, object] = {
        "card_no": number,
        "card_id": card.id,
        "now": now,
        "reason": "lost",
        "request_id": request_id,
    }
    row["recovery_id"] = proof.id
    await tx.execute(_SQL["bury_number"], row)
    await tx.execute(_SQL["use_proofs"], {"card_id": card.id, "holder_id": card.holder_id})
    pin = new_pin()
    fresh = {"id": card.id, "card_no": await _free_number(tx), "pin_hash": await hash_secret(pin, vault)}
    [(new_no,)] = await (await tx.execute(_SQL["renumber"], fresh)).fetchall()
    await record(tx, [Entry(now, actor, "card.replaced", f"card:{card.id}")])
    await append(tx, [kinds.CardReplaced(card.id)], now)
    return Replaced(card.id, new_no, Secret(pin), await _fee(tx, card), is_replay=False)


async def _again(
    tx: Tx, vault: Vault, earlier: _Earlier, holder_id: int | None, *, now: datetime, actor: str
) -> Replaced | Denied:
    card = locked_card(await (await tx.execute(_SQL["shut_by_id"], {"id": earlier.card_id})).fetchone())
    if card is None or (holder_id is not None and card.holder_id != holder_id):
        return Denied(CardProblem.NUMBER_UNKNOWN)
    if not earlier.is_newest or card.state != CardState.ACTIVE:
        return Denied(CardProblem.NUMBER_DEAD)
    if now > earlier.at + timedelta(seconds=SHOWN_AGAIN_S):
        return Denied(CardProblem.PIN_GIVEN)
    pin = new_pin()
    change = {"id": card.id, "pin_hash": await hash_secret(pin, vault)}
    row = await (await tx.execute(_SQL["set_pin"], change)).fetchone()
    if row is None:
        return Denied(CardProblem.PIN_GIVEN)
    await record(tx, [Entry(now, actor, "card.pin_shown_again", f"card:{card.id}")])
    return Replaced(card.id, row[0], Secret(pin), await _fee(tx, card), is_replay=True)


async def _change(
    tx: Tx,
    card_no: str,
    holder_id: int | None,
    *,
    before: CardState,
    after: CardState,
    now: datetime,
    actor: str,
) -> CardState | Denied:
    card = await _own_card(tx, clean_card_no(card_no), holder_id)
    if isinstance(card, Denied):
        return card
    if card.state == after:
        return after
    if card.state != before:
        return Denied(state_problem(card.state) or CardProblem.EXPIRED)
    await tx.execute(_SQL["set_state"], {"id": card.id, "state": after})
    action = "card.frozen" if after is CardState.FROZEN else "card.thawed"
    await record(tx, [Entry(now, actor, action, f"card:{card.id}")])
    event = kinds.CardFrozen if after is CardState.FROZEN else kinds.CardThawed
    await append(tx, [event(card.id)], now)
    return after


async def _own_card(tx: Tx, number: str, holder_id: int | None) -> LockedCard | Denied:
    card = locked_card(await (await tx.execute(_SQL["shut_by_no"], {"card_no": number})).fetchone())
    if card is not None and (holder_id is None or card.holder_id == holder_id):
        return card
    dead = card is None and await (await tx.execute(_SQL["dead_number"], {"card_no": number})).fetchone()
    return Denied(CardProblem.NUMBER_DEAD if dead else CardProblem.NUMBER_UNKNOWN)


async def _free_number(tx: Tx) -> str:
    """A number that no card has or had; 10^15 numbers make a second try a curiosity."""
    for _ in range(_NUMBER_TRIES_MAX):
        number = new_card_no()
        taken = await (await tx.execute(_SQL["pin_of"], {"card_no": number})).fetchone()
        dead = await (await tx.execute(_SQL["dead_number"], {"card_no": number})).fetchone()
        if taken is None and dead is None:
            return number
    raise LookupError("no free card number in five draws: the random source is broken")


async def _fee(tx: Tx, card: LockedCard) -> int:
    rules = await type_rules(tx, card.type_code)
    return 0 if rules is None else rules.replacement_fee_minor
