"""From which places secrets were wrong again and again: in memory, of one process, of bounded number.

Nothing is refused for it. Such a place waits at the desk behind its like, so that those whom nobody has reason to doubt have the
others' places at once, however many guess.
"""

from datetime import datetime
from typing import Final

from wenyue.accounts.throttle import ADDRESS, Tries, faded
from wenyue.core.limits import DOUBTFUL_FROM, PLACES_REMEMBERED_MAX

_RIGHT: Final = (
    2.0  # what a right secret takes off: people who share an address are right more often than wrong
)


class Doubts:
    """A score for each place: failures that fade, less what was right. Two generations, the older forgotten as a whole."""

    def __init__(self) -> None:
        self._new: dict[str, Tries] = {}
        self._old: dict[str, Tries] = {}

    def note(self, place: str, now: datetime, *, is_right: bool) -> None:
        """A secret was tried from there."""
        score = max(0.0, self._score(place, now) + (-_RIGHT if is_right else 1.0))
        if len(self._new) >= PLACES_REMEMBERED_MAX // 2:
            self._new, self._old = {}, self._new
        self._new[place] = Tries(score, now, now)

    def is_doubtful(self, place: str, now: datetime) -> bool:
        """Whether this place guessed lately, as far as this process saw it."""
        return self._score(place, now) >= DOUBTFUL_FROM

    def _score(self, place: str, now: datetime) -> float:
        known = self._new.get(place) or self._old.get(place)
        return 0.0 if known is None else faded(known, ADDRESS, now)
