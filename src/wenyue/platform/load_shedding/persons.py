"""What each person, or place, asked for lately, against a limit of its own."""

from time import monotonic

from wenyue.core.admission import PersonLimit, take_token
from wenyue.core.limits import PERSONS_REMEMBERED_MAX


class Persons:
    """How much each person has asked for lately. Two generations, the older forgotten as a whole: bounded memory."""

    def __init__(self, limit: PersonLimit) -> None:
        self.limit = limit
        self._new: dict[int, tuple[float, float]] = {}
        self._old: dict[int, tuple[float, float]] = {}

    def take(self, person: int, cost: int = 1) -> tuple[int, int, bool]:
        """One request of this cost: what is left, seconds until all is there again, whether it is within the limit."""
        now = monotonic()
        limit = self.limit
        tokens, at = self._new.get(person) or self._old.get(person) or (float(limit.burst), now)
        left, is_within = take_token(limit, tokens=tokens, since_s=now - at, cost=cost)
        if len(self._new) >= PERSONS_REMEMBERED_MAX // 2:
            self._new, self._old = {}, self._new
        self._new[person] = (left, now)
        return int(left), int((limit.burst - left) / limit.refill_per_s) + 1, is_within
