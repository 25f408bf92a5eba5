"""The whole benchmark: every figure in turn, repeated; naive, peer and ours interleaved, so that ratios share their noise."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Final

from wenyue.locale import Message
from wenyue.platform.embedded_server import ServerInfo, hold_home
from wenyue.platform.fault import SetupError
from wenyue_lab.benchmark import naive
from wenyue_lab.benchmark.dataset import FULL_CAPACITY, Dataset, seed
from wenyue_lab.benchmark.figures import Figures
from wenyue_lab.benchmark.noise import Noise, NoiseMeter
from wenyue_lab.benchmark.peer.measure import PeerBench, peer_bench
from wenyue_lab.benchmark.postgres import cpu_seconds as postgres_cpu_s
from wenyue_lab.benchmark.site import Site, database, machine, site
from wenyue_lab.benchmark.wire import Kind, Plan
from wenyue_lab.benchmark.workers import Volley, Workers

CREATED: Final = "201"
CONFLICT: Final = "409"
OK: Final = "200"
PEAK_SHARE: Final = 0.8
_FIRST_GUESS_PER_S: Final = 25_000.0
_SPARE: Final = 1.3  # requests built beyond what the last run used, so that a faster run does not run dry
_UNDECIDED: Final = ("503", "504")
_FULL_TURN: Final = 4_000
_RUNS_PER_DATE: Final = (
    2  # at least: a faster machine than foreseen ends its window early instead of using up the dates
)
_SOLD_OUT_WARM_S: Final = (
    1.0  # until a worker has read twice that the session is full, it asks the database each time
)


@dataclass(frozen=True, slots=True)
class Scale:
    """How long and how often. Windows in seconds."""

    is_quick: bool
    workers: int
    repeats: int = 3
    warm_s: float = 0.7
    measure_s: float = 3.0
    naive_s: int = 3
    cards: int = 400_000
    grown_to: int = 5_000_000
    load_workers: int = 1
    connections: int = 512


def quick(workers: int) -> Scale:
    """About a minute, seeding included."""
    return Scale(True, workers, warm_s=0.25, measure_s=0.6, naive_s=1, cards=80_000, grown_to=0)


@dataclass(slots=True)
class Report:
    """What a run leaves: the figures, the machine, and anything that a reader must know about them."""

    figures: Figures = field(default_factory=Figures)
    machine: dict[str, object] = field(default_factory=dict[str, object])
    notes: list[str] = field(default_factory=list[str])
    seconds: float = 0.0
    noise: Noise = field(default_factory=lambda: Noise(0.0, 0.0))

    def note(self, line: str) -> None:
        """Keep a line for the reader, once."""
        if line not in self.notes:
            self.notes.append(line)


def steps(scale: Scale) -> int:
    """How many times `tell` will be called with a new step, for a progress bar."""
    each = 2 + 2 + 6 + (1 if not scale.is_quick else 0)
    return 3 + scale.repeats * each + (1 + scale.repeats if scale.grown_to else 0)


def measure_all(home: Path, scale: Scale, tell: Callable[[str], None]) -> Report:
    """Measure everything; what was started is stopped and erased whatever happens. `home` is the benchmark's own."""
    report = Report()
    began = perf_counter()
    with hold_home(home, "wenyue bench"):
        tell("a database of its own")
        with database(home, tell_nothing) as server:
            report.machine = machine(server)
            naive.prepare(server, home)
            tell(f"{scale.cards:,} card holders, 10,000 sessions")
            dataset = seed(server, home, scale.cards, tell_nothing)
            log = home / "web.log"
            log.unlink(missing_ok=True)
            with (
                site(server, home, scale.workers, log) as web,
                Workers(scale.load_workers) as load_workers,
                peer_bench(
                    server,
                    home,
                    scale.workers,
                    dataset=dataset,
                    load_workers=load_workers,
                    figures=report.figures,
                    connections=scale.connections,
                    note=report.note,
                ) as peer,
            ):
                served = [web.cpu_s] if peer is None else [web.cpu_s, peer.site.cpu_s]
                used = [*served, load_workers.cpu_s, lambda: postgres_cpu_s(server)]
                barometer = NoiseMeter(lambda: sum(one() for one in used))
                _Bench(scale, report, server, dataset, web, load_workers, peer, home, tell).measure()
                report.noise = barometer.read_noise()
    report.seconds = perf_counter() - began
    return report


def tell_nothing(_line: str) -> None:
    """For progress that nobody reads."""


@dataclass(slots=True)
class _Bench:
    scale: Scale
    report: Report
    server: ServerInfo
    dataset: Dataset
    web: Site
    load_workers: Workers
    peer: PeerBench | None
    folder: Path
    tell: Callable[[str], None]
    guess_per_s: float = _FIRST_GUESS_PER_S
    created: int = 0
    doubtful: int = 0

    def measure(self) -> None:
        """Everything, in order."""
        self.tell("warming up")
        self._book("hot", into=None)
        self._book("spread", into=None)
        if not self.created:
            raise SetupError(
                Message("not one booking was confirmed: {notes}", notes="; ".join(self.report.notes))
            )
        for kind in ("hot", "spread"):
            self._book_at_peer(kind, into=None)
        self._fill()
        for _ in range(self.scale.repeats):
            self._repetition()
        if self.scale.grown_to:
            self._grown()
        for mb in self.web.rss_mb():
            self.report.figures.add("rss_mb_per_worker", mb)

    def _fill(self) -> None:
        """Sell the session of the sold-out run to the last place."""
        plan = Plan("book", 1, FULL_CAPACITY, self.dataset.slots(0, "full"))
        volley = self.load_workers.fire(
            plan, port=self.web.port, connections=self.scale.load_workers, warm_s=0.0, measure_s=5.0
        )
        self.created += volley.statuses.get(CREATED, 0)
        if volley.statuses != {CREATED: FULL_CAPACITY}:
            self.report.note(f"selling out: {volley.statuses}; {_first_sample(volley)}")

    def _repetition(self) -> None:
        figures = self.report.figures
        for kind in ("hot", "spread"):
            self.tell(f"naive, {kind}")
            one = naive.measure(self.server, self.folder, kind, self.scale.naive_s)
            figures.add(f"naive_{kind}_tps", one.best_tps)
            for clients, tps in one.by_clients.items():
                figures.add(f"naive_{kind}_tps_{clients}_clients", tps)
            self.tell(f"peer, {kind}")
            self._book_at_peer(kind, into=f"peer_{kind}_per_s")
            self.tell(f"bookings, {kind}")
            self._book(kind, into=f"{kind}_per_s")
        self.tell("no-op")
        self._read("noop", OK, "noop_per_s")
        self.tell("sold out")
        self._read("sold_out", CONFLICT, "sold_out_per_s")
        self.tell("availability")
        self._read("availability", OK, "availability_per_s")
        self.tell(f"latency at {PEAK_SHARE:.0%} of peak")
        self._latency("hot", "p50_ms", "p99_ms")
        if not self.scale.is_quick:
            self.tell(f"latency at {PEAK_SHARE:.0%} of peak, spread")
            self._latency("spread", "spread_p50_ms", "spread_p99_ms")
        self._account()

    def _book(self, kind: str, *, into: str | None) -> float:
        web_before, postgres_before = self.web.cpu_s(), postgres_cpu_s(self.server)
        volley = self._fire_bookings(kind, 0.0)
        rate = volley.per_s.get(CREATED, 0.0)
        self.guess_per_s = max(rate, 1000.0)
        if into is not None:
            figures = self.report.figures
            figures.add(into, rate)
            made = max(1, volley.statuses.get(CREATED, 0))
            figures.add(f"{kind}_web_cpu_us", (self.web.cpu_s() - web_before) / made * 1e6)
            figures.add(
                f"{kind}_postgres_cpu_us", (postgres_cpu_s(self.server) - postgres_before) / made * 1e6
            )
        return rate

    def _book_at_peer(self, kind: str, *, into: str | None) -> None:
        if self.peer is not None:
            self.peer.book(kind, warm_s=self.scale.warm_s, measure_s=self.scale.measure_s, into=into)

    def _latency(self, kind: str, p50: str, p99: str) -> None:
        peak = self.report.figures.get(f"{kind}_per_s") or self.guess_per_s
        volley = self._fire_bookings(kind, peak * PEAK_SHARE)
        if volley.unsent:
            self.report.note(
                f"open loop, {kind}: {volley.unsent} requests fell due and found no free connection"
            )
        self.report.figures.add(p50, volley.histogram.quantile_ms(0.5))
        self.report.figures.add(p99, volley.histogram.quantile_ms(0.99))

    def _fire_bookings(self, kind: str, rate_per_s: float) -> Volley:
        window_s = self.scale.warm_s + self.scale.measure_s
        count = int((rate_per_s or self.guess_per_s) * _SPARE * window_s) + self.scale.connections
        count = min(count, self.dataset.cards // _RUNS_PER_DATE)
        first_card, pass_no = self.dataset.take(count)
        plan = Plan("book", first_card, count, self.dataset.slots(pass_no, kind))
        volley = self._fire(plan, rate_per_s)
        self.created += volley.statuses.get(CREATED, 0)
        self.doubtful += volley.lost + sum(volley.statuses.get(status, 0) for status in _UNDECIDED)
        others = {status: count for status, count in volley.statuses.items() if status != CREATED}
        if others or volley.lost:
            self.report.note(
                f"bookings, {kind}: other answers {others}, lost {volley.lost}; {_first_sample(volley)}"
            )
        return volley

    def _read(self, kind: Kind, wanted: str, key: str) -> None:
        slots = self.dataset.slots(0, "full")
        path = self.dataset.availability_path() if kind == "availability" else ""
        before = self.web.cpu_s()
        warm_s = _SOLD_OUT_WARM_S if kind == "sold_out" else self.scale.warm_s
        volley = self._fire(Plan(kind, 1 + FULL_CAPACITY, _FULL_TURN, slots, path), 0.0, warm_s)
        answers = max(1, sum(volley.statuses.values()))
        self.report.figures.add(key, volley.per_s.get(wanted, 0.0))
        self.report.figures.add(f"{kind}_web_cpu_us", (self.web.cpu_s() - before) / answers * 1e6)
        others = {status: count for status, count in volley.statuses.items() if status != wanted}
        if others or volley.lost:
            self.report.note(f"{kind}: other answers {others}, lost {volley.lost}; {_first_sample(volley)}")

    def _fire(self, plan: Plan, rate_per_s: float, warm_s: float | None = None) -> Volley:
        scale = self.scale
        return self.load_workers.fire(
            plan,
            port=self.web.port,
            connections=scale.connections,
            warm_s=scale.warm_s if warm_s is None else warm_s,
            measure_s=scale.measure_s,
            rate_per_s=rate_per_s,
        )

    def _grown(self) -> None:
        """The same runs again beside millions of stored bookings."""
        self.tell(f"storing {self.scale.grown_to:,} bookings")
        fresh = sum(self.report.figures.get(f"{kind}_per_s") or 0.0 for kind in ("hot", "spread"))
        self.dataset.grow(self.scale.grown_to, lambda _stored: None)
        self.dataset.settle()
        for kind in ("hot", "spread"):  # warm again: the first run after a checkpoint logs whole pages
            self._book(kind, into=None)
        for _ in range(self.scale.repeats):
            self.tell("bookings beside them")
            grown = sum(self._book(kind, into=f"grown_{kind}_per_s") for kind in ("hot", "spread"))
            self.report.figures.add("grown_ratio", grown / max(1.0, fresh))
        self._account(stored=self.scale.grown_to)

    def _account(self, stored: int = 0) -> None:
        """Nothing was oversold, and every booking that was answered is there, no more and no less."""
        self.report.figures.add("oversold", self.dataset.oversold())
        if self.peer is not None:
            self.peer.account()
        found = self.dataset.bookings() - stored
        if not self.created <= found <= self.created + self.doubtful:
            self.report.note(
                f"{found} bookings are stored, {self.created} were confirmed, {self.doubtful} in doubt"
            )


def _first_sample(volley: Volley) -> str:
    for status, sample in sorted(volley.samples.items()):
        if status not in {CREATED, OK}:
            return f"{status}: {sample.partition(chr(13) + chr(10) * 1 + chr(13))[2].strip()[:300]}"
    return ""
