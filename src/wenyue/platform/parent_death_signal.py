"""Makes a child process end when its parent does, even after kill -9 of the parent."""

from __future__ import annotations

import ctypes
import os
import signal
import threading

PR_SET_PDEATHSIG = 1
WATCH_EVERY_S = 1.0
GRACE_S = 20.0  # longer than a drain


def end_with_parent(parent_pid: int | None = None) -> None:
    """From now on SIGTERM comes when the parent dies; 20 s later this process ends by force.

    ``parent_pid`` is the parent as it was at our start (default: now); when it is already gone, the
    signal comes at once. Linux only; elsewhere the watching thread alone does it.
    """
    expected = os.getppid() if parent_pid is None else parent_pid
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "prctl"):
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    threading.Thread(target=_watch, args=(expected,), name="parent_death_signal", daemon=True).start()


def _watch(expected: int) -> None:
    never = (
        threading.Event()
    )  # its wait goes by the monotonic clock under libfaketime too, where time.sleep is EINVAL
    while os.getppid() == expected:
        never.wait(WATCH_EVERY_S)
    os.kill(os.getpid(), signal.SIGTERM)
    never.wait(GRACE_S)
    os._exit(1)
