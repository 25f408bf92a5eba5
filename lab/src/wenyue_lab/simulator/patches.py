# ruff: noqa: ANN401 - patches stand for functions of any kind
"""What planted bugs do instead: each takes a function of the engine and gives the one that stands in its place."""

import dataclasses
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from msgspec.structs import replace

from wenyue.booking import BookingState, ChangeKind, Outcome
from wenyue_lab.simulator.planting import Wrap, replaced
from wenyue_lab.simulator.seams import admission, allocation, batch, early, release, room_store, store


def double_release(release: Any) -> Any:
    """For `release.release`: the places come back a second time."""

    def patched(line: Any, booking: Any, facts: Any, effects: Any) -> None:
        release(line, booking, facts, effects)
        allocation.take_pools(facts, effects, line.pool_ids, booking.state, -line.quantity)

    return patched


def keep_entitlement(release: Any) -> Any:
    """For `release.release`: what the card paid stays used."""

    def patched(line: Any, booking: Any, facts: Any, effects: Any) -> None:
        before = dict(effects.entitlements)
        release(line, booking, facts, effects)
        effects.entitlements = before

    return patched


def keep_places(take_out: Any) -> Any:
    """For `release.take_out`: the place leaves the line, and the pools do not hear of it."""

    def patched(line: Any, *args: Any, **kwargs: Any) -> None:
        line.pool_ids, pool_ids = (), line.pool_ids
        take_out(line, *args, **kwargs)
        line.pool_ids = pool_ids

    return patched


def leak_on_move(move: Any) -> Any:
    """For `moves.move`: new places are taken, old ones are not given back."""

    def only_taking(take: Any) -> Any:
        def take_pools(facts: Any, effects: Any, pools: Any, state: Any, quantity: int) -> None:
            if quantity > 0:
                take(facts, effects, pools, state, quantity)

        return take_pools

    def patched(*args: Any) -> Any:
        with replaced(release, "take_pools", only_taking):
            return move(*args)

    return patched


def give_up_first(move: Any) -> Any:
    """For `moves.move`: when the new session is full, the old lines are given back all the same."""

    def patched(request: Any, booking: Any, facts: Any, effects: Any) -> Any:
        answer = move(request, booking, facts, effects)
        if answer.outcome.is_full:
            numbers = {number for number, _ in request.moves}
            for line in booking.lines:
                if line.is_live and line.line_no in numbers:
                    release.release(line, booking, facts, effects)
            release.set_state(booking, booking.state, facts, effects)
        return answer

    return patched


def old_person_key(move_line: Any) -> Any:
    """For `moves._move_line`: the new line has the old one's places."""

    def patched(line: Any, *more: Any) -> Any:
        new = move_line(line, *more)
        new.places = line.places
        return new

    return patched


def confirm_late(decide: Any) -> Any:
    """For `rules.decide_change`: a confirmation does not see when the hold ends."""

    def patched(request: Any, facts: Any, effects: Any) -> Any:
        booking = facts.existing.get(request.booking_id)
        if request.kind is ChangeKind.CONFIRM and booking is not None and booking.hold_until is not None:
            until, booking.hold_until = booking.hold_until, None
            answer = decide(request, facts, effects)
            if booking.state is BookingState.HELD:
                booking.hold_until = until
            return answer
        return decide(request, facts, effects)

    return patched


def anybody_may(decide: Any) -> Any:
    """For `rules.decide_change`: the request names no holder."""

    def patched(request: Any, facts: Any, effects: Any) -> Any:
        return decide(replace(request, holder_id=None), facts, effects)

    return patched


def what_fits(decide: Any) -> Any:
    """For `rules._decide_book`: asked again without the line that was full."""

    def patched(request: Any, facts: Any, effects: Any) -> Any:
        answer = decide(request, facts, effects)
        if answer.outcome.is_full and len(request.lines) > 1:
            lines = tuple(line for number, line in enumerate(request.lines) if number != answer.line)
            return decide(replace(request, lines=lines), facts, effects)
        return answer

    return patched


def unless(outcome: Outcome) -> Wrap:
    """For a function that finds a problem: it does not find this one."""

    def wrap(problem: Any) -> Any:
        def patched(*args: Any) -> Any:
            found = problem(*args)
            return None if found is outcome else found

        return patched

    return wrap


def believe_cache(problem: Any) -> Any:
    """For `rules.slot_problem`: the cached slot always has the pool's revision."""

    def patched(slot: Any, pools: Any, now: Any) -> Any:
        return problem(dataclasses.replace(slot, revision=pools[slot.pool_ids[0]].revision), pools, now)

    return patched


def sell_holds(take: Any) -> Any:
    """For `accepting.take_pools`: everything counts as sold."""

    def patched(facts: Any, effects: Any, pools: Any, _state: Any, quantity: int) -> None:
        take(facts, effects, pools, BookingState.CONFIRMED, quantity)

    return patched


def any_body(replay: Any) -> Any:
    """For `rules._replay`: the request has whatever body was seen before."""

    def patched(request: Any, seen: Any, effects: Any) -> Any:
        return replay(replace(request, body_hash=seen.body_hash), seen, effects)

    return patched


def sometimes_not(commit: Any) -> Any:
    """For `batch._commit`: every tenth one is a rollback."""
    commits = [0]

    async def patched(tx: Any, *more: Any) -> None:
        commits[0] += 1
        if commits[0] % 10 == 0:
            await tx.execute("ROLLBACK")
        else:
            await commit(tx, *more)

    return patched


@contextmanager
def asking_first() -> Generator[None]:
    """Earlier answers are read at the beginning of a batch, before any lock is had, instead of after the pools."""
    asked: dict[int, Any] = {}
    wants_of: Callable[[Any, Any], Any] = store.__dict__["Wants"]

    def before(gather: Any) -> Any:
        async def patched(tx: Any, facts: Any, requests: Any, lock_hints: Any) -> None:
            wants = wants_of(requests, facts)
            asked[id(tx)] = await tx.execute(store.SQL["existing"], wants.asked) if wants.bookings else None
            await gather(tx, facts, requests, lock_hints)

        return patched

    def instead(ask_pools: Any) -> Any:
        async def patched(tx: Any, wants: Any, reads: Any, *, is_locked: bool) -> None:
            await ask_pools(tx, wants, reads, is_locked=is_locked)
            if wants.bookings:
                reads["existing"] = asked[id(tx)]

        return patched

    with replaced(batch, "gather", before), replaced(store, "_ask_pools", instead):
        yield


def always(value: object) -> Wrap:
    """In place of any function: the same value whatever it is asked."""

    def wrap(_function: Any) -> Any:
        def patched(*_args: Any) -> object:
            return value

        return patched

    return wrap


def one_more(present: Any) -> Any:
    """For `PoolFacts.left`: one more than there is."""
    return property(lambda pool: present.fget(pool) + 1)


def without_pools(keep: Callable[[Any, Any], Any]) -> Wrap:
    """For `rules.draws`: of (slot, pools), the pools that `keep` leaves."""

    def wrap(draws: Any) -> Any:
        def patched(slot: Any, channel: Any) -> Any:
            return keep(slot, draws(slot, channel))

        return patched

    return wrap


def unconfirmed(
    patch: Callable[[], AbstractContextManager[None]],
) -> Callable[[], AbstractContextManager[None]]:
    """A patch of the memory, and nobody looks whether what it says is true."""

    def trusting(_look: Any) -> Any:
        async def still_true(_tx: Any, asked: Any) -> Any:
            return dict.fromkeys(asked, True)

        return still_true

    @contextmanager
    def both() -> Generator[None]:
        with patch(), replaced(early, "still_true", trusting):
            yield

    return both


@contextmanager
def fading_for_ever() -> Generator[None]:
    """Averages that only ever lose a share of themselves, written as they are into single precision."""
    texts: dict[str, str] = room_store.__dict__["_SQL"].__dict__["_by_name"]
    present = texts["save_signal"]
    wanted = "%(goodput_per_s)s"
    if wanted not in present:
        raise LookupError(f"statement save_signal has no {wanted!r} any more: mend the planted bug")
    texts["save_signal"] = present.replace(wanted, f"{wanted}::real")
    try:
        with (
            replaced(admission, "smoothed", _endless),
            replaced(room_store, "kept", _as_it_is),
        ):
            yield
    finally:
        texts["save_signal"] = present


def _endless(_smoothed: Any) -> Any:
    def smoothed(before: float, newest: float, weight: float) -> float:
        return before + (newest - before) * weight

    return smoothed


def _as_it_is(_kept: Any) -> Any:
    def kept(value: float) -> float:
        return value

    return kept
