"""Processes that put load on a site: started with the block, asked together through their pipes, ended with it."""

import multiprocessing
from collections.abc import Callable, Iterable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Final, Self

from wenyue_lab.benchmark.site import cpu_seconds

_END_DEADLINE_S: Final = 5.0


class WorkersLost(Exception):
    """A load process died or did not answer in time; the figures of this run mean nothing."""


class Members:
    """One process for each of `of_each`, which lives `life(pipe, *of_each[n])`: it ends when the pipe closes, and with us.

    Use as a context manager. Whoever inherits says what is asked.
    """

    def __init__(self, life: Callable[..., None], of_each: Sequence[tuple[object, ...]]) -> None:
        self._life, self._of_each = life, of_each
        self._members: list[tuple[BaseProcess, Connection[Any, Any]]] = []

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        for own in self._of_each:
            ours, theirs = context.Pipe()
            process = context.Process(target=self._life, args=(theirs, *own), daemon=True)
            process.start()
            theirs.close()
            self._members.append((process, ours))
        return self

    def __exit__(self, *_: object) -> None:
        for process, pipe in self._members:
            pipe.close()
            process.join(_END_DEADLINE_S)
            if process.is_alive():
                process.kill()
                process.join()

    @property
    def size(self) -> int:
        """How many processes there are."""
        return len(self._of_each)

    def cpu_s(self) -> float:
        """Processor seconds that the load processes have used so far."""
        return sum(cpu_seconds(process.pid) for process, _ in self._members if process.pid is not None)

    def _tell(self, messages: Iterable[object]) -> None:
        """One message to each, in order."""
        for message, (_, pipe) in zip(messages, self._members, strict=True):
            pipe.send(message)

    def _hear(self, deadline_s: float) -> list[object]:
        """One answer of each, in order; each within the deadline. Raises WorkersLost."""
        return [_receive(pipe, deadline_s) for _, pipe in self._members]


def _receive(pipe: "Connection[Any, Any]", deadline_s: float) -> object:
    try:
        if not pipe.poll(deadline_s):
            raise WorkersLost(f"a load process did not answer within {deadline_s:.0f} s")
        answer: object = pipe.recv()
    except (EOFError, OSError) as error:
        raise WorkersLost("a load process ended; see the lines above") from error
    return answer
