"""How quiet the machine was: what other programs, and other machines on the same hardware, took from the run."""

import os
import resource
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Final

_CLOCK: Final = os.sysconf("SC_CLK_TCK")
_IDLE: Final = (3, 4)  # idle, iowait: columns of /proc/stat
_STEAL: Final = 7
_GUESTS: Final = 8  # guest time is counted in user time already


@dataclass(frozen=True, slots=True)
class Noise:
    """Shares (0-1) of all processor time during the run."""

    others: float  # programs that are no part of the benchmark
    stolen: float  # the hypervisor gave it to other machines


class NoiseMeter:
    """Starts watching when made. `ours_s` says how many processor seconds the benchmark's live processes used."""

    def __init__(self, ours_s: Callable[[], float]) -> None:
        self._ours_s = ours_s
        self._began = perf_counter()
        self._ours_then = _self_s() + ours_s()
        self._busy_then, self._stolen_then = _busy_s()

    def read_noise(self) -> Noise:
        """What other programs and machines took since the start."""
        capacity_s = (perf_counter() - self._began) * (os.cpu_count() or 1)
        busy_s, stolen_s = _busy_s()
        ours_s = _self_s() + self._ours_s() - self._ours_then
        others_s = busy_s - self._busy_then - ours_s
        return Noise(
            others=max(0.0, others_s / capacity_s), stolen=(stolen_s - self._stolen_then) / capacity_s
        )


def _busy_s() -> tuple[float, float]:
    """Processor seconds since boot that were worked, and that were stolen."""
    line = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0]
    ticks = [int(part) for part in line.split()[1:]]
    worked = sum(ticks[:_GUESTS]) - sum(ticks[column] for column in _IDLE) - ticks[_STEAL]
    return worked / _CLOCK, ticks[_STEAL] / _CLOCK


def _self_s() -> float:
    """This process and its children that have ended (pgbench)."""
    used = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        used += usage.ru_utime + usage.ru_stime
    return used
