"""Which processes ``wenyue up`` keeps to watch the others: the monitor, and the public status page on a port of its own."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Mapping

from wenyue.locale.terminal import gettext
from wenyue.platform.config import Settings
from wenyue.platform.fault import SetupError
from wenyue.platform.supervisor import ChildPlan, listening_socket


def status_socket(settings: Settings, say: Callable[[str], None]) -> socket.socket | None:
    """The status page's listening socket; None when it is off.

    A port that was asked for and is taken is a ``SetupError``; one that nobody asked for is done without, with a line.
    """
    if not settings.status.is_on:
        return None
    try:
        return listening_socket(settings.web.host, settings.status.port, setting="WENYUE_STATUS_PORT")
    except SetupError:
        if os.environ.get("WENYUE_STATUS_PORT"):
            raise
        say(
            gettext(
                "no status page: port {port} is taken (WENYUE_STATUS_PORT chooses another)",
                port=settings.status.port,
            )
        )
        return None


def watchers(
    settings: Settings, environment: Mapping[str, str], listener: socket.socket | None
) -> list[ChildPlan]:
    """Started last: they must not slow the start down, and nothing waits for them."""
    found: list[ChildPlan] = []
    if listener is not None:
        command = [sys.executable, "-m", "wenyue.web.status", "--fd", str(listener.fileno())]
        found.append(ChildPlan("status", command, environment, (listener.fileno(),), is_late=True))
    if settings.monitor.is_on:
        command = [sys.executable, "-m", "wenyue.cli", "monitor", "--supervised"]
        found.append(ChildPlan("monitor", command, environment, is_late=True))
    return found
