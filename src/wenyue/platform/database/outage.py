"""Whether the database answers this process, and since when not: said in the log when it changes, not with every try."""

import logging
from time import monotonic, time
from typing import Final

_log: Final = logging.getLogger("wenyue.database")
_LATELY_S: Final = 3.0  # somebody who got no connection in time proves nothing while others are answered


class Outage:
    """One process's view of one database."""

    def __init__(self) -> None:
        self.since: float | None = None  # Unix time; None: it answers
        self._good_at = -_LATELY_S

    def note_bad(self, why: str, *, is_sure: bool = True) -> None:
        """A try failed; `why` is the kind of the error, never its text. Not sure: unless others were answered lately."""
        if self.since is not None or (not is_sure and monotonic() - self._good_at < _LATELY_S):
            return
        self.since = time()
        _log.error("the database does not answer (%s): bookings are answered with busy until it does", why)

    def note_good(self) -> None:
        """The database answered."""
        self._good_at = monotonic()
        if self.since is not None:
            _log.warning("the database answers again, after %.1f s", time() - self.since)
            self.since = None
