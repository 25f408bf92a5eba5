# ruff: noqa: ANN401 - patches stand for functions of any kind
"""Bugs to plant: each a small patch at a seam of the engine, for one run. Production code has no switch for any of them."""

import dataclasses
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import replace

from wenyue import cards
from wenyue.booking import BookingState, ChangeKind, Outcome
from wenyue.tools.sim.seams import (
    PoolFacts,
    Views,
    batch,
    changes,
    drawing,
    moves,
    returning,
    rules,
    store,
    views,
)

Wrap = Callable[[Any], Any]
_NO_OVERSELLING: Final = "ALTER TABLE booking.pool DROP CONSTRAINT pool_never_oversold"
_NO_NEGATIVES: Final = "ALTER TABLE booking.pool DROP CONSTRAINT pool_check"
_NO_OVERSPENDING: Final = "ALTER TABLE cards.entitlement DROP CONSTRAINT entitlement_check"
_NO_ONE_PERSON: Final = "DROP INDEX booking.place_one_person_idx"
_NO_KEYS: Final = (
    "ALTER TABLE booking.booking DROP CONSTRAINT booking_pkey",
    "ALTER TABLE booking.line DROP CONSTRAINT line_pkey",
    "ALTER TABLE booking.place DROP CONSTRAINT place_pkey",
)


@dataclass(frozen=True, slots=True)
class Plant:
    """A bug: its name, what it does, and the patch. `without`: constraints that would turn it into an error by themselves."""

    name: str
    says: str
    patch: Callable[[], AbstractContextManager[None]]
    without: tuple[str, ...] = ()


@contextmanager
def _replaced(target: object, name: str, wrap: Wrap) -> Generator[None]:
    present = target.__dict__[name]
    setattr(target, name, wrap(present))
    try:
        yield
    finally:
        setattr(target, name, present)


def _wrapping(target: object, name: str, wrap: Wrap) -> Callable[[], AbstractContextManager[None]]:
    return lambda: _replaced(target, name, wrap)


def _rewriting(name: str, old: str, new: str) -> Callable[[], AbstractContextManager[None]]:
    """Another text for a named statement of the booking slice."""

    @contextmanager
    def patch() -> Generator[None]:
        texts: dict[str, str] = store.SQL.__dict__["_by_name"]
        present = texts[name]
        if old not in present:
            raise LookupError(f"statement {name} has no {old!r} any more: mend the planted bug")
        texts[name] = present.replace(old, new)
        try:
            yield
        finally:
            texts[name] = present

    return patch


# ------------------------------------------------------------------------------------------------ the patches


def _double_release(release: Any) -> Any:
    def patched(line: Any, booking: Any, facts: Any, effects: Any) -> None:
        release(line, booking, facts, effects)
        drawing.take_pools(facts, effects, line.pool_ids, booking.state, -line.quantity)

    return patched


def _keep_entitlement(release: Any) -> Any:
    def patched(line: Any, booking: Any, facts: Any, effects: Any) -> None:
        before = dict(effects.entitlements)
        release(line, booking, facts, effects)
        effects.entitlements = before

    return patched


def _leak_on_move(move: Any) -> Any:
    def only_taking(take: Any) -> Any:
        def take_pools(facts: Any, effects: Any, pools: Any, state: Any, quantity: int) -> None:
            if quantity > 0:
                take(facts, effects, pools, state, quantity)

        return take_pools

    def patched(*args: Any) -> Any:
        with _replaced(returning, "take_pools", only_taking):
            return move(*args)

    return patched


def _give_up_first(move: Any) -> Any:
    def patched(request: Any, booking: Any, facts: Any, effects: Any) -> Any:
        answer = move(request, booking, facts, effects)
        if answer.outcome.is_full:
            numbers = {number for number, _ in request.moves}
            for line in booking.lines:
                if line.is_live and line.line_no in numbers:
                    returning.release(line, booking, facts, effects)
            returning.set_state(booking, booking.state, facts, effects)
        return answer

    return patched


def _old_person_key(move_line: Any) -> Any:
    def patched(line: Any, *more: Any) -> Any:
        new = move_line(line, *more)
        new.places = line.places
        return new

    return patched


def _confirm_late(decide: Any) -> Any:
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


def _anybody_may(decide: Any) -> Any:
    def patched(request: Any, facts: Any, effects: Any) -> Any:
        return decide(replace(request, holder_id=None), facts, effects)

    return patched


def _what_fits(decide: Any) -> Any:
    def patched(request: Any, facts: Any, effects: Any) -> Any:
        answer = decide(request, facts, effects)
        if answer.outcome.is_full and len(request.lines) > 1:
            lines = tuple(line for number, line in enumerate(request.lines) if number != answer.line)
            return decide(replace(request, lines=lines), facts, effects)
        return answer

    return patched


def _unless(outcome: Outcome) -> Wrap:
    def wrap(problem: Any) -> Any:
        def patched(*args: Any) -> Any:
            found = problem(*args)
            return None if found is outcome else found

        return patched

    return wrap


def _believe_cache(problem: Any) -> Any:
    def patched(slot: Any, pools: Any, now: Any) -> Any:
        return problem(dataclasses.replace(slot, revision=pools[slot.pool_ids[0]].revision), pools, now)

    return patched


def _sell_holds(take: Any) -> Any:
    def patched(facts: Any, effects: Any, pools: Any, _state: Any, quantity: int) -> None:
        take(facts, effects, pools, BookingState.CONFIRMED, quantity)

    return patched


def _any_body(replay: Any) -> Any:
    def patched(request: Any, seen: Any, effects: Any) -> Any:
        return replay(replace(request, body_hash=seen.body_hash), seen, effects)

    return patched


def _sometimes_not(commit: Any) -> Any:
    commits = [0]

    async def patched(tx: Any, *more: Any) -> None:
        commits[0] += 1
        if commits[0] % 10 == 0:
            await tx.execute("ROLLBACK")
        else:
            await commit(tx, *more)

    return patched


def _ask_first(_ask: Any) -> Any:
    async def patched(tx: Any, wants: Any, reads: Any, *, is_locked: bool) -> None:
        if wants.places:
            reads["places"] = await tx.execute(store.SQL["places_taken"], {"wanted": wants.places_json()})
        if wants.bookings:
            reads["existing"] = await tx.execute(store.SQL["existing"], {"ids": store.array(wants.bookings)})
        name = "lock_pools" if is_locked else "read_pools"
        reads["pools"] = await tx.execute(store.SQL[name], {"ids": store.array(wants.pools)})

    return patched


def _always(value: object) -> Wrap:
    """In place of any function: the same value whatever it is asked."""

    def wrap(_function: Any) -> Any:
        def patched(*_args: Any) -> object:
            return value

        return patched

    return wrap


def _one_more(present: Any) -> Any:
    return property(lambda pool: present.fget(pool) + 1)


def _without_pools(keep: Callable[[Any, Any], Any]) -> Wrap:
    def wrap(draws: Any) -> Any:
        def patched(slot: Any, channel: Any) -> Any:
            return keep(slot, draws(slot, channel))

        return patched

    return wrap


# ------------------------------------------------------------------------------------------------ the list

PLANTS: Final = (
    Plant(
        "lost pool lock",
        "nearly full pools are read without FOR UPDATE",
        _rewriting("lock_pools", "FOR UPDATE", ""),
        (_NO_OVERSELLING,),
    ),
    Plant(
        "lost card lock",
        "cards are read without FOR NO KEY UPDATE",
        _wrapping(cards, "LOCK_CARDS", lambda text: text.replace("FOR NO KEY UPDATE", "")),
        (_NO_OVERSPENDING,),
    ),
    Plant(
        "lost guard",
        "pools read without a lock are written without looking again",
        _rewriting("move_pools", "NOT r.guard OR", "NOT r.guard OR r.guard OR"),
        (_NO_OVERSELLING,),
    ),
    Plant(
        "asked before locked",
        "earlier answers are read before the pools' locks are had",
        _wrapping(store, "_ask_pools", _ask_first),
    ),
    Plant(
        "off-by-one capacity",
        "one place more than there is",
        _wrapping(PoolFacts, "left", _one_more),
        (_NO_OVERSELLING,),
    ),
    Plant(
        "double release",
        "a line given back returns its places twice",
        _wrapping(returning, "release", _double_release),
        (_NO_NEGATIVES,),
    ),
    Plant(
        "entitlement kept",
        "a line given back does not return its entitlement",
        _wrapping(returning, "release", _keep_entitlement),
        (_NO_OVERSPENDING,),
    ),
    Plant("move leaks", "a moved line keeps drawing its old places", _wrapping(moves, "move", _leak_on_move)),
    Plant(
        "gives up first",
        "a move that finds the new session full has lost the old place",
        _wrapping(moves, "move", _give_up_first),
    ),
    Plant(
        "old person key",
        "a moved person's place stays in the old session's name",
        _wrapping(moves, "_move_line", _old_person_key),
    ),
    Plant(
        "replay books again",
        "earlier answers are not found",
        _rewriting("existing", "WHERE", "WHERE false AND"),
        _NO_KEYS,
    ),
    Plant(
        "other body accepted",
        "the same id with another body gets the first one's answer",
        _wrapping(rules, "_replay", _any_body),
    ),
    Plant(
        "late confirmation",
        "a hold is confirmed after its time",
        _wrapping(rules, "decide_change", _confirm_late),
    ),
    Plant(
        "one-person rule dropped",
        "nobody looks who has a place already",
        _rewriting("places_taken", "AND p.is_live", "AND p.is_live AND false"),
        (_NO_ONE_PERSON,),
    ),
    Plant(
        "not all or nothing", "the lines that fit are booked", _wrapping(rules, "_decide_book", _what_fits)
    ),
    Plant(
        "release time ignored",
        "sessions sell before their release",
        _wrapping(rules, "slot_problem", _unless(Outcome.NOT_RELEASED)),
    ),
    Plant(
        "sales end ignored",
        "sessions sell after closing time",
        _wrapping(rules, "slot_problem", _unless(Outcome.SALES_ENDED)),
    ),
    Plant(
        "closure ignored",
        "closed sessions sell",
        _wrapping(rules, "slot_problem", _unless(Outcome.SLOT_CLOSED)),
    ),
    Plant(
        "stale facts used",
        "cached slots are believed whatever their revision",
        _wrapping(rules, "slot_problem", _believe_cache),
    ),
    Plant(
        "hold counted as sold", "a hold moves the wrong counter", _wrapping(rules, "take_pools", _sell_holds)
    ),
    Plant(
        "reserve ignored",
        "channel reserves are not drawn from",
        _wrapping(rules, "draws", _without_pools(lambda slot, _: slot.pool_ids)),
    ),
    Plant(
        "day cap ignored",
        "the day's carrying capacity is not drawn from",
        _wrapping(
            rules,
            "draws",
            _without_pools(lambda slot, all_: (*slot.pool_ids[:1], *all_[len(slot.pool_ids) :])),
        ),
    ),
    Plant(
        "answered before commit",
        "every tenth transaction is rolled back after it was answered",
        _wrapping(batch, "_commit", _sometimes_not),
    ),
    Plant(
        "counter overwritten",
        "the sold counter is set, not moved",
        _rewriting("move_pools", "sold = p.sold + r.sold", "sold = greatest(r.sold, 0)"),
    ),
    Plant(
        "price unchecked",
        "another price than the one shown is accepted",
        _wrapping(rules, "_check_prices", _always(None)),
    ),
    Plant(
        "terms ignored",
        "bookings are cancelled after the deadline",
        _wrapping(changes, "_cancel_problem", _always(None)),
    ),
    Plant(
        "hold cap ignored",
        "a holder may keep any number of unpaid holds",
        _wrapping(rules, "_check_holds", _always(None)),
    ),
    Plant(
        "redemption unseen",
        "a redeemed booking can be cancelled",
        _rewriting("lines_of", "AND r.undone_at IS NULL)", "AND false)"),
    ),
    Plant(
        "anybody may change",
        "whose booking it is does not matter",
        _wrapping(rules, "decide_change", _anybody_may),
    ),
    Plant(
        "memory too old",
        "sold out is told from memory for a minute",
        _wrapping(views, "POOL_VIEW_AGE_S_MAX", lambda _: 60.0),
    ),
    Plant(
        "memory forgets replays",
        "a replay is told sold out from memory",
        _wrapping(Views, "_is_new", _always(value=True)),
    ),
)
