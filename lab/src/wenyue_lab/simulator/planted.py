"""The bugs to plant: each a small patch at a seam of the engine, for one run. Production code has no switch for any of them."""

from typing import Final

from wenyue import cards
from wenyue.booking import Outcome
from wenyue_lab.simulator import patches
from wenyue_lab.simulator.planting import Plant, rewriting, wrapping
from wenyue_lab.simulator.seams import (
    PoolFacts,
    Views,
    accepting,
    availability_cache,
    batch,
    cancelling,
    moves,
    release,
    rules,
)

_NO_OVERSELLING: Final = "ALTER TABLE booking.pool DROP CONSTRAINT pool_never_oversold"
_NO_NEGATIVES: Final = "ALTER TABLE booking.pool DROP CONSTRAINT pool_check"
_NO_OVERSPENDING: Final = "ALTER TABLE cards.entitlement DROP CONSTRAINT entitlement_check"
_NO_ONE_PERSON: Final = "DROP INDEX booking.place_one_person_idx"
_NO_KEYS: Final = (
    "ALTER TABLE booking.booking DROP CONSTRAINT booking_pkey",
    "ALTER TABLE booking.line DROP CONSTRAINT line_pkey",
    "ALTER TABLE booking.place DROP CONSTRAINT place_pkey",
)

PLANTS: Final = (
    Plant(
        "lost pool lock",
        "nearly full pools are read without FOR UPDATE",
        rewriting("lock_pools", "FOR UPDATE", ""),
        (_NO_OVERSELLING,),
    ),
    Plant(
        "lost card lock",
        "cards are read without FOR NO KEY UPDATE",
        wrapping(cards, "LOCK_CARDS", lambda text: text.replace("FOR NO KEY UPDATE", "")),
        (_NO_OVERSPENDING,),
    ),
    Plant(
        "lost guard",
        "pools read without a lock are written without looking again",
        rewriting("move_pools", "NOT r.guard OR", "NOT r.guard OR r.guard OR"),
        (_NO_OVERSELLING,),
    ),
    Plant(
        "asked before locked",
        "earlier answers are read before any lock is had",
        patches.asking_first,
    ),
    Plant(
        "off-by-one capacity",
        "one place more than there is",
        wrapping(PoolFacts, "left", patches.one_more),
        (_NO_OVERSELLING,),
    ),
    Plant(
        "double release",
        "a line given back returns its places twice",
        wrapping(release, "release", patches.double_release),
        (_NO_NEGATIVES,),
    ),
    Plant(
        "entitlement kept",
        "a line given back does not return its entitlement",
        wrapping(release, "release", patches.keep_entitlement),
        (_NO_OVERSPENDING,),
    ),
    Plant(
        "places kept",
        "whoever leaves a line gives no place back to the pools",
        wrapping(release, "take_out", patches.keep_places),
    ),
    Plant(
        "move leaks",
        "a moved line keeps drawing its old places",
        wrapping(moves, "move", patches.leak_on_move),
    ),
    Plant(
        "gives up first",
        "a move that finds the new session full has lost the old place",
        wrapping(moves, "move", patches.give_up_first),
    ),
    Plant(
        "old person key",
        "a moved person's place stays in the old session's name",
        wrapping(moves, "_move_line", patches.old_person_key),
    ),
    Plant(
        "replay books again",
        "earlier answers are not found",
        rewriting("existing", "WHERE id", "WHERE false AND id"),
        _NO_KEYS,
    ),
    Plant(
        "other body accepted",
        "the same id with another body gets the first one's answer",
        wrapping(rules, "_replay", patches.any_body),
    ),
    Plant(
        "late confirmation",
        "a hold is confirmed after its time",
        wrapping(rules, "decide_change", patches.confirm_late),
    ),
    Plant(
        "one-person rule dropped",
        "nobody looks who has a place already",
        rewriting("places_taken", "AND p.is_live", "AND p.is_live AND false"),
        (_NO_ONE_PERSON,),
    ),
    Plant(
        "not all or nothing",
        "the lines that fit are booked",
        wrapping(rules, "_decide_book", patches.what_fits),
    ),
    Plant(
        "release time ignored",
        "sessions sell before their release",
        wrapping(rules, "slot_problem", patches.unless(Outcome.NOT_RELEASED)),
    ),
    Plant(
        "sales end ignored",
        "sessions sell after closing time",
        wrapping(rules, "slot_problem", patches.unless(Outcome.SALES_ENDED)),
    ),
    Plant(
        "closure ignored",
        "closed sessions sell",
        wrapping(rules, "slot_problem", patches.unless(Outcome.SLOT_CLOSED)),
    ),
    Plant(
        "stale facts used",
        "cached slots are believed whatever their revision",
        wrapping(rules, "slot_problem", patches.believe_cache),
    ),
    Plant(
        "hold counted as sold",
        "a hold moves the wrong counter",
        wrapping(accepting, "take_pools", patches.sell_holds),
    ),
    Plant(
        "reserve ignored",
        "channel reserves are not drawn from",
        wrapping(rules, "draws", patches.without_pools(lambda slot, _: slot.pool_ids)),
    ),
    Plant(
        "day cap ignored",
        "the day's carrying capacity is not drawn from",
        wrapping(
            rules,
            "draws",
            patches.without_pools(lambda slot, all_: (*slot.pool_ids[:1], *all_[len(slot.pool_ids) :])),
        ),
    ),
    Plant(
        "answered before commit",
        "every tenth transaction is rolled back after it was answered",
        wrapping(batch, "_commit", patches.sometimes_not),
    ),
    Plant(
        "counter overwritten",
        "the sold counter is set, not moved",
        rewriting("move_pools", "sold = p.sold + r.sold", "sold = greatest(r.sold, 0)"),
    ),
    Plant(
        "price unchecked",
        "another price than the one shown is accepted",
        wrapping(rules, "_check_prices", patches.always(None)),
    ),
    Plant(
        "terms ignored",
        "bookings are cancelled after the deadline",
        wrapping(cancelling, "_cancel_problem", patches.always(None)),
    ),
    Plant(
        "hold cap ignored",
        "a holder may keep any number of unpaid holds",
        wrapping(rules, "_account_problem", patches.always(None)),
    ),
    Plant(
        "redemption unseen",
        "a redeemed booking can be cancelled",
        rewriting("lines_of", "AND r.undone_at IS NULL)", "AND false)"),
    ),
    Plant(
        "anybody may change",
        "whose booking it is does not matter",
        wrapping(rules, "decide_change", patches.anybody_may),
    ),
    Plant(
        "memory too old",
        "sold out is told from memory for a minute, without a look",
        patches.unconfirmed(wrapping(availability_cache, "POOL_VIEW_AGE_S_MAX", lambda _: 60.0)),
    ),
    Plant(
        "averages never end",
        "rates fade for ever and are written in single precision: a room freezes after a minute of quiet",
        patches.fading_for_ever,
    ),
    Plant(
        "memory forgets replays",
        "a replay is told sold out from memory, without a look",
        patches.unconfirmed(wrapping(Views, "_is_new", patches.always(value=True))),
    ),
)
