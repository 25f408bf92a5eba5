"""The peer's figures: the runs that our own bookings get, of the same requests by the same generator."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wenyue.platform.embedded_server import ServerInfo
from wenyue_lab.benchmark.dataset import Dataset
from wenyue_lab.benchmark.figures import Figures
from wenyue_lab.benchmark.peer.site import bookings, is_installed, oversold, peer_site, prepare
from wenyue_lab.benchmark.postgres import cpu_seconds as postgres_cpu_s
from wenyue_lab.benchmark.site import Site
from wenyue_lab.benchmark.wire import Plan
from wenyue_lab.benchmark.workers import Workers

_CREATED: Final = "201"
_FIRST_GUESS_PER_S: Final = 3_000.0
_LEAST_GUESS_PER_S: Final = 500.0
_SPARE: Final = 2.0
# Its processes read whatever has come before they answer: with more connections a short window would see the reading only.
_CONNECTIONS_MAX: Final = 128
_WARM_MIN_S: Final = 0.5
_MEASURE_MIN_S: Final = 1.0


@dataclass(slots=True)
class PeerBench:
    """The running peer and what it was seen to do."""

    site: Site
    server: ServerInfo
    dataset: Dataset
    load_workers: Workers
    figures: Figures
    connections: int
    note: Callable[[str], None]
    guess_per_s: float = _FIRST_GUESS_PER_S
    created: int = 0
    doubtful: int = 0

    def book(self, kind: str, *, warm_s: float, measure_s: float, into: str | None) -> None:
        """One closed-loop run of `kind` (hot or spread); the rate becomes a repetition of figure `into`."""
        warm_s, measure_s = max(warm_s, _WARM_MIN_S), max(measure_s, _MEASURE_MIN_S)
        count = int(self.guess_per_s * _SPARE * (warm_s + measure_s)) + self.connections
        count = min(count, self.dataset.cards // 2)
        first_card, pass_no = self.dataset.take(count)
        plan = Plan("book", first_card, count, self.dataset.slots(pass_no, kind))
        web_before, postgres_before = self.site.cpu_s(), postgres_cpu_s(self.server)
        volley = self.load_workers.fire(
            plan, port=self.site.port, connections=self.connections, warm_s=warm_s, measure_s=measure_s
        )
        rate, made = volley.per_s.get(_CREATED, 0.0), volley.statuses.get(_CREATED, 0)
        self.guess_per_s = max(rate, _LEAST_GUESS_PER_S)
        self.created += made
        self.doubtful += volley.lost
        if volley.lost or made != sum(volley.statuses.values()):
            self.note(f"peer, {kind}: answers {volley.statuses}, lost {volley.lost}")
        if into is not None:
            self.figures.add(into, rate)
            web_s, postgres_s = self.site.cpu_s() - web_before, postgres_cpu_s(self.server) - postgres_before
            self.figures.add(f"peer_{kind}_web_cpu_us", web_s / max(1, made) * 1e6)
            self.figures.add(f"peer_{kind}_postgres_cpu_us", postgres_s / max(1, made) * 1e6)

    def account(self) -> None:
        """A peer that oversells, or whose confirmations are not what is stored, is no yardstick: a note says so."""
        wrong, found = oversold(self.server.owner_url), bookings(self.server.owner_url)
        if wrong:
            self.note(f"the peer oversold or miscounted {wrong} places")
        if not self.created <= found <= self.created + self.doubtful:
            self.note(
                f"the peer stores {found} bookings, {self.created} were confirmed, {self.doubtful} in doubt"
            )


@contextmanager
def peer_bench(
    server: ServerInfo,
    folder: Path,
    workers: int,
    *,
    dataset: Dataset,
    load_workers: Workers,
    figures: Figures,
    connections: int,
    note: Callable[[str], None],
) -> Generator[PeerBench | None]:
    """The peer on tables of its own, ready, ended with the block; None, and a note, where its libraries are not installed."""
    if not is_installed():
        note("the peer was not measured: its libraries (wenyue-lab[peer]) are not installed")
        yield None
        return
    prepare(server.owner_url)
    log = folder / "peer.log"
    log.unlink(missing_ok=True)
    with peer_site(server.owner_url, workers, log) as site:
        yield PeerBench(
            site, server, dataset, load_workers, figures, min(connections, _CONNECTIONS_MAX), note
        )
