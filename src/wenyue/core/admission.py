"""Who may start when not everybody can: priority classes, and a limit of concurrent work that follows measurements.

Little's law (J. D. C. Little, 1961): what is in flight = rate x time. A limit of `rate x wanted time` therefore keeps the time
that admitted work takes near what is wanted, whatever the machine can do today, and needs no number guessed beforehand.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from wenyue.core.limits import DESK_LIMIT_MAX, DESK_WAIT_S, REPORT_WAIT_S, SIGN_IN_WAIT_S


class Priority(IntEnum):
    """Classes of work, the most important first."""

    CALLBACK = 0  # a payment platform tells what was paid or refunded
    CONFIRM = 1  # confirmations, cancellations, moves: they end what was begun
    GATE = 2  # somebody stands at the gate
    HOLD = 3  # new bookings by page, and what changes a trip or an account
    LOSS = 4  # a holder without a login: reports a loss, proves it by code, objects to a replacement
    STAFF_SIGN_IN = 5  # on a device that is new
    SIGN_IN = 6  # sign-in and activation with a card: strangers may knock, and each costs milliseconds
    BROWSE = 7  # pages and lists of somebody who is signed in
    STRANGER = 8  # whoever has proved nothing, wherever the path leads
    DOUBTFUL = 9  # knocks of one of the three classes above, from where secrets were wrong again and again
    REPORT = 10  # back office


@dataclass(frozen=True, slots=True)
class Share:
    """A class's shares of the limit."""

    ceiling: float  # how much may be in use by everybody before this class has to wait
    floor: float  # what is this class's own however busy the others are, so that none starves another
    most: float = 1.0  # what this class never has more of
    wait_s: float = DESK_WAIT_S  # how long one of this class waits for its turn
    places: int = DESK_LIMIT_MAX  # what this class never has more of, whatever the limit is


SHARES: Final = {
    Priority.CALLBACK: Share(1.0, 0.15),
    Priority.CONFIRM: Share(0.95, 0.15),
    Priority.GATE: Share(0.9, 0.15),
    Priority.HOLD: Share(0.8, 0.15),
    Priority.LOSS: Share(0.75, 0.1, most=0.25, wait_s=SIGN_IN_WAIT_S, places=2),
    Priority.STAFF_SIGN_IN: Share(0.75, 0.1, most=0.25, wait_s=SIGN_IN_WAIT_S, places=1),
    Priority.SIGN_IN: Share(0.75, 0.1, most=0.25, wait_s=SIGN_IN_WAIT_S, places=1),
    Priority.BROWSE: Share(0.7, 0.15),
    Priority.STRANGER: Share(0.6, 0.1, most=0.5),
    Priority.DOUBTFUL: Share(0.5, 0.05, most=0.25, wait_s=SIGN_IN_WAIT_S, places=1),
    Priority.REPORT: Share(0.4, 0.05, most=0.25, wait_s=REPORT_WAIT_S),
}
RETRY_AFTER_S_MAX: Final = 20
_LESS: Final = 0.8
_MORE: Final = 1.03
_WANTED_S_MIN: Final = 0.1
LATE_S: Final = 0.8  # what was let in takes longer than this: even the floor of the limit is too much
LAG_BEHIND_S: Final = 0.1  # a turn of the event loop that takes longer: requests wait unread
FLOOD_LAG_S: Final = 0.25  # beyond it no new connections are accepted
TOLD_LAG_S: Final = 0.1  # beyond it refusing takes the time of those who were let in: fewer are told
TOLD_EACH: Final = 4.0  # refusals for each booking, when there is no processor to spare: a third of its price
_BUSY: Final = 0.9  # of the time there is something to compute: no processor to spare
_WAITED: Final = 0.2  # of the time others have the processor: none to spare either
TOLD_MIN_PER_S: Final = 250.0  # refusals that a process sends however late it is
TOLD_MAX_PER_S: Final = 1_000_000.0  # no bound
_TOLD_LESS: Final = 0.7
_TOLD_MORE: Final = 1.25
_LOW_MIN: Final = (
    64  # admitted at once even by a process that does hardly more than refuse: smaller batches cost more each
)
_ROOM_MAX: Final = (
    1.5  # so that an answer takes half as long again as wanted, at most, when such a burst lasts
)
_STEP: Final = 0.3  # of the way to the wanted limit, each time it is looked at
_SAYS_SOMETHING: Final = (
    0.5  # a limit that was not half used held nobody back: its rate is the demand's, not ours
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between which numbers a limit moves, and how long admitted work should take, in seconds."""

    low: float
    high: float
    wanted_s: float


def may_start(priority: Priority, *, own: int, total: int, limit: int) -> bool:
    """Whether one more of a class may start beside `own` of its class and `total` of all."""
    share = SHARES[priority]
    if own >= share.places:
        return False
    if own < max(1, int(limit * share.floor)):
        return True
    return total < limit * share.ceiling and own < limit * share.most


def next_limit(
    limit: float, *, rate_per_s: float, in_flight: float, most_in_flight: int, bounds: Bounds
) -> float:
    """The limit for the next period, from how many a second were finished in the last, and how many were in flight.

    `in_flight` is a mean. While the limit is in use all the time, the rate is what can be done, and the limit is what that
    finishes in the wanted time. While it is reached at instants only, the rate is what was asked for: a limit for just that
    would turn people away at each of its bursts, though everybody could be served. So it has room for half as many again.
    """
    if most_in_flight < limit * _SAYS_SOMETHING and limit >= bounds.low:
        return min(limit, bounds.high)
    room = min(limit / in_flight, _ROOM_MAX) if in_flight > 0 else _ROOM_MAX
    wanted = min(max(rate_per_s * bounds.wanted_s * max(room, 1.0), bounds.low), bounds.high)
    return limit + (wanted - limit) * _STEP


def next_wanted_s(wanted_s: float, *, is_behind: bool, bounds: Bounds) -> float:
    """How long admitted work should take from now on, at most `bounds.wanted_s`.

    `is_behind`: what is let in is late, or takes the time to say no to the others. Then less is let in, a fifth less each time,
    and given back slowly.
    """
    if is_behind:
        return max(wanted_s * _LESS, _WANTED_S_MIN)
    return min(wanted_s * _MORE, bounds.wanted_s)


def next_told_per_s(
    told_per_s: float, *, sent_per_s: float, done_per_s: float, lag_s: float, is_short: bool
) -> float:
    """How many refusals a second may be sent from now on; in the last period `sent_per_s` were, beside `done_per_s` bookings.

    A refusal costs about a tenth of a booking. A process that is asked for ten times what it can do and says no to everybody
    does nothing else. So without a processor to spare (`is_short`) there are TOLD_EACH refusals for a booking, and while the
    event loop lags (`lag_s`) fewer. Nobody sends more on a connection on which the answer is outstanding; whoever waits is told
    later.
    """
    if lag_s > TOLD_LAG_S and sent_per_s > 0:
        return max(min(told_per_s, sent_per_s) * _TOLD_LESS, TOLD_MIN_PER_S)
    more = min(told_per_s * _TOLD_MORE, TOLD_MAX_PER_S)
    return max(min(more, done_per_s * TOLD_EACH), TOLD_MIN_PER_S) if is_short else more


def is_short(computed: float, waited: float) -> bool:
    """Whether a process has no processor to spare, by the shares of its time in which it computed and waited for one."""
    return computed + waited >= _BUSY or waited >= _WAITED


def is_behind(*, told_per_s: float, lag_s: float, took_s: float, shed: float) -> bool:
    """Whether a process is late for those it lets in, by one look at it.

    `told_per_s`: the bound on refusals. `lag_s`: how long a turn of the event loop takes; whatever waits in the kernel waits at
    least that long, and a batch, which talks to the database many times, many times that. `took_s`: how long the middle one of
    the last admitted requests took. Late answers or a lag alone are the machine's or a batch's; only together with refusals
    (`shed` a second) are they the flood's, and a lag only when telling fewer has not helped.
    """
    is_lagging = lag_s > LAG_BEHIND_S and told_per_s <= TOLD_MIN_PER_S
    return shed > 0 and (is_lagging or took_s > LATE_S)


def bounds_when(wanted_s: float, bounds: Bounds) -> Bounds:
    """The bounds of a limit while admitted work should take `wanted_s`: the floor gives way with it."""
    low = max(bounds.low * wanted_s / bounds.wanted_s, min(_LOW_MIN, bounds.low))
    return Bounds(low, bounds.high, wanted_s)


def retry_after_s(shed_share: float, chance: float) -> int:
    """Whole seconds after which to ask again: 1 to RETRY_AFTER_S_MAX, spread by `chance` (0..1), longer the more is refused.

    Full jitter, so that those who were refused together do not come back together.
    """
    spread = 2 + (RETRY_AFTER_S_MAX - 2) * min(max(shed_share, 0.0), 1.0)
    return 1 + int(min(chance, 0.999) * spread)


@dataclass(frozen=True, slots=True)
class PersonLimit:
    """How much one person may ask for: `burst` at once, refilled within `window_s`."""

    burst: int
    window_s: float

    @property
    def refill_per_s(self) -> float:
        """Tokens that come back each second."""
        return self.burst / self.window_s


def booking_tokens(limit: PersonLimit, *, lines: int, places: int) -> int:
    """What a booking costs: one, one more for every four lines and every ten places beyond the first; half the burst at most."""
    return max(1, min(1 + (lines - 1) // 4 + (places - 1) // 10, limit.burst // 2))


def take_token(limit: PersonLimit, *, tokens: float, since_s: float, cost: int = 1) -> tuple[float, bool]:
    """A token bucket after one request, `since_s` after the last: what is left, and whether the request is within the limit."""
    filled = min(float(limit.burst), tokens + since_s * limit.refill_per_s)
    return (filled - cost, True) if filled >= cost else (filled, False)
