"""One drill on a cluster, from an empty home to a verdict."""

import asyncio
import random
import shutil
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from wenyue.infra.fault import SetupError
from wenyue.infra.server import ServerInfo
from wenyue.tools.bench.site import machine
from wenyue.tools.drill.checker import SHOWN_MAX, Violation, check, read_final
from wenyue.tools.drill.client import CONVERGE_S, Client, Wire
from wenyue.tools.drill.figures import measure
from wenyue.tools.drill.history import History
from wenyue.tools.drill.kind import SLACK_S, Drill
from wenyue.tools.drill.lab_stage import LabSite, LabStage, environment_of
from wenyue.tools.drill.load import Traffic
from wenyue.tools.drill.run import SECONDS_MAX, Run
from wenyue.tools.drill.runbook import AFTERWARDS, CHECK, FOLDER, MEND, load
from wenyue.tools.drill.town import Demand, Town, cards_for, seed
from wenyue.tools.lab.cluster import Lab, remove
from wenyue.tools.lab.namespaces import inside

_AFTERMATH_S: Final = CONVERGE_S + 30.0
_NETNS: Final = "wydrill"


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
    """Run `drill` on a lab in `home`, which is made for it and removed; history and logs stay beside it.

    Raises SetupError, also when a program that the lab needs is not installed.
    """
    if cannot := drill.needs():
        raise SetupError(
            f"{drill.name} cannot run on this machine: {cannot}", f"本机无法运行演练 {drill.name}"
        )
    seconds = min(seconds, SECONDS_MAX)
    rate = rate_per_s or drill.rate_per_s
    began_at = datetime.now(UTC)
    remove(home / "lab")
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    history = History(home.with_name(f"{home.name}-history.jsonl"))
    tell("a cluster of its own")
    lab = Lab.make(home / "lab", netns=_NETNS if drill.has_namespaces else "")
    try:
        lab.start(tell)
        with inside(lab.layout):
            play = _Play(drill, home, lab, history, seconds, rate, seed_, slack_s, tell)
            done = play.perform(began_at)
    finally:
        history.close()
        _keep_logs(lab, home.with_name(f"{home.name}-logs"))
        lab.stop()
        shutil.rmtree(home, ignore_errors=True)
    return done


@dataclass(slots=True)
class _Play:
    """One performance on a running lab."""

    drill: Drill
    home: Path
    lab: Lab
    history: History
    seconds: float
    rate_per_s: float
    seed: int
    slack_s: float
    tell: Callable[[str], None]

    def perform(self, began_at: datetime) -> Run:
        """Seed, serve, load and fault, check."""
        lab, drill = self.lab, self.drill
        server = _as_server(lab)
        town = seed(server, lab.home, cards_for(int(self.rate_per_s * self.seconds)))
        facts = machine(server)
        lab.serve(self.tell)
        stage = asyncio.run(self._act(server, town))
        self.tell("the check")
        lab.await_whole()
        violations = self._check()
        figures = measure(self.history, stage.faults, stage.loaded_s)
        return Run(
            name=drill.name,
            began_at=began_at.isoformat(timespec="seconds"),
            command=f"wenyue drill run {drill.name} --seconds {self.seconds:g} --rate {self.rate_per_s:g} --seed {self.seed}",
            seed=self.seed,
            rate_per_s=self.rate_per_s,
            figures=figures,
            machine=facts | {"cluster": "3 PostgreSQL, 3 etcd, 2 web, 1 worker, 1 proxy on this machine"},
            marks=self.history.marks,
            faults=stage.faults,
            extra=stage.extra,
            findings=stage.findings + drill.judge(figures, self.history, self.slack_s),
            violations=violations[:SHOWN_MAX],
            steps=stage.steps,
        )

    async def _act(self, server: ServerInfo, town: Town) -> LabStage:
        async with AsyncExitStack() as stack:
            wire = Wire(self.lab.layout.port)
            stack.callback(wire.close)
            client = Client(self.history, wire, seed=self.seed)
            demand = Demand(town, seed=self.seed)
            chance = random.Random(f"drill {self.seed}")  # noqa: S311 - when to strike, not a secret
            stage = LabStage(
                installation=LabSite(self.lab),
                history=self.history,
                client=client,
                demand=demand,
                seconds=self.seconds,
                chance=chance,
                server=server,
                town=town,
                tell=self.tell,
                runbook=load(self.drill.name) if FOLDER.is_dir() else None,  # an installed wheel has none
                lab=self.lab,
                environment=environment_of(self.lab, self.home),
            )
            self.tell("load and fault")
            await self._load(stage)
            for section in (CHECK, MEND, AFTERWARDS):
                await stage.follow(section)
            return stage

    async def _load(self, stage: LabStage) -> None:
        traffic = Traffic(stage.client, stage.demand, rate_per_s=self.rate_per_s, seed=self.seed)
        self.history.begin()
        stage.began = self.history.now()
        running = asyncio.create_task(traffic.run())
        try:
            await self.drill.act(stage)
        finally:
            traffic.stop()
            stage.loaded_s = self.history.now() - stage.began
            self.tell("settling what is in doubt")
            async with asyncio.timeout(_AFTERMATH_S):
                await running
        stage.extra["operations delayed by the client"] = traffic.delayed

    def _check(self) -> list[Violation]:
        return check(self.history, read_final(self.lab.owner_url))


def _as_server(lab: Lab) -> ServerInfo:
    """The primary as what the drills' other parts take."""
    node = lab.primary() or lab.layout.nodes[0]
    return ServerInfo(
        app_url=lab.app_url,
        owner_url=lab.owner_url,
        superuser_url=lab.place.url("postgres", "postgres"),
        was_started_here=False,
        pid=lab.postmaster(node) or 0,
        programs=lab.place.programs,
        data=lab.data(node),
        log=lab.logs / f"{node.name}-patroni.log",
    )


def _keep_logs(lab: Lab, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(lab.logs, target, ignore=shutil.ignore_patterns("*.cfg"))
