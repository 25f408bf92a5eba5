"""Where the parts of a lab listen: three nodes, two web processes and the proxy, each with a port of its own."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from wenyue.locale import Message
from wenyue.ops.ports import are_free, free_ports
from wenyue.platform.fault import SetupError

LOOPBACK: Final = "127.0.0.1"
NETWORK: Final = "10.77.0"  # of the namespaces, seen by nobody else
NODES: Final = 3
WEBS: Final = 2
_PORTS_EACH: Final = 4  # of a node: PostgreSQL, Patroni, etcd for clients, etcd among themselves
PORTS: Final = 2 + WEBS + NODES * _PORTS_EACH
STATE: Final = "lab.json"


@dataclass(frozen=True)
class Node:
    """One machine of the lab: an etcd, a Patroni, a PostgreSQL."""

    name: str
    address: str
    postgres: int
    patroni: int
    etcd: int
    peers: int

    @property
    def patroni_url(self) -> str:
        """Patroni's own interface."""
        return f"http://{self.address}:{self.patroni}"

    @property
    def etcd_url(self) -> str:
        """Where etcd answers its clients."""
        return f"http://{self.address}:{self.etcd}"


@dataclass(frozen=True)
class Layout:
    """Addresses of everything, and the network namespaces when the nodes have some."""

    address: str  # of web, worker and proxy
    port: int  # of the proxy: what people open
    figures: int  # of the proxy's own page
    webs: tuple[int, ...]
    nodes: tuple[Node, ...]
    replication_password: str = field(repr=False)
    netns: str = ""  # prefix of the namespaces; empty: everything on loopback

    @property
    def url(self) -> str:
        """What people open."""
        return f"http://{self.address}:{self.port}"

    def node(self, name: str) -> Node:
        """The node called `name`. Raises SetupError."""
        for one in self.nodes:
            if one.name == name:
                return one
        raise SetupError(Message("there is no node {name}: they are n1, n2, n3", name=repr(name)))

    def write(self, home: Path) -> None:
        """Keep it in `home`, for the commands that come later."""
        path = home / STATE
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")


def read_layout(home: Path) -> Layout | None:
    """The lab of `home`, or None."""
    try:
        found: dict[str, Any] = json.loads((home / STATE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise SetupError(
            Message("{state} is damaged: remove {home}", state=home / STATE, home=home)
        ) from error
    found["nodes"] = tuple(Node(**one) for one in found["nodes"])
    found["webs"] = tuple(found["webs"])
    return Layout(**found)


def lay_out(first_port: int = 0, *, netns: str = "") -> Layout:
    """A layout from `first_port` upwards (0: where enough ports are free). Raises SetupError when one is taken."""
    if netns:  # the namespaces are ours alone: no port is taken
        addresses, first = [f"{NETWORK}.{11 + number}" for number in range(NODES)], first_port or 8100
    else:
        addresses = [LOOPBACK] * NODES
        first = _require_free(first_port) if first_port else _find_free()
    base = first + 2 + WEBS
    nodes = tuple(
        Node(f"n{number + 1}", addresses[number], *range(base + number * 4, base + number * 4 + _PORTS_EACH))
        for number in range(NODES)
    )
    webs = tuple(range(first + 2, base))
    return Layout(LOOPBACK, first, first + 1, webs, nodes, secrets.token_urlsafe(24), netns)


def _require_free(first: int) -> int:
    if not are_free(first, PORTS):
        raise SetupError(
            Message(
                "the lab needs the ports {first} to {last} of {loopback}, and one of them is "
                "taken: choose others with --port",
                first=first,
                last=first + PORTS - 1,
                loopback=LOOPBACK,
            ),
        )
    return first


def _find_free() -> int:
    try:
        return free_ports(PORTS)
    except OSError as error:
        raise SetupError(
            Message("no {ports} free ports in a row on {loopback}", ports=PORTS, loopback=LOOPBACK)
        ) from error
