"""One drill from an empty home to a verdict: seed, start, load and fault, converge, check, figures, record."""

import asyncio
import json
import random
import shutil
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit

from wenyue.infra.fault import SetupError
from wenyue.infra.server import ServerInfo, ensure_started, erase, stop
from wenyue.tools.bench.site import machine
from wenyue.tools.drill.acts import Stage
from wenyue.tools.drill.checker import SHOWN_MAX, Violation, check, read_final
from wenyue.tools.drill.client import CONVERGE_S, Client, Wire
from wenyue.tools.drill.figures import Figures, measure
from wenyue.tools.drill.history import History
from wenyue.tools.drill.installation import HOST, installed
from wenyue.tools.drill.kind import SLACK_S, Drill
from wenyue.tools.drill.load import Traffic
from wenyue.tools.drill.proxy import ChaosProxy
from wenyue.tools.drill.runbook import AFTERWARDS, CHECK, FOLDER, MEND, StepDone, load
from wenyue.tools.drill.schedule import RUN_GLOB
from wenyue.tools.drill.town import Demand, Town, cards_for, seed

SECONDS_MAX: Final = 3_600.0
RUNS_KEPT: Final = 500
_AFTERMATH_S: Final = CONVERGE_S + 30.0
_TELL_EVERY_S: Final = 2.0
_SOCKET_NAME: Final = ".s.PGSQL.5432"


@dataclass(frozen=True, slots=True)
class Run:
    """What is stored of one drill."""

    name: str
    began_at: str
    command: str
    seed: int
    rate_per_s: float
    figures: Figures
    machine: dict[str, object]
    marks: list[tuple[float, str]]
    faults: list[tuple[float, float]]
    extra: dict[str, float] = field(default_factory=dict[str, float])
    findings: list[str] = field(default_factory=list[str])  # what the drill's own rules object to
    violations: list[Violation] = field(default_factory=list[Violation])  # at most SHOWN_MAX
    steps: list[StepDone] = field(default_factory=list[StepDone])  # of its runbook
    finished_at: str = ""

    @property
    def is_passed(self) -> bool:
        """Every invariant held, and the figures are what the drill asks for."""
        return not self.findings and not self.violations


def run(
    drill: Drill,
    home: Path,
    *,
    seconds: float,
    seed_: int = 1,
    rate_per_s: float = 0.0,
    slack_s: float = SLACK_S,
    tell: Callable[[str], None] = lambda _: None,
) -> Run:
    """Run `drill` in `home`, which is made for it and removed; history and log stay beside it. Raises SetupError.

    `slack_s`: how long after its deadline an answer may come. Call it from the
    main thread: the processes that it starts end with the thread.
    """
    if cannot := drill.needs():
        raise SetupError(
            f"{drill.name} cannot run on this machine: {cannot}", f"本机无法运行演练 {drill.name}"
        )
    seconds = min(seconds, SECONDS_MAX)
    rate = rate_per_s or drill.rate_per_s
    began_at = datetime.now(UTC)
    history = History(home.with_name(f"{home.name}-history.jsonl"))
    log = home.with_name(f"{home.name}.log")
    log.unlink(missing_ok=True)
    erase(home)
    with ExitStack() as around:
        around.callback(shutil.rmtree, home, ignore_errors=True)
        variables: Mapping[str, str] = {}
        if drill.around is not None:
            variables = around.enter_context(drill.around(home))
        try:
            tell("an installation of its own")
            server = ensure_started(home)
            now = drill.begins_at(began_at) if drill.begins_at is not None else None
            town = seed(server, home, cards_for(int(rate * seconds)), now=now)
            facts = machine(server)
            if not drill.has_link:
                stop(server)  # `wenyue up` starts it, and keeps it running
            play = _Play(
                drill, home, log, town, history, seconds, rate, seed_, server, variables, slack_s, tell
            )
            stage = asyncio.run(play.perform())
            tell("the check")
            if not drill.has_link:
                server = ensure_started(home)
            try:
                violations = check(history, read_final(server.owner_url), over_slots=stage.over_slots)
            finally:
                stop(server)
        finally:
            history.close()
            erase(home)
    figures = measure(history, stage.faults, stage.loaded_s)
    return Run(
        name=drill.name,
        began_at=began_at.isoformat(timespec="seconds"),
        command=f"wenyue drill run {drill.name} --seconds {seconds:g} --rate {rate:g} --seed {seed_}",
        seed=seed_,
        rate_per_s=rate,
        figures=figures,
        machine=facts,
        marks=history.marks,
        faults=stage.faults,
        extra=stage.extra,
        findings=stage.findings + drill.judge(figures, history, slack_s),
        violations=violations[:SHOWN_MAX],
        steps=stage.steps,
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


@dataclass(slots=True)
class _Play:
    """One performance: installation, proxies, load and fault together."""

    drill: Drill
    home: Path
    log: Path
    town: Town
    history: History
    seconds: float
    rate_per_s: float
    seed: int
    server: ServerInfo
    variables: Mapping[str, str]
    slack_s: float
    tell: Callable[[str], None]

    async def perform(self) -> Stage:
        """Load and fault, then everything that is in doubt is settled."""
        async with AsyncExitStack() as stack:
            link = await stack.enter_async_context(self._link()) if self.drill.has_link else None
            variables = dict(self.variables) | (self._through(link) if link is not None else {})
            installation = await stack.enter_async_context(
                installed(self.home, self.log, variables=variables)
            )
            there = (HOST, installation.port)
            front = None
            if self.drill.has_front:
                front = await stack.enter_async_context(ChaosProxy((HOST, 0), there, seed=self.seed))
            wire = Wire(front.port if front is not None else installation.port)
            stack.callback(wire.close)
            client = Client(self.history, wire, seed=self.seed)
            demand = Demand(self.town, seed=self.seed)
            chance = random.Random(f"drill {self.seed}")  # noqa: S311 - when to strike, not a secret
            stage = Stage(
                installation, self.history, client, demand, self.seconds, chance,
                front=front, link=link, server=self.server, town=self.town, variables=variables,
                tell=self.tell, patience_s=self.slack_s,
                runbook=load(self.drill.name) if FOLDER.is_dir() else None,  # an installed wheel has none
            )  # fmt: skip
            self.tell("load and fault")
            await self._load(stage)
            return stage

    async def _load(self, stage: Stage) -> None:
        traffic = Traffic(stage.client, stage.demand, rate_per_s=self.rate_per_s, seed=self.seed)
        self.history.begin()
        stage.began = self.history.now()
        running = asyncio.create_task(traffic.run())
        telling = asyncio.create_task(self._tell_progress(stage))
        try:
            await self.drill.act(stage)
            for section in (CHECK, MEND):
                await stage.follow(section)
        finally:
            traffic.stop()
            stage.loaded_s = self.history.now() - stage.began
            telling.cancel()
            self.tell("settling what is in doubt")
            async with asyncio.timeout(_AFTERMATH_S):
                await running
        stage.extra["operations delayed by the client"] = traffic.delayed
        if self.drill.then is not None:
            await self.drill.then(stage)
        await stage.follow(AFTERWARDS)

    async def _tell_progress(self, stage: Stage) -> None:
        while True:
            await asyncio.sleep(_TELL_EVERY_S)
            self.tell(
                f"{self.history.now():.0f} of {self.seconds:.0f} s, {len(self.history.operations):,} operations, "
                f"{len(stage.faults)} faults over, {len(stage.findings)} findings"
            )

    def _link(self) -> ChaosProxy:
        folder = self.home / "link"
        folder.mkdir(mode=0o700)
        given = parse_qs(urlsplit(self.server.app_url).query)
        return ChaosProxy(folder / _SOCKET_NAME, Path(given["host"][0]) / _SOCKET_NAME, seed=self.seed)

    def _through(self, link: ChaosProxy) -> dict[str, str]:
        """The application reaches the database through the link, its owner does not."""
        folder = str(Path(str(link.address)).parent)
        plain = urlsplit(self.server.app_url)
        query = f"host={quote(folder, safe='')}&port={parse_qs(plain.query)['port'][0]}"
        return {
            "WENYUE_DATABASE_URL": plain._replace(query=query).geturl(),
            "WENYUE_OWNER_DATABASE_URL": self.server.owner_url,
        }


def store(run_: Run, folder: Path) -> Path:
    """Write the run as JSON into `folder`; the oldest beyond RUNS_KEPT go."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = run_.began_at.replace(":", "").replace("-", "").partition("+")[0]
    path = folder / f"{stamp}-{run_.name}.json"
    document = asdict(run_) | {"is_passed": run_.is_passed}
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    partial.rename(path)
    for old in sorted(folder.glob(RUN_GLOB))[:-RUNS_KEPT]:
        old.unlink()
    return path
