"""One process of the peer: uvicorn with uvloop and httptools on an inherited socket, quiet, nothing in debug."""

import socket
import sys

import uvicorn

from wenyue.platform.parent_death_signal import end_with_parent
from wenyue_lab.benchmark.peer.app import create


def main(descriptor: int, parent_pid: int) -> None:
    """Serve until SIGTERM, or until the parent has ended, be it while this was being loaded."""
    end_with_parent(parent_pid)
    config = uvicorn.Config(
        create(),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=5,
    )
    with socket.socket(fileno=descriptor) as listener:
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
