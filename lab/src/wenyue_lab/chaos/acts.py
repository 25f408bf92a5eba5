"""What the drills do to an installation while people book."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from wenyue.ops.processes import send
from wenyue.platform.embedded_server import ServerInfo
from wenyue_lab.chaos.client import Client
from wenyue_lab.chaos.fixtures import Demand, Fixtures
from wenyue_lab.chaos.history import History
from wenyue_lab.chaos.installation import Installation
from wenyue_lab.chaos.proxy import CALM, ChaosProxy, LinkNoise
from wenyue_lab.chaos.runbook import CHECK, Runbook, StepDone, complaints, run_steps
from wenyue_lab.chaos.slow import Slow

RECOVER_S: Final = 45.0
_SLOW_HEADERS_MAX: Final = 1_800


@dataclass(slots=True)
class Stage:
    """What a fault works on while the load runs."""

    installation: Installation
    history: History
    client: Client
    demand: Demand
    seconds: float
    chance: random.Random
    patience_s: float = 1.0  # with a busy machine
    front: ChaosProxy | None = None  # between client and web
    link: ChaosProxy | None = None  # between web and PostgreSQL
    faults: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])  # from, until
    findings: list[str] = field(default_factory=list[str])
    extra: dict[str, float] = field(default_factory=dict[str, float])

    server: ServerInfo | None = None  # PostgreSQL as it was when the fixtures were made; its addresses stay
    fixtures: Fixtures | None = None
    variables: Mapping[str, str] = field(default_factory=dict[str, str])  # of the installation's processes
    tell: Callable[[str], None] = lambda _: None

    began: float = 0.0  # when the load began, and how long it was
    loaded_s: float = 0.0
    runbook: Runbook | None = None
    steps: list[StepDone] = field(default_factory=list[StepDone])
    followed: set[str] = field(default_factory=set[str])
    over_slots: frozenset[int] = frozenset()  # sessions that ended long before the drill did: nobody came

    def there(self) -> ServerInfo:
        """The installation's PostgreSQL. Raises LookupError where there is no such thing."""
        if self.server is None:
            raise LookupError("this drill needs an embedded server")
        return self.server

    async def follow(self, section: str) -> None:
        """Do what the runbook says under this heading, once; a step that fails is a finding."""
        if self.runbook is None or section in self.followed:
            return
        self.followed.add(section)
        environment = {"WENYUE_HOME": str(self.installation.home), "WENYUE_PORT": str(self.installation.port)}
        if self.runbook.steps(section):
            self.history.mark(f"runbook: {section}")
        done = await run_steps(self.runbook, section, environment)
        self.steps += done
        self.findings += complaints(done)

    async def rest_out(self, *, at_least_s: float = 1.0) -> None:
        """Let what is left of the drill's time pass."""
        await asyncio.sleep(max(at_least_s, self.began + self.seconds - self.history.now()))

    async def rest(self, fraction: float) -> None:
        """Let this part of the drill's time pass."""
        await asyncio.sleep(self.seconds * fraction)

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something, at most RECOVER_S; then it is a finding."""
        deadline = self.history.now() + RECOVER_S
        while not condition():
            if self.history.now() > deadline:
                self.findings.append(f"not within {RECOVER_S:.0f} s: {what}")
                return
            await asyncio.sleep(0.05)

    async def is_serving(self) -> None:
        """Wait until the installation answers again."""
        deadline = self.history.now() + RECOVER_S
        while not await asyncio.to_thread(self.installation.is_ready):
            if self.history.now() > deadline:
                self.findings.append(f"not ready again within {RECOVER_S:.0f} s")
                return
            await asyncio.sleep(0.05)


Fault = Callable[[Stage], Awaitable[None]]


async def kill_database(stage: Stage) -> None:
    """Kill -9 of PostgreSQL, postmaster and children, again and again; the supervisor starts it."""
    every = min(30.0, max(3.0, stage.seconds / 4))
    until = stage.history.now() + stage.seconds
    await asyncio.sleep(min(1.5, stage.seconds / 4))
    while True:
        at = stage.history.now()
        if stage.installation.kill_database():
            stage.history.mark("kill -9 PostgreSQL")
            await stage.until(lambda: stage.installation.database_pid() is not None, "the database's restart")
            await stage.is_serving()
            stage.faults.append((at, stage.history.now()))
            await stage.follow(CHECK)
        if stage.history.now() + every > until:
            break
        await asyncio.sleep(max(0.0, at + every - stage.history.now()))
    await stage.rest_out()


async def cut_link(stage: Stage) -> None:
    """Connections to PostgreSQL are reset at random pieces of data, requests and answers alike; COMMITs among them."""
    link = there(stage.link)
    await stage.rest(0.15)
    began = stage.history.now()
    stage.history.mark("the database link is cut at random")
    link.noise = LinkNoise(reset_chance=0.02)
    for _ in range(4):
        async with asyncio.TaskGroup() as group:
            group.create_task(stage.rest(0.15))
            group.create_task(stage.follow(CHECK))
        stage.history.mark(f"all {link.cut()} connections cut at once")
    link.noise = CALM
    stage.history.mark("the link is whole")
    stage.faults.append((began, stage.history.now()))
    stage.extra["connections reset"] = link.counts["resets"] + link.counts["cut"]
    await stage.rest(0.25)


async def kill_web(stage: Stage) -> None:
    """Kill -9 of a web process in the middle of its work; the supervisor starts it again."""
    times = max(1, round(stage.seconds / 12))
    for _ in range(times):
        await asyncio.sleep(stage.seconds / (times + 1) * stage.chance.uniform(0.5, 1.0))
        before = stage.installation.web_pids()
        victim = stage.chance.choice(before)
        at = stage.history.now()
        send([victim], signal.SIGKILL)
        stage.history.mark("kill -9 a web process")
        await stage.until(
            lambda old=before: len(now := stage.installation.web_pids()) == len(old) and set(now) != set(old),
            "the web process's restart",
        )
        stage.faults.append((at, stage.history.now()))
    await stage.is_serving()
    await stage.rest_out()


async def drain_web(stage: Stage) -> None:
    """SIGTERM to a web process under load: what it took it answers; the other one serves meanwhile."""
    times = max(1, round(stage.seconds / 15))
    for _ in range(times):
        await asyncio.sleep(stage.seconds / (times + 1) * 0.6)
        before = stage.installation.web_pids()
        victim = stage.chance.choice(before)
        at = stage.history.now()
        send([victim], signal.SIGTERM)
        stage.history.mark("SIGTERM to a web process")
        await stage.until(lambda v=victim: v not in stage.installation.web_pids(), "the end of the drain")
        took = stage.history.now() - at
        stage.extra["drain s"] = max(stage.extra.get("drain s", 0.0), round(took, 2))
        await stage.until(lambda old=before: len(stage.installation.web_pids()) == len(old), "its restart")
        stage.faults.append((at, stage.history.now()))
    await stage.rest_out()


async def crawl(stage: Stage) -> None:
    """Many connections whose headers or bodies arrive byte by byte: more than a login shell's limit of open files."""
    await stage.rest(0.2)
    began = stage.history.now()
    stage.history.mark("slow clients arrive")
    async with Slow(stage.installation.port, seed=1) as slow:
        headers = min(_SLOW_HEADERS_MAX, round(stage.seconds * 60))
        await slow.open(headers=headers, bodies=headers // 2)
        async with asyncio.TaskGroup() as group:
            group.create_task(stage.rest(0.6))
            group.create_task(stage.follow(CHECK))
        stage.extra["slow connections at most"] = slow.most
        stage.extra["slow connections at the end"] = slow.living
    stage.history.mark("slow clients are gone")
    stage.faults.append((began, stage.history.now()))
    await stage.rest(0.2)


async def freeze_database(stage: Stage) -> None:
    """SIGSTOP to PostgreSQL and all its processes for five seconds, then SIGCONT."""
    times = max(1, round(stage.seconds / 30))
    for _ in range(times):
        await asyncio.sleep(max(1.5, stage.seconds / times * 0.3))
        at = stage.history.now()
        frozen = stage.installation.database_pids()
        try:
            stage.extra["processes frozen"] = send(frozen, signal.SIGSTOP)
            stage.history.mark("PostgreSQL frozen")
            async with asyncio.TaskGroup() as group:
                group.create_task(asyncio.sleep(5.0))
                group.create_task(stage.follow(CHECK))
        finally:
            send(frozen, signal.SIGCONT)
        stage.history.mark("PostgreSQL thawed")
        stage.faults.append((at, stage.history.now()))
        await asyncio.sleep(2.0)
    await stage.rest_out()


def there(proxy: ChaosProxy | None) -> ChaosProxy:
    """The proxy that a drill needs. Raises LookupError where none was started."""
    if proxy is None:
        raise LookupError("this drill needs a proxy that was not started")
    return proxy
