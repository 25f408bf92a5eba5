"""Who may decide about a change, and whether it is still the one that was decided about: functions of facts and `now`."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from wenyue.changes.model import (
    BOUND_MAX,
    DELAY,
    GROWTH_MIN,
    LASTS,
    OF_PERSON_A_DAY_MAX,
    REVIEWED_WITHIN,
    WAITING_OF_PERSON_MAX,
    WAITING_OF_VENUE_MAX,
    Bounds,
    Change,
    Counts,
    Effect,
    Load,
    Looked,
    Refusal,
    State,
)

_encode: Final = msgspec.json.Encoder(order="sorted").encode


class Course(msgspec.Struct, frozen=True):
    """How a proposal goes on. `is_at_once`: it takes effect now, by one person."""

    is_at_once: bool
    expires_at: datetime
    applies_at: datetime | None = None
    review_by: datetime | None = None


def course(effect: Effect, now: datetime, *, is_one_operator: bool) -> Course:
    """What only restricts takes effect at once and is reviewed; all else waits for a second person, or for DELAY.

    `is_one_operator`: the installation is declared to have nobody else; then there is nobody to review either.
    """
    if effect is Effect.RESTRICTS:
        return Course(
            is_at_once=True,
            expires_at=now + LASTS,
            review_by=None if is_one_operator else now + REVIEWED_WITHIN,
        )
    return Course(
        is_at_once=False, expires_at=now + LASTS, applies_at=now + DELAY if is_one_operator else None
    )


def digest_of(
    kind: str, request: Mapping[str, Any], was: Mapping[str, Any], bounds: Bounds, reason: str
) -> str:
    """What a decision is bound to: SHA-256, in hex, of everything that a person was shown and agreed to."""
    return hashlib.sha256(_encode((kind, request, was, bounds, reason))).hexdigest()


def bounds_for(counts: Counts, *, places: int | None = None, money_minor: int | None = None) -> Bounds | None:
    """The stated bounds; None: more is touched than was stated.

    Left out: a tenth more than is touched now, and GROWTH_MIN places more at least.
    """
    stated = Bounds(
        max(_with_a_tenth(counts.places), counts.places + GROWTH_MIN) if places is None else places,
        _with_a_tenth(counts.money_minor) if money_minor is None else money_minor,
    )
    is_enough = (
        counts.places <= stated.places <= BOUND_MAX and counts.money_minor <= stated.money_minor <= BOUND_MAX
    )
    return stated if is_enough else None


def why_not_propose(load: Load, effect: Effect) -> Refusal | None:
    """Why no more is taken on; None: it is. What only restricts is never kept out by what waits."""
    if load.in_a_day >= OF_PERSON_A_DAY_MAX:
        return Refusal.TOO_MANY
    is_full = load.of_person >= WAITING_OF_PERSON_MAX or load.of_venue >= WAITING_OF_VENUE_MAX
    return Refusal.TOO_MANY if is_full and effect is Effect.LOOSENS else None


def why_not_decide(
    change: Change, decider: str, digest: str, now: datetime, *, is_factor_old: bool = False
) -> Refusal | None:
    """Why `decider` may not approve or decline what has this digest; None: they may.

    `is_factor_old`: they approve, and proved their second factor too long ago.
    """
    refusal = _why_closed(change, now)
    now_kept = digest_of(change.kind, change.request, change.was, change.bounds, change.reason)
    if refusal is None and not digest == change.digest == now_kept:
        refusal = Refusal.DIFFERENT
    if refusal is None and decider == change.proposed_by:
        refusal = Refusal.OWN
    return Refusal.FACTOR_OLD if refusal is None and is_factor_old else refusal


def why_not_withdraw(change: Change, actor: str, now: datetime) -> Refusal | None:
    """Why `actor` may not take the proposal back; None: they may."""
    refusal = _why_closed(change, now)
    return Refusal.NOT_OWN if refusal is None and actor != change.proposed_by else refusal


def why_not_review(change: Change, reviewer: str) -> Refusal | None:
    """Why `reviewer` may not say that they looked at what took effect by one person; late is better than never."""
    if not change.awaits_review:
        return Refusal.NOT_REVIEWABLE
    return Refusal.OWN if reviewer == change.proposed_by else None


def is_due(change: Change, now: datetime, *, is_one_operator: bool) -> bool:
    """Whether it takes effect by itself now: only where one operator is declared to work alone still."""
    is_time = change.applies_at is not None and change.applies_at <= now < change.expires_at
    return is_one_operator and change.is_open and is_time


def why_not_apply(change: Change, looked: Looked) -> Refusal | None:
    """Why what was agreed to is no longer what would happen; None: it is."""
    if (looked.venue_id, looked.effect) != (change.venue_id, change.effect) or _encode(looked.was) != _encode(
        change.was
    ):
        return Refusal.MOVED_ON
    is_beyond = (
        looked.counts.places > change.bounds.places or looked.counts.money_minor > change.bounds.money_minor
    )
    return Refusal.BEYOND_BOUNDS if is_beyond else None


def _why_closed(change: Change, now: datetime) -> Refusal | None:
    if change.state is State.EXPIRED or (change.is_open and change.expires_at <= now):
        return Refusal.EXPIRED
    return None if change.is_open else Refusal.DECIDED


def _with_a_tenth(count: int) -> int:
    return count + -(-count // 10)
