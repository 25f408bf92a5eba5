"""A lossy line of this machine's own: a network namespace behind a pair of virtual cards, and nftables that drop packets in it.

Real packets of real TCP connections are lost, both ways, as between a phone and its mast. Root only.
"""

import ctypes
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_NAMES: Final = Path("/run/netns")
_CLONE_NEWNET: Final = 0x40000000
_DEADLINE_S: Final = 20
_BACKLOG: Final = 512


def cannot_lose() -> str:
    """Why no packet can be lost on purpose here; empty: it can."""
    if os.geteuid() != 0:
        return "only root may make a network namespace"
    missing = [
        name for name in ("ip", "nft") if shutil.which(name, path="/usr/sbin:/sbin:/usr/bin:/bin") is None
    ]
    return f"{', '.join(missing)} is missing (Debian: iproute2, nftables)" if missing else ""


@contextmanager
def lossy_line(percent: int) -> Generator[socket.socket]:
    """A listening socket at the far end of the line: whoever connects to its address loses `percent` of the packets, each way.

    Raises OSError or subprocess.CalledProcessError where the machine does not allow it; nothing is left behind.
    """
    name, subnet = f"wyd{os.getpid()}", f"10.203.{os.getpid() % 250}"
    try:
        _ip("netns", "add", name)
        _ip("link", "add", f"{name}a", "type", "veth", "peer", "name", f"{name}b", "netns", name)
        _ip("addr", "add", f"{subnet}.1/30", "dev", f"{name}a")
        _ip("link", "set", f"{name}a", "up")
        _ip("-n", name, "addr", "add", f"{subnet}.2/30", "dev", f"{name}b")
        _ip("-n", name, "link", "set", f"{name}b", "up")
        with _listening(name, f"{subnet}.2") as opened:
            _drop(name, percent)
            yield opened
    finally:
        for words in (("link", "del", f"{name}a"), ("netns", "del", name)):
            with suppress(subprocess.CalledProcessError):
                _ip(*words)


def _listening(name: str, address: str) -> socket.socket:
    """A socket belongs to the namespace in which it was made; a thread visits that one, this process stays where it is."""
    made: list[socket.socket] = []
    troubles: list[OSError] = []

    def visit() -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        with (_NAMES / name).open("rb") as file:
            if libc.setns(file.fileno(), _CLONE_NEWNET) != 0:
                troubles.append(OSError(ctypes.get_errno(), "setns"))
                return
        try:
            made.append(socket.create_server((address, 0), backlog=_BACKLOG))
        except OSError as error:
            troubles.append(error)

    visitor = threading.Thread(target=visit, name="visitor")
    visitor.start()
    visitor.join(_DEADLINE_S)
    if not made:
        raise troubles[0] if troubles else OSError("no socket in the namespace")
    made[0].setblocking(False)
    return made[0]


def _drop(name: str, percent: int) -> None:
    lines = ["table inet loss {"]
    for hook in ("input", "output"):
        lines += [
            f"chain {hook} {{ type filter hook {hook} priority 0; policy accept;",
            f"numgen random mod 100 < {percent} drop; }}",
        ]
    command = ["ip", "netns", "exec", name, "nft", "-f", "-"]
    text = "\n".join([*lines, "}"]) + "\n"
    subprocess.run(command, input=text, text=True, capture_output=True, timeout=_DEADLINE_S, check=True)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], capture_output=True, timeout=_DEADLINE_S, check=True)
