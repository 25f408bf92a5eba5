"""Ports for programs that are about to start: on loopback, free, and not among those that connections take."""

import random
import socket
from contextlib import ExitStack
from typing import Final

HOST: Final = "127.0.0.1"
LOWEST, HIGHEST = 20_000, 32_000
"""Below Linux's ephemeral ports (32768 and up, ``ip_local_port_range``): no connection that somebody opens between
the choice and the start takes one of these."""
_TRIES: Final = 200


def free_port() -> int:
    """A port of loopback that nobody uses at this moment."""
    return free_ports(1)


def free_ports(count: int) -> int:
    """The first of so many ports of loopback that lie together and that nobody uses at this moment.

    Raises ``OSError`` when none were found in 200 tries.
    """
    chance = random.SystemRandom()
    for _ in range(_TRIES):
        first = chance.randrange(LOWEST, HIGHEST - count)
        if are_free(first, count):
            return first
    raise OSError(f"no {count} free ports together between {LOWEST} and {HIGHEST}")


def are_free(first: int, count: int) -> bool:
    """Whether nobody uses any of so many ports of loopback at this moment."""
    with ExitStack() as stack:
        for port in range(first, first + count):
            probe = stack.enter_context(socket.socket())
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                return False
    return True
