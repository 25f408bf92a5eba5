"""How fast secrets may be guessed: pure. Failures add up, fade with time, and make the next try wait, longer each time.

Four counters stand for one try. A stranger's try counts for its address, for this address at this login, and for this login
wherever strangers try it; a device that signed in to the login before counts for itself alone, so that nobody else's guesses
lock its owner out (NIST SP 800-63B 5.2.2 and OWASP's device cookies).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from wenyue.core.limits import PIN_FAILURES_MAX, PIN_LOCK_S

_SCORE_MAX: Final = 1e6
_DOUBLINGS_MAX: Final = 40
# An open counter was open an hour ago, too: who waited for its lock took the time before whoever had it.
_OPEN_SINCE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """`free` failures cost nothing; then a try waits `first_s`, twice that after the next, `most_s` at most."""

    free: int
    first_s: float
    most_s: float
    half_life_s: float  # in which the score of failures fades to its half


PAIR: Final = Limit(
    PIN_FAILURES_MAX, 60.0, PIN_LOCK_S, 3600.0
)  # one address, or one known device, at one login
LOGIN: Final = Limit(20, 30.0, 300.0, 3600.0)  # one login, from wherever strangers try
ADDRESS: Final = Limit(30, 2.0, 60.0, 600.0)  # one address, at whatever logins; many people may share it
EVERYBODY: Final = Limit(60, 0.0, 0.0, 60.0)  # what the record takes of failures one by one


@dataclass(frozen=True, slots=True)
class Tries:
    """One counter: `score` failures as of `at`; no try before `open_at`."""

    score: float
    at: datetime
    open_at: datetime


def faded(tries: Tries, limit: Limit, now: datetime) -> float:
    """The score as of `now`: never below 0, and 0 once it counts for nothing."""
    halvings = max(0.0, (now - tries.at).total_seconds()) / limit.half_life_s
    if halvings >= _DOUBLINGS_MAX:
        return 0.0
    return max(0.0, tries.score) * 0.5**halvings


def after_failure(tries: Tries, limit: Limit, now: datetime) -> Tries:
    """One failure more, and how long the next try has to wait."""
    score = min(faded(tries, limit, now) + 1.0, _SCORE_MAX)
    over = score - limit.free
    if over < 0 or limit.first_s <= 0:
        return Tries(score, now, now - _OPEN_SINCE)
    wait_s = min(limit.first_s * 2.0 ** min(over, _DOUBLINGS_MAX), limit.most_s)
    return Tries(score, now, now + timedelta(seconds=wait_s))


def after_success(tries: Tries, limit: Limit, now: datetime, *, is_own: bool) -> Tries:
    """The try that was counted beforehand was right: an own counter is forgotten, a shared one is as it was before."""
    score = 0.0 if is_own else max(0.0, faded(tries, limit, now) - 1.0)
    return Tries(score, now, now - _OPEN_SINCE)


def tries_left(tries: Tries, limit: Limit) -> int:
    """How many more may fail before the next has to wait."""
    return max(0, limit.free - int(tries.score + 0.999))


def is_noted(score: float) -> bool:
    """Whether a failure with this score is written down: the 1st, 2nd, 4th, 8th … so that a flood does not fill the record."""
    count = int(score + 0.001)
    return count > 0 and count & (count - 1) == 0
