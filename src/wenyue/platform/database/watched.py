"""A connection that does not wait for ever: for a host that is gone without a word, or a server that hangs.

A dead host is noticed by the kernel (keepalives, unacknowledged data); a server that is alive for the kernel and answers
nothing (frozen, its disk gone) only by the clock. Then the socket is shut on our side: nothing is cancelled, the transaction
ends as it would have ended, and the caller sees a lost connection, which leaves a COMMIT in doubt.
"""

import asyncio
import os
import select
import socket
from time import monotonic
from typing import Any, Final, Self, TypeVar

from psycopg import AsyncConnection, OperationalError
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow

from wenyue.core.limits import STATEMENT_TIMEOUT_S

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
_SILENT_AFTER_S: Final = CONNECT_S * 0.9
_SILENT_FOR_S: Final = 4.0
_silent_since: dict[tuple[str, str], float] = {}  # of the few hosts that URLs name
RV = TypeVar("RV")


class Watched(AsyncConnection[TupleRow]):
    """As psycopg's, but a question that stays unanswered for SILENCE_S_MAX ends the connection."""

    silence_s_max: float = SILENCE_S_MAX

    @classmethod
    async def connect(cls, conninfo: str = "", **options: Any) -> Self:  # noqa: ANN401 - psycopg's own options
        """As psycopg's. Of several hosts those that lately said nothing at all are left out while there are others.

        Raises psycopg.OperationalError: of the last host that was asked.
        """
        hosts = _hosts(conninfo)
        if len(hosts) < 2:
            return await super().connect(conninfo, **options)
        fault = OperationalError("no host was asked")
        for host, port in _promising(hosts):
            began = monotonic()
            try:
                return await super().connect(make_conninfo(conninfo, host=host, port=port), **options)
            except OperationalError as error:
                fault = error
                if monotonic() - began >= _SILENT_AFTER_S:
                    _silent_since[host, port] = monotonic()
        raise fault

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


def _hosts(conninfo: str) -> list[tuple[str, str]]:
    """(host, port) of every host that `conninfo` names, in its order; empty when it names addresses apart from names."""
    said = conninfo_to_dict(conninfo)
    hosts = str(said.get("host") or "").split(",")
    ports = str(said.get("port") or "").split(",")
    if said.get("hostaddr") or len(ports) not in {1, len(hosts)}:
        return []  # libpq sorts it out, or complains
    return list(zip(hosts, ports if len(ports) > 1 else ports * len(hosts), strict=True))


def _promising(hosts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Without those that did not answer a moment ago: each costs CONNECT_S, while another may have taken over."""
    now = monotonic()
    good = [one for one in hosts if now - _silent_since.get(one, -_SILENT_FOR_S) >= _SILENT_FOR_S]
    return good or hosts


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
