"""Reading what a batch is decided from, under lock, and writing what was decided: two round trips for a batch of bookings."""

from collections.abc import Container, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from psycopg import AsyncCursor
from psycopg.rows import TupleRow

from wenyue import accounts, audit, cards, events, policy
from wenyue.booking.decisions.effects import BookingRow, Effects, PlaceRow
from wenyue.booking.decisions.facts import Facts
from wenyue.booking.model import (
    BookingRequest,
    BookingState,
    ChangeRequest,
    Channel,
    ExistingBooking,
    LineFacts,
    OpenLine,
    PoolFacts,
    SlotFacts,
)
from wenyue.booking.persistence.literals import array, hex_literal, keys_literal, places_json, rows_json
from wenyue.booking.persistence.lock_hints import LockHints
from wenyue.booking.persistence.wants import Wants
from wenyue.core.limits import BOOKED_AHEAD_DAYS_MAX
from wenyue.platform.database.db import Tx, queries

SQL: Final = queries("wenyue.booking.persistence")
_BANS_THEN_LOCK: Final = policy.BANS_OF + "\nUNION ALL\n" + SQL["lock_holders"]
_BOOKED_AHEAD: Final = timedelta(days=BOOKED_AHEAD_DAYS_MAX)
Cursor = AsyncCursor[TupleRow]


# ------------------------------------------------------------------------------------------------ gather


async def load_slots(tx: Tx, slot_ids: Iterable[int]) -> dict[int, SlotFacts]:
    """Slots by id, as they are now; unknown ids are absent."""
    cursor = await tx.execute(SQL["slots_by_id"], {"ids": array(slot_ids)})
    return {row[0]: _slot(row) for row in await cursor.fetchall()}


def _slot(row: tuple[Any, ...]) -> SlotFacts:
    values = list(row)
    values[10], values[21] = tuple(values[10]), frozenset(values[21])
    return SlotFacts(*values)


async def rooms_of(tx: Tx, pool_ids: Iterable[int]) -> Cursor:
    """(pool, places left) of these pools; for use inside a pipeline."""
    return await tx.execute(SQL["rooms_of"], {"ids": array(pool_ids)})


async def booked_among(tx: Tx, ids: Iterable[UUID]) -> Cursor:
    """Those of these ids that are booked; for use inside a pipeline."""
    return await tx.execute(SQL["booked_among"], {"ids": array(ids)})


async def lock_changes(tx: Tx, facts: Facts, changes: Sequence[ChangeRequest]) -> None:
    """Lock the bookings that are to change and read their lines: one round trip, before cards and pools."""
    ids = {"ids": array(sorted({change.booking_id for change in changes}))}
    async with tx.pipeline():
        bookings = await tx.execute(SQL["lock_bookings"], ids)
        lines = await tx.execute(SQL["lines_of"], ids)
        places = await tx.execute(SQL["places_of"], ids)
    await _read_existing(bookings, facts)
    held: dict[tuple[UUID, int], list[tuple[int, bytes, int]]] = {}
    numbers: dict[tuple[UUID, int], dict[int, bytes]] = {}
    for booking_id, line_no, visitor_no, person_key, scope, number_key in await places.fetchall():
        held.setdefault((booking_id, line_no), []).append((visitor_no, person_key, scope))
        if number_key is not None:
            numbers.setdefault((booking_id, line_no), {})[visitor_no] = number_key
    for booking_id, *values, is_missed, came in await lines.fetchall():
        values[6] = tuple(values[6])
        key = (booking_id, values[0])
        line = LineFacts(
            *values,
            places=tuple(held.get(key, ())),
            redeemed=len(came),
            came=frozenset(came),
            numbers=numbers.get(key, {}),
            is_missed=is_missed,
        )
        facts.existing[booking_id].lines.append(line)


async def _read_existing(cursor: Cursor, facts: Facts, *, known: Container[UUID] = ()) -> None:
    """Bookings as they are at this read; those that are `known` already (locked, with their lines) stay as they are."""
    for id_, body_hash, state, channel, *rest in await cursor.fetchall():
        if id_ is None:
            facts.ended.add(body_hash.hex())
        elif id_ not in known:
            facts.existing[id_] = ExistingBooking(
                id_, body_hash, BookingState(state), Channel(channel), *rest
            )


async def gather(
    tx: Tx, facts: Facts, batch: Sequence[BookingRequest | ChangeRequest], lock_hints: LockHints
) -> None:
    """Lock cards, read what the rules ask and the pools: one round trip. `facts.slots` is already there.

    Pools with room to spare are read without a lock and guarded when they are written, so that batches on one hot
    session overlap; pools that are nearly full are locked, last of all, so that the last places go in arrival order.
    """
    wants = Wants(batch, facts)
    changing, facts.once = frozenset(facts.existing), wants.once
    facts.is_locked = lock_hints.is_any(wants.pools)
    ids = {"ids": array(wants.cards)}
    reads: dict[str, Cursor] = {}
    async with tx.pipeline():
        if wants.cards:
            reads["cards"] = await tx.execute(cards.LOCK_CARDS, ids)
            reads["entitlements"] = await tx.execute(cards.ENTITLEMENTS_OF, ids)
            reads["companions"] = await tx.execute(cards.COMPANIONS_OF, ids)
            reads["uses"] = await tx.execute(SQL["card_uses"], {**ids, "from": wants.first_day})
        holders = array(wants.holders)
        if wants.subjects or wants.holders:
            asked = {"subjects": wants.subjects_literal(), "now": facts.now, "holders": holders}
            reads["bans"] = await tx.execute(_BANS_THEN_LOCK, asked)
        if wants.holders:
            days = {"today": facts.local_now.date(), "since": facts.now - _BOOKED_AHEAD}
            reads["open"] = await tx.execute(SQL["open_lines"], {"ids": holders, **days})
        if wants.named:
            reads["names"] = await tx.execute(SQL["names_known"], {"keys": keys_literal(wants.named)})
        if wants.cancellers:
            reads["cancels"] = await tx.execute(policy.CANCELS_OF, wants.cancels_asked(facts))
        if wants.movers:
            asked = {"ids": array(sorted(wants.movers)), "today": facts.local_now.date()}
            reads["moved"] = await tx.execute(SQL["moves_of_day"], asked)
        await _ask_pools(tx, wants, reads, is_locked=facts.is_locked)
        if wants.changers:  # after the locks of cards, which whoever ends a login holds
            asked = {"token_hashes": hex_literal(sorted(wants.changers)), "now": facts.now}
            reads["logins"] = await tx.execute(accounts.HOLD_LOGINS, asked)
    await _read_cards(reads, facts)
    await _read_rest(reads, facts, wants)
    await _read_pools(reads, facts, changing)
    if not facts.is_locked and lock_hints.note(facts.pools, wants.demand):
        facts.is_locked = True
        async with tx.pipeline():
            await _ask_pools(tx, wants, reads, is_locked=True)
        await _read_pools(reads, facts, changing)


async def _read_rest(reads: dict[str, Cursor], facts: Facts, wants: Wants) -> None:
    if "bans" in reads:
        for subject, policy_code, until in await reads["bans"].fetchall():
            facts.bans.setdefault(subject, []).append((policy_code, until))
    if "open" in reads:
        await _read_open(reads["open"], facts)
    if "moved" in reads:
        facts.moved.update(await reads["moved"].fetchall())
    if "logins" in reads:
        held = {token_hash.hex() for (token_hash,) in await reads["logins"].fetchall()}
        facts.ended.update(wants.changers - held)
    if "names" in reads:
        for person_key, name_key, traveller_id in await reads["names"].fetchall():
            accounts, known = facts.names.setdefault(person_key, (set(), set()))
            accounts.add(traveller_id)
            known.add(name_key)
    if "cancels" in reads:
        for subject, policy_code, on_date in await reads["cancels"].fetchall():
            facts.cancels.setdefault(subject, []).append((policy_code, on_date))


async def _read_open(cursor: Cursor, facts: Facts) -> None:
    held: dict[int, set[UUID]] = {}
    for holder_id, booking_id, line_no, is_held, *line in await cursor.fetchall():
        facts.open.setdefault(holder_id, {})[booking_id, line_no] = OpenLine(*line)
        if is_held:
            held.setdefault(holder_id, set()).add(booking_id)
    facts.holds.update((holder_id, len(bookings)) for holder_id, bookings in held.items())


async def _ask_pools(tx: Tx, wants: Wants, reads: dict[str, Cursor], *, is_locked: bool) -> None:
    """Pools, then places, then earlier answers: in this order.

    A request may be under way in another process, too: who sees its places (after waiting for its lock, or without)
    must see its booking as well, and answer with a replay.
    """
    reads["pools"] = await tx.execute(
        SQL["lock_pools" if is_locked else "read_pools"], {"ids": array(wants.pools)}
    )
    if wants.places:
        reads["places"] = await tx.execute(SQL["places_taken"], {"wanted": places_json(wants.places)})
    if wants.numbers:
        reads["numbers"] = await tx.execute(SQL["numbers_taken"], {"wanted": places_json(wants.numbers)})
    if wants.bookings:
        reads["existing"] = await tx.execute(SQL["existing"], wants.asked)


async def _read_pools(reads: dict[str, Cursor], facts: Facts, changing: Container[UUID]) -> None:
    if "existing" in reads:
        await _read_existing(reads["existing"], facts, known=changing)
    if "places" in reads:
        facts.places = set(await reads["places"].fetchall())
    if "numbers" in reads:
        facts.numbers = set(await reads["numbers"].fetchall())
    for row in await reads["pools"].fetchall():
        facts.pools[row[0]] = PoolFacts(*row)


async def _read_cards(reads: dict[str, Cursor], facts: Facts) -> None:
    if "cards" not in reads:
        return
    facts.cards = cards.facts_from_rows(
        await reads["cards"].fetchall(),
        await reads["entitlements"].fetchall(),
        await reads["companions"].fetchall(),
    )
    for card_id, *use in await reads["uses"].fetchall():
        if card_id in facts.cards:
            facts.cards[card_id].uses.append(cards.Use(*use))


# ------------------------------------------------------------------------------------------------ apply


async def write(tx: Tx, facts: Facts, effects: Effects) -> None:
    """Write a batch's decisions: one statement per table, for use inside a pipeline. Releases come before inserts."""
    now: dict[str, object] = {"now": effects.now}
    await _give_up(tx, facts, effects)
    if effects.states:
        await tx.execute(SQL["set_states"], {"rows": rows_json(effects.states), **now})
    if effects.reasons:
        await tx.execute(SQL["set_reasons"], {"rows": rows_json(effects.reasons)})
    if effects.bookings:
        by_id = sorted(effects.bookings, key=_booking_id)
        await tx.execute(SQL["insert_bookings"], {"rows": rows_json(by_id), **now})
    if effects.lines:
        await tx.execute(SQL["insert_lines"], {"rows": rows_json(effects.lines)})
    if effects.places:
        by_key = sorted(effects.places, key=_place_key)
        await tx.execute(SQL["insert_places"], {"rows": rows_json(by_key)})
    if effects.entitlements:
        await cards.spend(tx, effects.entitlements)
    if effects.audit:
        await tx.execute(audit.RECORD, {"entries": rows_json(effects.audit)})
    if effects.told:
        happened = [(kind.event, ids) for told in effects.events for kind, ids in told.items()]
        rows = [{"kind": events.kind_of(one), "version": one.version, "ids": ids} for one, ids in happened]
        await tx.execute(events.APPEND, {"rows": rows_json(rows), **now})
    # Every pool that a new line draws from is guarded, even if what the batch gives back outweighs it.
    drawn = set[int]() if facts.is_locked else {id_ for line in effects.lines for id_ in line.pool_ids}
    moved = [
        {
            "id": id_,
            "held": held,
            "sold": sold,
            "guard": id_ in drawn,
            "revision": facts.pools[id_].revision,
        }
        for id_, (held, sold) in sorted(effects.pools.items())
        if held or sold or id_ in drawn
    ]
    if moved:
        await tx.execute(SQL["move_pools"], {"rows": rows_json(moved), "expected": len(moved)})


async def _give_up(tx: Tx, facts: Facts, effects: Effects) -> None:
    """What leaves lines and places, which lines were missed, and the moves that are counted."""
    if effects.released:
        released = rows_json([{"b": booking_id, "n": line_no} for booking_id, line_no in effects.released])
        await tx.execute(SQL["release_lines"], {"rows": released})
        await tx.execute(SQL["release_places"], {"rows": released})
    if effects.taken_out:
        taken_out = {"rows": rows_json(effects.taken_out)}
        await tx.execute(SQL["take_places_out"], taken_out | {"now": effects.now})
        await tx.execute(SQL["shrink_lines"], taken_out)
    if effects.missed:
        missed = rows_json([{"b": booking_id, "n": line_no} for booking_id, line_no in effects.missed])
        await tx.execute(SQL["mark_missed"], {"rows": missed, "now": effects.now})
    if effects.moved:
        by_holder = [{"holder": one, "moves": moves} for one, moves in sorted(effects.moved.items())]
        await tx.execute(SQL["count_moves"], {"rows": rows_json(by_holder), "today": facts.local_now.date()})


def _booking_id(row: BookingRow) -> UUID:
    return row.id


def _place_key(row: PlaceRow) -> tuple[bytes, date, int]:
    return row.person_key, row.on_date, row.scope


async def write_strikes(tx: Tx, facts: Facts, effects: Effects) -> None:
    """Strikes of late or limited cancellations, and the bans that follow from them (outside the pipeline: it reads)."""
    for strike in effects.strikes:
        preset = facts.book.presets[strike.policy_code] if strike.policy_code else None
        for subject in sorted(strike.subjects):
            await policy.add_strike(
                tx,
                subject_key=subject,
                policy_code=strike.policy_code,
                kind=strike.kind,
                on_date=strike.on_date,
                booking_id=strike.booking_id,
                now=facts.now,
                preset=preset,
                timezone=facts.book.timezone,
            )


async def due_holds(tx: Tx, now: datetime, limit: int) -> list[UUID]:
    """Bookings whose hold ran out, oldest first, at most `limit`."""
    cursor = await tx.execute(SQL["due_holds"], {"now": now, "limit": limit})
    return [row[0] for row in await cursor.fetchall()]
