"""Ports that are chosen before a program starts."""

import socket
from pathlib import Path

from wenyue.ops.ports import HIGHEST, LOWEST, free_port, free_ports


def test_no_connection_takes_a_chosen_port() -> None:
    lowest, _ = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()
    assert LOWEST <= free_port() < HIGHEST <= int(lowest)


def test_ports_of_a_group_are_all_free() -> None:
    first = free_ports(16)
    servers = [socket.create_server(("127.0.0.1", port)) for port in range(first, first + 16)]
    try:
        other = free_ports(16)
        assert not set(range(first, first + 16)) & set(range(other, other + 16))
    finally:
        for server in servers:
            server.close()
