"""Availability as one card sees it: which of the slots it would pay for, and why not. For people, never for a decision."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from msgspec import structs

from wenyue import cards
from wenyue.booking.decisions.allocation import wanted_use
from wenyue.booking.decisions.facts import Rulebook
from wenyue.booking.model import Outcome
from wenyue.booking.persistence.literals import array
from wenyue.booking.persistence.store import SQL, load_slots
from wenyue.booking.slots.availability import SlotState, SlotView
from wenyue.core.clock import zone
from wenyue.platform.database.db import Tx

_UNBOUND_DAYS = 366  # a look back for card types that count over their whole life


# What a move would give back of a line that the card pays: venue, day, the line's places, how many of them move.
GivenUp = tuple[int, date, int, int]


async def on_card(
    tx: Tx,
    views: Sequence[SlotView],
    *,
    card_id: int,
    holder_id: int,
    rulebook: Rulebook,
    now: datetime,
    giving_up: Sequence[GivenUp] = (),
) -> tuple[list[SlotView], dict[int, Outcome]] | None:
    """`views` with NOT_ON_CARD where the card would not pay for its holder, and the refusals by slot id.

    None when the card is not this holder's. Slots that nobody can book keep their state.
    """
    asked = {view.slot_id for view in views}
    refusals = await refused_on_card(
        tx, asked, card_id=card_id, holder_id=holder_id, rulebook=rulebook, now=now, giving_up=giving_up
    )
    if refusals is None:
        return None
    judged = [
        structs.replace(view, state=SlotState.NOT_ON_CARD)
        if view.slot_id in refusals and view.state not in (SlotState.CLOSED, SlotState.ENDED, SlotState.FULL)
        else view
        for view in views
    ]
    return judged, refusals


async def refused_on_card(
    tx: Tx,
    slot_ids: Collection[int],
    *,
    card_id: int,
    holder_id: int,
    rulebook: Rulebook,
    now: datetime,
    giving_up: Sequence[GivenUp] = (),
) -> dict[int, Outcome] | None:
    """Why the card would not pay for its holder, by slot id; slots that it would pay for are absent.

    None when the card is not this holder's.
    """
    card = await cards.read_facts(tx, card_id)
    if card is None or card.holder_id != holder_id:
        return None
    await _read_uses(tx, card, rulebook, now)
    for one in giving_up:
        _give_up(card, one)
    rules, local = rulebook.card_types[card.type_code], now.astimezone(zone(rulebook.timezone))
    refusals: dict[int, Outcome] = {}
    for slot in (await load_slots(tx, slot_ids)).values():
        keys = (card.holder_key,) if card.holder_key is not None and slot.needs_visitors else ()
        verdict = cards.decide_use(rules, card, wanted_use(slot, 1, keys), rulebook.calendar, local)
        if isinstance(verdict, cards.CardRefusal):
            refusals[slot.id] = Outcome(int(verdict))
    return refusals


def _give_up(card: cards.CardFacts, line: GivenUp) -> None:
    """Judge as if the line had fewer places, as the engine does when it moves: the day's one use is not in its own way."""
    *wanted, moving = line
    use = next((one for one in card.uses if [one.venue_id, one.on_date, one.quantity] == wanted), None)
    if use is None:
        return
    card.give_back(use)
    if moving < use.quantity:
        left = use.quantity - moving
        card.take(cards.Use(use.venue_id, use.on_date, use.entitlement_no, left, use.is_redeemed))


async def _read_uses(tx: Tx, card: cards.CardFacts, rulebook: Rulebook, now: datetime) -> None:
    days = cards.history_days(rulebook.card_types[card.type_code])
    first = now.date() - timedelta(days=_UNBOUND_DAYS if days is None else days + 1)
    cursor = await tx.execute(SQL["card_uses"], {"ids": array([card.id]), "from": first})
    card.uses.extend(cards.Use(*use) for _, *use in await cursor.fetchall())
