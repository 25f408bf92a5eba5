"""Who computes where: processes pinned to cores, and a database that may use only a share of one.

On one machine the load, the web processes and the database take the same cores from each other. A real installation's
web nodes have slack and its one database binds; that is what a bounded database stands for.
"""

import os
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wenyue.ops.processes import family

_CGROUPS: Final = Path("/sys/fs/cgroup")
_NAME: Final = "wenyue-bench"
_PERIOD_US: Final = 10_000
_CORES_MIN: Final = 2
_CORES_OF_THEIR_OWN: Final = 4


@dataclass(frozen=True, slots=True)
class Layout:
    """Cores of the web processes, of the database and of the load; all empty: nobody is pinned."""

    web: tuple[int, ...] = ()
    database: tuple[int, ...] = ()
    load: tuple[int, ...] = ()


def layout(cores: Iterable[int]) -> Layout:
    """Two cores for the web, one for the database, the others for the load; with four, the load has the database's too.

    The first core of `load` is the one that is least shared. With two or three cores the load has the last, so that it takes
    nothing from the installation, which has the others. One core is left to the system's scheduler.
    """
    order = sorted(cores)
    if len(order) < _CORES_MIN:
        return Layout()
    if len(order) < _CORES_OF_THEIR_OWN:
        return Layout(web=tuple(order[:-1]), database=tuple(order[:-1]), load=tuple(order[-1:]))
    rest = tuple(order[3:])
    return Layout(
        web=tuple(order[:2]), database=(order[2],), load=rest if len(rest) > 1 else (*rest, order[2])
    )


def usable() -> Layout:
    """The layout of the cores that this process may use."""
    return layout(os.sched_getaffinity(0))


def pin(pids: Iterable[int], cores: Sequence[int]) -> None:
    """Bind processes with all their threads to `cores`; what they start later inherits it. Empty: nothing is done."""
    if not cores:
        return
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            for thread in Path(f"/proc/{pid}/task").iterdir():
                with suppress(ProcessLookupError):
                    os.sched_setaffinity(int(thread.name), cores)


@contextmanager
def bounded(pid: int, share: float) -> Generator[str]:
    """Let process `pid`, its children and what they start use at most `share` of one core; yields how, or "" if it cannot.

    Needs a CPU control group that this user may write (root nearly always). `share` 0: no bound.
    """
    group = _group() if share > 0 else None
    if group is None:
        yield ""
        return
    try:
        how = _limit(group, share)
        _move(family(pid), group)
        yield how
    finally:
        _move(map(int, (group / "cgroup.procs").read_text(encoding="ascii").split()), group.parent)
        with suppress(OSError):
            group.rmdir()


def _group() -> Path | None:
    """A new group that has a CPU quota, or None."""
    for parent in _parents(Path("/proc/self/cgroup").read_text(encoding="ascii")):
        for left in parent.glob(f"{_NAME}-*"):  # of a run that was killed; one in use is not empty
            with suppress(OSError):
                left.rmdir()
        group = parent / f"{_NAME}-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        if (group / "cpu.cfs_quota_us").exists() or (group / "cpu.max").exists():
            return group
        group.rmdir()
    return None


def _parents(own_groups: str) -> list[Path]:
    """Where a group with a CPU quota may be made: version 1 in our own; version 2 in our own, or at the top."""
    found: list[Path] = []
    for line in own_groups.splitlines():
        _, controllers, own = line.split(":", 2)
        if "cpu" in controllers.split(","):
            found.append(_CGROUPS / "cpu" / own.strip("/"))
        elif not controllers:
            found += [_CGROUPS / own.strip("/"), _CGROUPS]
    return found


def _limit(group: Path, share: float) -> str:
    quota = round(share * _PERIOD_US)
    if (group / "cpu.max").exists():
        (group / "cpu.max").write_text(f"{quota} {_PERIOD_US}", encoding="ascii")
    else:
        (group / "cpu.cfs_period_us").write_text(str(_PERIOD_US), encoding="ascii")
        (group / "cpu.cfs_quota_us").write_text(str(quota), encoding="ascii")
    return f"control group: {quota} of every {_PERIOD_US} µs"


def _move(pids: Iterable[int], group: Path) -> None:
    for pid in pids:
        with suppress(ProcessLookupError, OSError):
            (group / "cgroup.procs").write_text(str(pid), encoding="ascii")
