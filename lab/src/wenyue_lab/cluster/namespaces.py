"""A network of our own for a lab: a namespace for each node and one for everybody else, joined by a bridge.

Needs root. Nothing of it is visible from outside, and nothing outside is reached from within.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from wenyue.locale import Message
from wenyue.platform.fault import SetupError
from wenyue_lab.cluster.layout import NETWORK, Layout, Node

_RUN: Final = Path("/run/netns")
_CLONE_NEWNET: Final = 0x40000000
_COMMAND_S: Final = 20
_here = threading.local()


def names(layout: Layout) -> list[str]:
    """The namespaces of a lab, the common one first."""
    return [hub(layout), *(of(layout, node) for node in layout.nodes)]


def hub(layout: Layout) -> str:
    """The namespace of web, worker, proxy and clients."""
    return f"{layout.netns}-hub"


def of(layout: Layout, node: Node) -> str:
    """The namespace of a node."""
    return f"{layout.netns}-{node.name}"


def lay_cables(layout: Layout) -> None:
    """Make the namespaces, the bridge and the cables between them. Raises SetupError."""
    if os.geteuid() != 0:
        raise SetupError(Message("network namespaces need root: run without --namespaces"))
    take_down(layout)
    centre = hub(layout)
    for name in names(layout):
        ip("netns", "add", name)
        ip("-n", name, "link", "set", "lo", "up")
    ip("-n", centre, "link", "add", "br0", "type", "bridge")
    ip("-n", centre, "addr", "add", f"{NETWORK}.1/24", "dev", "br0")
    ip("-n", centre, "link", "set", "br0", "up")
    for node in layout.nodes:
        name = of(layout, node)
        ip(
            "-n",
            centre,
            "link",
            "add",
            f"to-{node.name}",
            "type",
            "veth",
            "peer",
            "name",
            "eth0",
            "netns",
            name,
        )
        ip("-n", centre, "link", "set", f"to-{node.name}", "master", "br0", "up")
        ip("-n", name, "addr", "add", f"{node.address}/24", "dev", "eth0")
        ip("-n", name, "link", "set", "eth0", "up")


def take_down(layout: Layout) -> None:
    """Remove the namespaces and all that is in them; what is not there is no fault."""
    for name in names(layout):
        if (_RUN / name).exists():
            ip("netns", "del", name)


def rules(layout: Layout, node: Node, text: str) -> None:
    """Put nftables rules in force on the node, replacing earlier ones; '' removes them. Raises SetupError."""
    with inside(layout, node):
        run_program(["nft", "-f", "-"], f"flush ruleset\n{text}\n")


@contextmanager
def inside(layout: Layout, node: Node | None = None) -> Generator[None]:
    """The calling thread, and what it starts, is in the node's network (None: in the common one) meanwhile."""
    if not layout.netns:
        yield
        return
    name = hub(layout) if node is None else of(layout, node)
    if getattr(_here, "name", None) == name:
        yield
        return
    before = os.open(f"/proc/self/task/{threading.get_native_id()}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    was = getattr(_here, "name", None)
    try:
        there = os.open(_RUN / name, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _enter(there)
        finally:
            os.close(there)
        _here.name = name
        yield
    finally:
        _enter(before)
        _here.name = was
        os.close(before)


def ip(*arguments: str) -> None:
    """Run iproute2. Raises SetupError with what it says."""
    run_program(["ip", *arguments])


def run_program(command: list[str], text: str = "") -> None:
    """Run a program of the network; its complaint becomes a SetupError."""
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            command,
            input=text,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_COMMAND_S,
            check=False,
        )
    except FileNotFoundError as error:
        raise SetupError(
            Message(
                "the lab's namespaces need {command}: run `apt-get install iproute2 nftables` as root",
                command=command[0],
            ),
        ) from error
    if done.returncode != 0:
        raise SetupError(
            Message("{command}: {stderr}", command=" ".join(command), stderr=done.stderr.strip()[:300])
        )


def _enter(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "setns")
