"""Libraries that tell of a lost database at length, and may quote data: we say it ourselves, in one line."""

import logging
from typing import Final

# The pool tells of every try to connect; Procrastinate's listener prints whole tracebacks. `Outage` says when the database
# goes and comes, tasks and jobs that fail have lines of our own.
_TALKATIVE: Final = ("psycopg.pool", "procrastinate")


def quiet_libraries() -> None:
    """For the whole process: of these libraries only what ends the process is shown."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)
