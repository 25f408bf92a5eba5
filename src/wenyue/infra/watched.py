"""A connection that does not wait for ever: for a host that is gone without a word, or a server that hangs.

A dead host is noticed by the kernel (keepalives, unacknowledged data); a server that is alive for the kernel and answers
nothing (frozen, its disk gone) only by the clock. Then the socket is shut on our side: nothing is cancelled, the transaction
ends as it would have ended, and the caller sees a lost connection, which leaves a COMMIT in doubt.
"""

import asyncio
import os
import select
import socket
from typing import Final, TypeVar

from psycopg import AsyncConnection
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow

from wenyue.kernel.limits import STATEMENT_TIMEOUT_S

# The server itself ends a statement after STATEMENT_TIMEOUT_S: one that says nothing for longer hangs, or waits for a standby.
SILENCE_S_MAX: Final = STATEMENT_TIMEOUT_S + 2.0
CONNECT_S: Final = 2  # for each host; libpq takes no less
_PROMPT: Final = {
    "connect_timeout": CONNECT_S,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_WAIT_INTERVAL_S: Final = 0.1  # psycopg's own
RV = TypeVar("RV")


class Watched(AsyncConnection[TupleRow]):
    """As psycopg's, but a question that stays unanswered for SILENCE_S_MAX ends the connection."""

    silence_s_max: float = SILENCE_S_MAX

    async def wait(
        self,
        gen: PQGen[RV],
        interval: float = _WAIT_INTERVAL_S,
        timeout: float | None = None,  # noqa: ASYNC109 - psycopg's own signature
    ) -> RV:
        """Every exchange with the server goes through here. Raises psycopg.OperationalError when it was ended."""
        watch = asyncio.get_running_loop().call_later(self.silence_s_max, self.hang_up)
        try:
            return await super().wait(gen, interval, timeout)
        finally:
            watch.cancel()

    def hang_up(self) -> None:
        """Shut the socket if a question is open; whoever waits for its answer gets an error at once."""
        if self.closed or self.pgconn.transaction_status != TransactionStatus.ACTIVE:
            return  # nothing was asked: it listens for notifications
        with socket.socket(fileno=os.dup(self.pgconn.socket)) as ours:
            ours.shutdown(socket.SHUT_RDWR)


def is_sound(connection: AsyncConnection[TupleRow]) -> bool:
    """Whether an idle connection can be used: without asking, because a server that went away has closed it.

    An idle connection has nothing to read; what is there is the end of the stream or the reason for it.
    """
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    return not poll.poll(0)


def promptly(url: str) -> str:
    """`url` with settings by which a silent host is noticed in seconds; what it says itself stands."""
    said = conninfo_to_dict(url)
    return make_conninfo(url, **{name: value for name, value in _PROMPT.items() if name not in said})
