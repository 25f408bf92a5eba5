"""How a slot is drawn from: which pools limit it, who may hold it only once, and why nobody can book it. Pure."""

from datetime import datetime
from functools import lru_cache
from typing import Final

from wenyue.booking.decisions.effects import Effects
from wenyue.booking.decisions.facts import Facts
from wenyue.booking.model import BookingState, Channel, Outcome, PoolFacts, SlotFacts
from wenyue.cards import WantedUse
from wenyue.core.clock import zone

CHANNEL_NAME: Final = {channel: channel.name.lower() for channel in Channel}


def slot_problem(slot: SlotFacts, pools: dict[int, PoolFacts], now: datetime) -> Outcome | None:
    """Why nobody can book this slot right now, or None. STALE_FACTS when the cached slot is out of date."""
    own = pools[slot.pool_ids[0]]
    if own.revision != slot.revision:
        return Outcome.STALE_FACTS
    if not slot.is_open:
        return Outcome.SLOT_CLOSED
    for pool_id in slot.pool_ids:
        if not pools[pool_id].is_open:
            return Outcome.SLOT_CLOSED
    if now < slot.release_at:
        return Outcome.NOT_RELEASED
    if now >= slot.closes_at:
        return Outcome.SALES_ENDED
    return None


def wanted_use(slot: SlotFacts, quantity: int, person_keys: tuple[bytes, ...]) -> WantedUse:
    """What a card is asked to pay for."""
    return WantedUse(
        venue_id=slot.venue_id,
        venue_code=slot.venue_code,
        venue_kind=slot.venue_kind,
        venue_tags=slot.venue_tags,
        product_kind=slot.product_kind,
        is_first_gate=slot.is_first_gate,
        on_date=slot.on_date,
        starts_at=_on_wall(slot.starts_at, slot.timezone),
        quantity=quantity,
        person_keys=person_keys,
    )


@lru_cache(maxsize=50_000)
def _on_wall(instant: datetime, timezone: str) -> datetime:
    """The same few thousand session starts are asked about by everybody."""
    return instant.astimezone(zone(timezone))


def person_scope(slot: SlotFacts) -> int:
    """What one person can hold only once a day: the venue (positive id), or just this slot (negative id)."""
    return slot.venue_id if slot.person_rule == "venue_day" else -slot.id


def draws(slot: SlotFacts, channel: Channel) -> tuple[int, ...]:
    """Every pool that limits a booking of this slot on this channel."""
    if not slot.channel_pools:
        return slot.pool_ids
    return (*slot.pool_ids, slot.channel_pools[CHANNEL_NAME[channel]])


def take_pools(
    facts: Facts, effects: Effects, pool_ids: tuple[int, ...], state: BookingState, quantity: int
) -> None:
    """Draw `quantity` (negative: give back) from each pool, in the facts and in what is written."""
    for pool_id in pool_ids:
        pool = facts.pools[pool_id]
        if state is BookingState.HELD:
            pool.held += quantity
        else:
            pool.sold += quantity
    effects.move_pools(pool_ids, state, quantity)


def draws_any(slot: SlotFacts, channel: Channel) -> tuple[int, ...]:
    """Like `draws`, and for a channel that the slot does not serve the pools that tell so."""
    pool_id = slot.channel_pools.get(CHANNEL_NAME[channel])
    return slot.pool_ids if pool_id is None else (*slot.pool_ids, pool_id)
