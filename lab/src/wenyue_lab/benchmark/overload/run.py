"""The run: find the peak, offer ten times as much, let it fall to 0.8 times, then the flash; and what must be said of it."""

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from time import perf_counter
from typing import Final

import psycopg

from wenyue.locale import Message
from wenyue.ops.processes import family
from wenyue.platform.database.db import queries
from wenyue.platform.embedded_server import ServerInfo, hold_home
from wenyue.platform.fault import SetupError
from wenyue.platform.files import allow_many_files
from wenyue_lab.benchmark.dataset import Dataset, seed
from wenyue_lab.benchmark.noise import NoiseMeter
from wenyue_lab.benchmark.overload import cores
from wenyue_lab.benchmark.overload.battery import Battery
from wenyue_lab.benchmark.overload.orders import Stream
from wenyue_lab.benchmark.overload.plan import Phase, Report, Scale, Shots, described, rounded
from wenyue_lab.benchmark.overload.proxied import Proxy, proxied
from wenyue_lab.benchmark.overload.rules import Ramp, ratio, recovery_s
from wenyue_lab.benchmark.overload.site import Demand
from wenyue_lab.benchmark.overload.tally import Tally
from wenyue_lab.benchmark.postgres import cpu_seconds as postgres_cpu_s
from wenyue_lab.benchmark.run import tell_nothing
from wenyue_lab.benchmark.site import Site, database, machine, site

_SQL: Final = queries("wenyue_lab.benchmark.overload", "flash.sql")
MULTIPLE: Final = 10.0
CALM: Final = 0.8
RUSH: Final = 60.0  # people per place in the flash
LAG_P99_MS_MAX: Final = 25.0  # a load process that is later than that measures itself
OFFERED_MIN: Final = 0.97  # of the wanted rate
_FLASH_WINDOW_S: Final = 5.0  # from the release on
_FLASH_BACKGROUND: Final = 0.5  # of the peak: others book other sessions meanwhile
_FLASH_SPARE: Final = 1.2
_FIRST_UNBOUNDED_PER_S: Final = 4_000.0
_MULTIPLES: Final = (3.0, 6.0, 10.0)


def measure_overload(home: Path, scale: Scale, tell: Callable[[str], None]) -> Report:
    """Measure; what was started is stopped and erased whatever happens. `home` is the benchmark's own."""
    began = perf_counter()
    allow_many_files()
    report = Report()
    placing = cores.usable()
    with hold_home(home, "wenyue bench overload"), ExitStack() as stack:
        tell("a database of its own")
        server = stack.enter_context(database(home, tell_nothing))
        report.machine = machine(server)
        tell(f"{scale.cards + scale.flash_cards:,} card holders")
        dataset = seed(server, home, scale.cards + scale.flash_cards, tell_nothing)
        cores.pin(family(server.pid), placing.database)
        log = home / "web.log"
        log.unlink(missing_ok=True)
        web = stack.enter_context(site(server, home, scale.workers, log))
        cores.pin([process.pid for process in web.processes], placing.web)
        port, proxy = web.port, None
        if scale.proxy is not None:
            core = placing.load if scale.is_proxy_apart else placing.web
            proxy = stack.enter_context(proxied(scale.proxy, web.port, home, core))
            port = proxy.port
        battery = stack.enter_context(
            Battery(size=scale.load_processes, port=port, connections=scale.connections, cores=placing.load)
        )
        demand = Demand(dataset, scale.cards, scale.flash_cards, scale.load_processes)
        measuring = _Range(scale, report, server, dataset, web, proxy, battery, demand, placing, tell)
        barometer = NoiseMeter(lambda: sum(measuring.cpu_s().values()))
        measuring.measure()
        report.noise = barometer.read_noise()
    report.seconds = perf_counter() - began
    return report


@dataclass(slots=True)
class _Range:
    scale: Scale
    report: Report
    server: ServerInfo
    dataset: Dataset
    web: Site
    proxy: Proxy | None
    battery: Battery
    demand: Demand
    placing: cores.Layout
    tell: Callable[[str], None]
    _began: float = field(default_factory=perf_counter)
    _booked: int = 0
    _doubtful: int = 0

    def measure(self) -> None:
        """Everything, in order."""
        bounded = cores.bounded(self.server.pid, self.scale.database_share)
        with bounded as how, self._unmaintained(is_bounded=bool(how)):
            self._describe(how)
            self.tell("warming up")
            self._fire([self.demand.ordinary((self.scale.warm_s, self.scale.first_per_s))])
            peak = self._find_peak(self.scale.first_per_s, "ramp")
            self.report.figures["peak_per_s"] = peak
            self._prove(peak * MULTIPLE)
            self._storm(peak)
            self._flash(peak)
        if self.scale.unbounded_storm_s:
            self._unbounded()
        self._account()

    @contextmanager
    def _unmaintained(self, *, is_bounded: bool) -> Generator[None]:
        """No autovacuum, no checkpoint while the database has a part of a core: they would take half of that for long."""
        if not is_bounded:
            yield
            return
        with psycopg.connect(self.server.superuser_url, autocommit=True) as connection:
            for name in ("autovacuum_off", "checkpoints_later", "reload", "checkpoint_now"):
                connection.execute(_SQL[name])
            try:
                yield
            finally:
                for name in ("autovacuum_as_before", "checkpoints_as_before", "reload"):
                    connection.execute(_SQL[name])

    # -------------------------------------------------------------------------------------------- parts

    def _find_peak(self, first_per_s: float, name: str) -> float:
        ramp = Ramp(first_per_s, self.scale.steps_max)
        scale = self.scale
        while (rate := ramp.next_per_s()) is not None:
            step_s = scale.hold_s if ramp.is_holding else scale.step_s
            self.tell(f"{name}: {rate:,.0f}/s")
            shots = self._fire([self.demand.ordinary((step_s, rate))])
            ends_s = step_s - scale.step_tail_s
            held, held_s = shots.tally.span(scale.step_skipped_s, ends_s), ends_s - scale.step_skipped_s
            ramp.note(held.offered / held_s, held.good / held_s)
            self._phase(name, shots, 0.0, step_s, rate)
            if not self._booked:
                raise SetupError(
                    Message("not one booking was confirmed: {samples}", samples=shots.tally.samples)
                )
        self.report.details[f"{name.replace(' ', '_')}_steps"] = [
            {"offered_per_s": round(offered), "goodput_per_s": round(goodput)}
            for offered, goodput in ramp.seen
        ]
        return ramp.peak_per_s

    def _prove(self, rate_per_s: float) -> None:
        """That the load processes can offer as much: requests of the same size that decide nothing."""
        self.tell(f"the load alone: {rate_per_s:,.0f}/s")
        shots = self._fire([self.demand.noop(self.scale.proof_s, rate_per_s)], is_kept=False)
        held = shots.tally.span(0.0, self.scale.proof_s)
        self.report.details["load_proof"] = {
            "wanted_per_s": round(rate_per_s),
            "offered_per_s": round(held.offered / self.scale.proof_s),
            "answered_within_1_s_per_s": round(held.good / self.scale.proof_s),
            "lag_p99_ms": rounded(shots.tally.lag().quantile_ms(0.99)),
            "cpu_us_per_request": _each(shots, held.offered),
        }

    def _storm(self, peak: float) -> None:
        storm_s, calm_s, after = self.scale.storm_s, self.scale.calm_s, self.scale.lead_s + self.scale.storm_s
        self.tell(
            f"{MULTIPLE:g} × peak: {peak * MULTIPLE:,.0f}/s for {storm_s:g} s, then {CALM:g} × for {calm_s:g} s"
        )
        pieces = ((self.scale.lead_s, peak * CALM), (storm_s, peak * MULTIPLE), (calm_s, peak * CALM))
        shots = self._fire([self.demand.ordinary(*pieces)])
        begin = 0.0
        for name, (seconds, rate) in zip(("before", "storm", "recovery"), pieces, strict=True):
            self._phase(name, shots, begin, begin + seconds, rate)
            begin += seconds
        tally, figures, details = shots.tally, self.report.figures, self.report.details
        storm = tally.span(self.scale.lead_s, after)
        figures["goodput_ratio_10x"] = ratio(storm.good / storm_s, peak)
        figures["admitted_p99_ms"] = rounded(storm.admitted.quantile_ms(0.99))
        figures["reject_p99_ms"] = rounded(storm.refused.quantile_ms(0.99))
        seconds = [tally.span(after + n, after + n + 1) for n in range(int(calm_s))]
        recovered = recovery_s([(one.offered, one.good) for one in seconds])
        figures["recovery_s"] = inf if recovered is None else recovered
        details["storm"] = {
            "wanted_per_s": round(peak * MULTIPLE),
            **described(storm, storm_s),
            "cpu_us_per_request": _each(shots, storm.offered),
            "lag_p99_ms": rounded(tally.lag(self.scale.lead_s, after).quantile_ms(0.99)),
            "never_sent": tally.never_sent,
            "waiting_for_a_connection_max": tally.queued_max,
            "connections_reopened": tally.reopened,
            "sent_again_after_a_reset": tally.resent,
            "connections_refused": tally.refused_connections,
            "statuses": {str(status): count for status, count in sorted(tally.statuses.items())},
        }
        details["recovery"] = described(tally.span(after, after + calm_s), calm_s)
        self._doubt("the storm", _shortfalls(tally, self.scale.lead_s, storm_s, peak * MULTIPLE))

    def _flash(self, peak: float) -> None:
        places = int(min(peak * MULTIPLE, self.demand.flash_cards / _FLASH_SPARE) / RUSH) or 1
        self.tell(f"flash: {places} places, {places * RUSH:,.0f} people in a second")
        lead_s = self.scale.flash_lead_s
        total_s = lead_s + 1.0 + self.scale.flash_after_s
        ends = min(total_s, lead_s + _FLASH_WINDOW_S)
        background = self.demand.ordinary((total_s, peak * _FLASH_BACKGROUND))
        flash = self.demand.flash(places, RUSH, lead_s)
        shots = self._fire([background, flash], before=lambda at: self.demand.release(flash, at))
        self._phase("flash", shots, 0.0, total_s, peak * _FLASH_BACKGROUND)
        tally = shots.tally
        during, rush = tally.span(lead_s, ends), tally.span(lead_s, ends, stream=1)
        others = tally.span(lead_s, ends, stream=0)
        after = tally.span(lead_s + 1.0, total_s, stream=0)
        given = self.demand.flash_given()
        self.report.figures["flash_60_goodput_ratio"] = ratio(during.good, others.offered + places)
        self.report.details["flash"] = {
            "places": places,
            "asked": rush.offered,
            "people_per_place": round(rush.offered / places, 1),
            "places_given": given,
            "acknowledged": rush.booked,
            "sold_out_after_s": _since(lead_s, tally.last_good_s) if given >= places else None,
            "everybody_answered_after_s": _since(lead_s, tally.last_answer_s),
            "rush": described(rush, 1.0),
            "others_during": described(others, ends - lead_s),
            "others_afterwards_share_served": round(ratio(after.good, after.offered), 4),
        }
        wanted = peak * _FLASH_BACKGROUND + places * RUSH
        self._doubt("the flash", _shortfalls(tally, lead_s, 1.0, wanted))

    def _unbounded(self) -> None:
        """The same with the database's whole core: then everything on this machine binds, the load processes included."""
        peak = self._find_peak(_FIRST_UNBOUNDED_PER_S, "unbounded ramp")
        seconds = self.scale.unbounded_storm_s
        storms: list[dict[str, object]] = []
        for multiple in _MULTIPLES:
            self.tell(f"unbounded: {multiple:g} × {peak:,.0f}/s for {seconds:g} s")
            shots = self._fire([self.demand.ordinary((seconds, peak * multiple))])
            self._phase("unbounded storm", shots, 0.0, seconds, peak * multiple)
            storm = shots.tally.span(0.0, seconds)
            storms.append(
                {
                    "multiple": multiple,
                    "goodput_ratio": round(ratio(storm.good / seconds, peak), 3),
                    "invalid_because": _shortfalls(shots.tally, 0.0, seconds, peak * multiple),
                    **described(storm, seconds),
                    "cpu_us_per_request": _each(shots, storm.offered),
                }
            )
        self.report.details["unbounded"] = {"peak_per_s": round(peak), "storms": storms}

    def _account(self) -> None:
        """Nothing was oversold, and every booking that was acknowledged is there, no more and no less."""
        self.tell("counting what was sold")
        stored = self.dataset.bookings()
        self.report.figures["oversold"] = self.dataset.oversold()
        self.report.details["acknowledged"] = self._booked
        self.report.details["in_doubt"] = self._doubtful
        self.report.details["stored"] = stored
        if not self._booked <= stored <= self._booked + self._doubtful:
            self.report.invalid.append(
                f"{stored} bookings are stored, {self._booked} were acknowledged, {self._doubtful} are in doubt"
            )

    # -------------------------------------------------------------------------------------------- helpers

    def _fire(
        self,
        streams: list[Stream],
        *,
        before: Callable[[float], None] = lambda _starts_at: None,
        is_kept: bool = True,
    ) -> Shots:
        used = self.cpu_s()
        tally, at = self.battery.fire(streams, drain_s=self.scale.drain_s, before=before)
        spent = {who: seconds - used[who] for who, seconds in self.cpu_s().items()}
        seconds = max(stream.seconds for stream in streams)
        if streams[0].name == "ordinary":
            self.demand.used(tally.numbers[0])
            whole = tally.span(0.0, seconds + 1)
            self._booked += whole.booked
            self._doubtful += whole.doubtful + whole.unanswered + whole.failed
        shots = Shots(at - self._began, seconds, tally, spent)
        if is_kept:
            self.report.shots.append(shots)
        return shots

    def cpu_s(self) -> dict[str, float]:
        """Processor seconds that everything of the run has used so far, by who did."""
        used = {
            "web": self.web.cpu_s(),
            "database": postgres_cpu_s(self.server),
            "load": self.battery.cpu_s(),
        }
        return used if self.proxy is None else {**used, "proxy": self.proxy.cpu_s()}

    def _phase(self, name: str, shots: Shots, begin_s: float, end_s: float, rate_per_s: float) -> None:
        at = shots.at_s
        self.report.phases.append(
            Phase(name, round(at + begin_s, 2), round(at + end_s, 2), round(rate_per_s))
        )

    def _doubt(self, what: str, problems: list[str]) -> None:
        self.report.invalid += [f"{what}: {problem}" for problem in problems]

    def _describe(self, how: str) -> None:
        scale = self.scale
        if scale.database_share and not how:
            self.report.notes.append(
                "the database is not bounded (no control group can be written): the load takes its cores from it"
            )
        self.report.configuration = {
            "quick": scale.is_quick,
            "web_workers": scale.workers,
            "load_processes": scale.load_processes,
            "connections": scale.connections,
            "proxy": None if scale.proxy is None else "HAProxy",
            "proxy_on_the_loads_core": scale.proxy is not None and scale.is_proxy_apart,
            "database_share_of_one_core": scale.database_share if how else None,
            "database_bound_by": how or "nothing",
            "autovacuum_and_checkpoints": "off while bounded" if how else "on",
            "cores_web": self.placing.web,
            "cores_database": self.placing.database,
            "cores_load": self.placing.load,
            "step_s": scale.step_s,
            "storm_s": scale.storm_s,
            "calm_s": scale.calm_s,
            "card_holders": scale.cards,
        }


def _shortfalls(tally: Tally, begin_s: float, seconds: float, wanted_per_s: float) -> list[str]:
    """Why the load was not what it was meant to be; load processes that could not keep up would flatter every figure."""
    offered = tally.span(begin_s, begin_s + seconds).offered / seconds
    lag = tally.lag(begin_s, begin_s + seconds).quantile_ms(0.99)
    problems: list[str] = []
    if offered < OFFERED_MIN * wanted_per_s:
        problems.append(f"{offered:,.0f}/s were offered instead of {wanted_per_s:,.0f}/s")
    if not lag <= LAG_P99_MS_MAX:
        problems.append(f"the load processes were late themselves, p99 {lag:.0f} ms")
    return problems


def _since(release_s: float, last_s: dict[int, float]) -> float:
    """From the release until the flash's last answer."""
    return round(last_s.get(1, release_s) - release_s, 3)


def _each(shots: Shots, requests: int) -> dict[str, float]:
    return {who: round(used / max(1, requests) * 1e6, 1) for who, used in shots.cpu_s.items()}
