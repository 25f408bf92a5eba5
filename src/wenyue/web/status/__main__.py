"""``python -m wenyue.web.status [--fd N]``: the status page's own process. It loads neither the application nor a driver."""

import asyncio
import socket
import sys
from typing import Final

from wenyue.platform import log
from wenyue.platform.config import load
from wenyue.platform.parent_death_signal import end_with_parent
from wenyue.platform.variables import SettingsError
from wenyue.web.status.run import run_status

_FD: Final = "--fd"


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM; with `--fd` on a socket of the parent, ending with it."""
    sock: socket.socket | None = None
    if arguments[:1] == [_FD] and len(arguments) == 2 and arguments[1].isdecimal():
        end_with_parent()
        sock = socket.socket(fileno=int(arguments[1]))
    elif arguments:
        sys.stderr.write(f"unknown arguments: {' '.join(arguments)}\n")
        return 2
    try:
        settings = load()
    except SettingsError as fault:
        sys.stderr.write(f"wenyue: {fault}\n")
        return 1
    log.configure(settings.telemetry, "status")
    asyncio.run(run_status(settings, sock))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
