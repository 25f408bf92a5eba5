"""One batch, one transaction: gather, decide, apply, commit. The only code that opens a booking transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg import Error, OperationalError, errors
from psycopg.errors import Diagnostic
from psycopg.pq import TransactionStatus

from wenyue.booking.decisions.effects import Effects
from wenyue.booking.decisions.facts import Facts, Rulebook
from wenyue.booking.decisions.rules import Request, decide
from wenyue.booking.engine.availability_cache import Views
from wenyue.booking.model import Answer, ChangeRequest, Outcome
from wenyue.booking.persistence.store import SQL, gather, load_slots, lock_changes, write, write_strikes
from wenyue.booking.persistence.wants import slots_needed
from wenyue.platform.database.db import Tx

# Conflicts that another transaction caused and that a second look resolves: its rows are visible by then.
RETRYABLE: Final = (
    errors.UniqueViolation,
    errors.DeadlockDetected,
    errors.SerializationFailure,
    errors.LockNotAvailable,
    errors.CheckViolation,
)
_UNREPLICATED: Final = "synchronous replication"
_BEGIN: Final = "BEGIN"
_COMMIT: Final = "COMMIT"

Probe = Callable[[str], None]


class NotWanted(Exception):
    """Nothing was written, because `may_write` said no."""


class InDoubt(Exception):
    """The connection died, or the server spoke of unfinished replication, after COMMIT may have been sent."""


@dataclass(frozen=True, slots=True)
class Step:
    """The names of a batch's phases, as told to a probe: a simulator crashes a batch between any two of them."""

    GATHERED: str = "gathered"
    DECIDED: str = "decided"
    WRITTEN: str = "written"
    COMMITTED: str = "committed"


STEP: Final = Step()


def unwatched(_step: str) -> None:
    """The probe of production: nothing."""


def _always() -> bool:
    return True


async def execute(
    tx: Tx,
    batch: Sequence[Request],
    *,
    now: datetime,
    rulebook: Rulebook,
    views: Views,
    probe: Probe = unwatched,
    may_write: Callable[[], bool] = _always,
) -> list[Answer]:
    """Decide and commit `batch` on `tx` (autocommit, idle); one answer each, in order.

    STALE_FACTS answers mean that a cached slot was out of date and has been dropped: ask again. `may_write` is asked when
    there is something to commit, before any of it is sent.
    Raises NotWanted, one of RETRYABLE (rolled back, nothing done), InDoubt (it may have been committed: the same batch again
    finds out, because its ids are replays then), or any other psycopg error before COMMIT was sent (nothing done).
    """
    facts = Facts(now=now, book=rulebook)
    try:
        await _gather(tx, facts, batch, views)
        probe(STEP.GATHERED)
        answers, effects = decide(batch, facts)
        probe(STEP.DECIDED)
        if effects.is_empty and not effects.replays:
            await tx.execute("ROLLBACK")
        else:
            _begin_to_write(may_write)
            new = [row.id for row in effects.bookings]
            views.note_booked(new)
            try:
                await _commit(tx, facts, effects, probe)
            finally:
                views.note_booked(new)  # a COMMIT may take longer than they are remembered
        probe(STEP.COMMITTED)
    except (
        errors.ReadOnlySqlTransaction
    ) as error:  # a primary no more: the next connection goes to the new one
        await tx.close()
        raise OperationalError("the server takes no writes") from error
    except errors.SerializationFailure:
        views.lock_hints.add(facts.pools)  # a guarded pool moved: the next time under lock
        await _abandon(tx)
        raise
    except BaseException:
        await _abandon(tx)
        raise
    views.learn(facts.pools)
    _drop_stale(batch, answers, facts, views)
    return answers


def _begin_to_write(may_write: Callable[[], bool]) -> None:
    if not may_write():
        raise NotWanted


async def _gather(tx: Tx, facts: Facts, batch: Sequence[Request], views: Views) -> None:
    """Locks in one order everywhere: bookings, cards, holders, pools; each sorted."""
    changes = [request for request in batch if isinstance(request, ChangeRequest)]
    if changes:
        await tx.execute(_BEGIN)
        await lock_changes(tx, facts, changes)
    needed = slots_needed(batch, facts)
    # The batch's own copy: another batch in flight may drop a stale slot from the shared cache at any await.
    facts.slots = {slot_id: slot for slot_id in needed if (slot := views.slots.get(slot_id)) is not None}
    unknown = needed - facts.slots.keys()
    if unknown:
        loaded = await load_slots(tx, unknown)
        views.remember_slots(loaded)
        facts.slots.update(loaded)
    async with tx.pipeline():
        if not changes:
            await tx.execute(_BEGIN)
        await gather(tx, facts, batch, views.lock_hints)


async def _commit(tx: Tx, facts: Facts, effects: Effects, probe: Probe) -> None:
    """Write and commit in one round trip. Raises InDoubt when the answer to COMMIT is missing or hedged."""
    hedges: list[str] = []

    def listen(notice: Diagnostic) -> None:
        if _UNREPLICATED in (notice.message_primary or ""):
            hedges.append(notice.message_primary or "")

    if effects.strikes:
        await write_strikes(tx, facts, effects)
    tx.add_notice_handler(listen)
    try:
        async with tx.pipeline():
            if effects.is_empty:
                await tx.execute(SQL["fence"])
            else:
                await write(tx, facts, effects)
            probe(STEP.WRITTEN)
            await tx.execute(_COMMIT)
    except Error as error:
        if tx.closed:
            raise InDoubt from error
        raise
    finally:
        tx.remove_notice_handler(listen)
    if hedges:
        raise InDoubt(hedges[0])


async def _abandon(tx: Tx) -> None:
    """Leave the connection idle, or closed when even that fails."""
    if tx.closed or tx.info.transaction_status is TransactionStatus.IDLE:
        return
    try:
        await tx.rollback()
    except Error:
        await tx.close()


def _drop_stale(batch: Sequence[Request], answers: list[Answer], facts: Facts, views: Views) -> None:
    """Forget the cached slots of requests that could not be decided because a fact had changed."""
    stale = [
        request
        for request, answer in zip(batch, answers, strict=True)
        if answer.outcome is Outcome.STALE_FACTS
    ]
    for slot_id in slots_needed(stale, facts):
        views.slots.pop(slot_id, None)
