"""How often one process checks secrets for one login from one place, and for one place at all: right ones count, too.

Right tries are no guesses, and nothing else slows them; yet each takes a turn, and whoever has one card could take them all.
"""

from typing import Final

from wenyue.core.admission import PersonLimit
from wenyue.core.limits import (
    PERSON_WINDOW_S,
    SECRET_CHECKS_PER_LOGIN_MINUTE,
    SECRET_CHECKS_PER_PLACE_MINUTE,
)
from wenyue.platform.load_shedding.persons import Persons

_LOGIN: Final = PersonLimit(SECRET_CHECKS_PER_LOGIN_MINUTE, PERSON_WINDOW_S)
_PLACE: Final = PersonLimit(SECRET_CHECKS_PER_PLACE_MINUTE, PERSON_WINDOW_S)


class Pace:
    """Token buckets in memory, of bounded number."""

    def __init__(self) -> None:
        self._logins, self._places = Persons(_LOGIN), Persons(_PLACE)

    def wait_s(self, kind: str, name: str, place: str, token: str) -> float:
        """One more try; 0: it may be made now, else after how many seconds the next may. A known device counts for itself."""
        *_, is_within = self._logins.take(hash((kind, name, token or place)))
        if not is_within:
            return 1 / _LOGIN.refill_per_s
        if token:
            return 0.0
        *_, is_within = self._places.take(hash(place))
        return 0.0 if is_within else 1 / _PLACE.refill_per_s
