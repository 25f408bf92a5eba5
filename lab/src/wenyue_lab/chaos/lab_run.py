"""One drill on a cluster, from an empty home to a verdict."""

import asyncio
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from wenyue.platform.embedded_server import ServerInfo
from wenyue_lab.benchmark.site import machine
from wenyue_lab.chaos.checker import check, read_final
from wenyue_lab.chaos.fixtures import Fixtures
from wenyue_lab.chaos.kind import Drill, Terms
from wenyue_lab.chaos.lab_stage import LabSite, LabStage, environment_of
from wenyue_lab.chaos.performance import Performance, performance
from wenyue_lab.chaos.record import Run
from wenyue_lab.chaos.runbook import AFTERWARDS, CHECK, FIX
from wenyue_lab.cluster.cluster import Lab, remove
from wenyue_lab.cluster.namespaces import inside

_NETNS: Final = "wydrill"


def run_lab_drill(drill: Drill, home: Path, terms: Terms) -> Run:
    """Run `drill` on a lab in `home`, which is made for it and removed; history and logs stay beside it.

    Raises SetupError, also when a program that the lab needs is not installed.
    """
    with performance(drill, home, terms) as it, ExitStack() as after:
        remove(home / "lab")
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        it.terms.tell("a cluster of its own")
        lab = Lab.make(home / "lab", netns=_NETNS if drill.has_namespaces else "")
        after.callback(shutil.rmtree, home, ignore_errors=True)
        after.callback(lab.stop)
        after.callback(_keep_logs, lab, home.with_name(f"{home.name}-logs"))
        lab.start(it.terms.tell)
        with inside(lab.layout):
            return _perform(it, lab)


def _perform(it: Performance, lab: Lab) -> Run:
    """Seed, serve, load and fault, check."""
    server = _as_server(lab)
    fixtures = it.people(server, lab.home)
    facts = machine(server)
    lab.serve(it.terms.tell)
    stage = asyncio.run(_act(it, lab, server, fixtures))
    it.terms.tell("the check")
    lab.await_whole()
    violations = check(it.history, read_final(lab.owner_url))
    about = {"cluster": "3 PostgreSQL, 3 etcd, 2 web, 1 worker, 1 proxy on this machine"}
    return it.record(stage, facts | about, violations)


async def _act(it: Performance, lab: Lab, server: ServerInfo, fixtures: Fixtures) -> LabStage:
    with it.client(lab.layout.port) as client:
        stage = LabStage(
            installation=LabSite(lab),
            history=it.history,
            client=client,
            demand=it.demand(fixtures),
            seconds=it.terms.seconds,
            chance=it.chance(),
            server=server,
            fixtures=fixtures,
            tell=it.terms.tell,
            runbook=it.runbook(),
            lab=lab,
            environment=environment_of(lab, it.home),
        )
        it.terms.tell("load and fault")
        async with it.load(stage):
            await it.drill.act(stage)
        for section in (CHECK, FIX, AFTERWARDS):
            await stage.follow(section)
        return stage


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
