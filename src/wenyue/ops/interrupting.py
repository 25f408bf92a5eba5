"""SIGTERM unwinds like Ctrl-C, so that everything that was started is stopped."""

import signal
from types import FrameType


def unwind_on_sigterm() -> None:
    """From now on SIGTERM raises KeyboardInterrupt in the main thread. Raises ValueError in any other thread."""
    signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
