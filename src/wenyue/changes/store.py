"""The rows of changes: proposals, decisions, reviews, and whether one operator works alone."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from wenyue.audit import Entry, record
from wenyue.changes.model import (
    LASTS,
    LISTED_MAX,
    PAGES_MAX,
    Bounds,
    Change,
    Counts,
    Effect,
    Load,
    State,
)
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.changes")
_AT_ONCE_MAX: Final = 50


async def add(tx: Tx, change: Change) -> bool:
    """Keep a proposal; False when one with this id is there already, which stays as it is."""
    row: dict[str, Any] = {
        "id": change.id,
        "kind": change.kind,
        "venue_id": change.venue_id,
        "effect": change.effect,
        "request": Jsonb(change.request),
        "was": Jsonb(change.was),
        "sessions": change.counts.sessions,
        "places": change.counts.places,
        "money_minor": change.counts.money_minor,
        "places_max": change.bounds.places,
        "money_minor_max": change.bounds.money_minor,
        "reason": change.reason,
        "digest": change.digest,
        "proposed_by": change.proposed_by,
        "proposed_at": change.proposed_at,
        "expires_at": change.expires_at,
        "state": change.state,
        "applies_at": change.applies_at,
        "decided_at": change.decided_at,
        "review_by": change.review_by,
    }
    return await (await tx.execute(_SQL["add_change"], row)).fetchone() is not None


async def find_locked(tx: Tx, change_id: UUID) -> Change | None:
    """The proposal with this id; nobody else decides about it until the transaction ends."""
    await tx.execute(_SQL["lock_change"], {"id": change_id})  # then read: what it became while this waited
    return await find(tx, change_id)


async def find(tx: Tx, change_id: UUID) -> Change | None:
    """The proposal with this id."""
    row = await (await tx.execute(_SQL["change"], {"id": change_id})).fetchone()
    return _read(row) if row else None


async def latest(
    tx: Tx, now: datetime, venue_ids: Collection[int] | None = None, *, page: int = 1
) -> list[Change]:
    """A page of LISTED_MAX proposals of these venues (None: of all).

    First those that wait for a decision, then those that wait for a review, the oldest first; then the newest.
    """
    row = {
        "venue_ids": None if venue_ids is None else sorted(venue_ids),
        "now": now,
        "limit": LISTED_MAX,
        "skipped": LISTED_MAX * (min(max(page, 1), PAGES_MAX) - 1),
    }
    return [_read(one) for one in await (await tx.execute(_SQL["changes"], row)).fetchall()]


async def due(tx: Tx, now: datetime) -> list[UUID]:
    """What takes effect by itself now, the oldest first, _AT_ONCE_MAX at a time."""
    cursor = await tx.execute(_SQL["due_changes"], {"now": now, "limit": _AT_ONCE_MAX})
    return [row[0] for row in await cursor.fetchall()]


async def take_turn(tx: Tx, venue_id: int | None) -> None:
    """Wait until no other change of the venue is under way; until the transaction ends none begins."""
    await tx.execute(_SQL["take_turn"], {"venue_id": venue_id})


async def load_of(tx: Tx, actor: str, venue_id: int | None, now: datetime) -> Load:
    """What somebody, and all at a venue, have proposed already."""
    row = {"actor": actor, "venue_id": venue_id, "now": now, "since": now - LASTS}
    [found] = await (await tx.execute(_SQL["load"], row)).fetchall()
    return Load(*found)


async def settle(
    tx: Tx, change_id: UUID, state: State, *, actor: str, now: datetime, decision: str = ""
) -> None:
    """What became of a proposal that waited and is locked; recorded."""
    row = {"id": change_id, "state": state, "decided_by": actor, "now": now, "decision": decision}
    await tx.execute(_SQL["settle_change"], row)
    await record(tx, [Entry(now, actor, f"change.{state}", f"change:{change_id}")])


async def expire(tx: Tx, now: datetime) -> int:
    """End proposals that nobody decided upon in time; how many, _AT_ONCE_MAX at most. Recorded."""
    ended = await (await tx.execute(_SQL["expire_changes"], {"now": now, "limit": _AT_ONCE_MAX})).fetchall()
    entries = [Entry(now, "system:changes", "change.expired", f"change:{row[0]}") for row in ended]
    if entries:
        await record(tx, entries)
    return len(entries)


async def review(tx: Tx, change_id: UUID, *, reviewer: str, now: datetime, decision: str = "") -> None:
    """Somebody else has looked at what took effect by one person; recorded."""
    row = {"id": change_id, "reviewer": reviewer, "now": now, "decision": decision}
    await tx.execute(_SQL["review_change"], row)
    await record(tx, [Entry(now, reviewer, "change.reviewed", f"change:{change_id}")])


async def is_one_operator(tx: Tx) -> bool:
    """Whether the installation is declared to have one operator."""
    [(is_one,)] = await (await tx.execute(_SQL["is_one_operator"])).fetchall()
    return is_one


async def declare(tx: Tx, *, is_one: bool, actor: str, now: datetime) -> bool:
    """Declare whether one operator works alone; whether that is new. Recorded. What was proposed before waits for a second.

    A proposal that is under way is not seen here: `carry_out_due` asks what is declared by then.
    """
    row = {"is_one_operator": is_one, "actor": actor, "now": now}
    if (await tx.execute(_SQL["declare"], row)).rowcount == 0:
        return False
    detail: dict[str, object] = {"is_one_operator": is_one}
    await tx.execute(_SQL["wait_again"])
    await record(tx, [Entry(now, actor, "changes.declared", "installation", detail)])
    return True


def _read(row: tuple[Any, ...]) -> Change:
    id_, kind, venue_id, effect, request, was, sessions, places, money_minor = row[:9]
    places_max, money_minor_max, reason, digest, proposed_by, proposed_at, expires_at, state, *rest = row[9:]
    return Change(
        id_,
        kind,
        venue_id,
        Effect(effect),
        request,
        was,
        Counts(sessions, places, money_minor),
        Bounds(places_max, money_minor_max),
        reason,
        digest,
        proposed_by,
        proposed_at,
        expires_at,
        State(state),
        *rest,
    )
