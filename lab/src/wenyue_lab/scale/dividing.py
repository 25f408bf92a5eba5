"""Two primaries, each with destinations of its own, beside one: what a division by destination gives on this machine.

Equal web processes, equal load processes, equal connections; only the number of databases differs. On one machine all
share the processors: this shows what the division costs and how the work of a primary shrinks, not what a machine more gives.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from wenyue.platform.embedded_server import hold_home
from wenyue_lab.benchmark.dataset import Dataset, seed
from wenyue_lab.benchmark.postgres import cpu_seconds
from wenyue_lab.benchmark.site import Site, database, site
from wenyue_lab.benchmark.wire import Plan, build
from wenyue_lab.scale.model import Divided
from wenyue_lab.scale.sending import Sender, Way

_WAY: Final = Way(seconds=3.0, connections=256, warm_s=0.5)
_WARM: Final = Way(seconds=0.7, connections=256, warm_s=0.1)
_CREATED: Final = "201"
_SENDERS: Final = 2
_TRIES: Final = 2  # there are card holders for so many


@dataclass(frozen=True, slots=True)
class _Site:
    web: Site
    dataset: Dataset


def compare(home: Path, people: int, tell: Callable[[str], None], *, pace: float = 1.0) -> list[Divided]:
    """One primary with two web processes, two with one each, and the first again. What was started is erased.

    `pace` shortens the window of load (for tests).
    """
    with hold_home(home, "wenyue scale primaries"):
        return [_measure(home, primaries, people, tell, pace) for primaries in (1, 2, 1)]


def _measure(home: Path, primaries: int, people: int, tell: Callable[[str], None], pace: float) -> Divided:
    with ExitStack() as stack:
        sites: list[_Site] = []
        for number in range(primaries):
            tell(f"primary {number + 1} of {primaries}")
            own = home / f"primary-{number + 1}"
            own.mkdir(parents=True, exist_ok=True)
            server = stack.enter_context(database(own, lambda _line: None))
            dataset = seed(server, own, people, lambda _line: None)
            sites.append(
                _Site(stack.enter_context(site(server, own, _SENDERS // primaries, own / "web.log")), dataset)
            )
        of_sender = [sites[number * primaries // _SENDERS] for number in range(_SENDERS)]
        senders = [stack.enter_context(Sender(one.web.port)) for one in of_sender]
        threads = stack.enter_context(ThreadPoolExecutor(_SENDERS))

        tell("warming up")
        _fire(threads, senders, of_sender, _WARM, int(people * 0.15))
        tell("measuring")
        found: list[tuple[float, int]] = []
        web = base = 0.0
        for _ in range(_TRIES):  # a machine that paused through the window has measured nothing
            web, base = _web_s(sites), _database_s(sites)
            found = _fire(
                threads, senders, of_sender, replace(_WAY, seconds=_WAY.seconds * pace), int(people * 0.42)
            )
            web, base = _web_s(sites) - web, _database_s(sites) - base
            if web > 0 and base > 0 and all(rate for rate, _ in found):
                break
        made = max(1, sum(count for _, count in found))
        return Divided(
            primaries=primaries,
            per_s=sum(rate for rate, _ in found),
            each_per_s=tuple(
                sum(rate for (rate, _), mine in zip(found, of_sender, strict=True) if mine is one)
                for one in sites
            ),
            web_us=web / made * 1e6,
            database_us=base / made * 1e6,
            oversold=sum(one.dataset.oversold() for one in sites),
        )


def _fire(
    threads: ThreadPoolExecutor, senders: list[Sender], of_sender: list[_Site], way: Way, count: int
) -> list[tuple[float, int]]:
    """All senders at once. Returns confirmations a second, and all of them, of each."""
    loads = [_bookings(one.dataset, count) for one in of_sender]
    turns = [threads.submit(sender.send, load, way) for sender, load in zip(senders, loads, strict=True)]
    outcomes = [turn.result() for turn in turns]
    return [
        (one.statuses.get(_CREATED, 0) / one.seconds, one.all_statuses.get(_CREATED, 0)) for one in outcomes
    ]


def _bookings(dataset: Dataset, count: int) -> list[bytes]:
    first_card, pass_no = dataset.take(count)
    return build(Plan("book", first_card, count, dataset.slots(pass_no, "hot")))


def _web_s(sites: list[_Site]) -> float:
    return sum(one.web.cpu_s() for one in sites)


def _database_s(sites: list[_Site]) -> float:
    return sum(cpu_seconds(one.dataset.server) for one in sites)
