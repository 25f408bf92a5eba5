"""One drill on one machine, from an empty home to a verdict: seed, start, load and fault, converge, check, record."""

import asyncio
import shutil
from collections.abc import Mapping
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit

from wenyue.platform.embedded_server import ServerInfo, ensure_started, erase, stop
from wenyue_lab.benchmark.site import machine
from wenyue_lab.chaos.acts import Stage
from wenyue_lab.chaos.checker import check, read_final
from wenyue_lab.chaos.fixtures import Fixtures
from wenyue_lab.chaos.installation import HOST, installed
from wenyue_lab.chaos.kind import Drill, Terms
from wenyue_lab.chaos.performance import Performance, performance
from wenyue_lab.chaos.proxy import ChaosProxy
from wenyue_lab.chaos.record import Run
from wenyue_lab.chaos.runbook import AFTERWARDS, CHECK, FIX

_SOCKET_NAME: Final = ".s.PGSQL.5432"


def run_drill(drill: Drill, home: Path, terms: Terms) -> Run:
    """Run `drill` in `home`, which is made for it and removed; history and log stay beside it. Raises SetupError.

    Call it from the main thread: the processes that it starts end with the thread.
    """
    with performance(drill, home, terms) as it, ExitStack() as around:
        log = home.with_name(f"{home.name}.log")
        log.unlink(missing_ok=True)
        erase(home)
        around.callback(shutil.rmtree, home, ignore_errors=True)
        variables: Mapping[str, str] = {}
        if drill.around is not None:
            variables = around.enter_context(drill.around(home))
        try:
            it.terms.tell("an installation of its own")
            server = ensure_started(home)
            now = drill.begins_at(it.began_at) if drill.begins_at is not None else None
            fixtures = it.people(server, home, now=now)
            facts = machine(server)
            if not drill.has_link:
                stop(server)  # `wenyue up` starts it, and keeps it running
            stage = asyncio.run(_Play(it, log, fixtures, server, variables).perform())
            it.terms.tell("the check")
            if not drill.has_link:
                server = ensure_started(home)
            try:
                violations = check(it.history, read_final(server.owner_url), over_slots=stage.over_slots)
            finally:
                stop(server)
        finally:
            erase(home)
    return it.record(stage, facts, violations)


@dataclass(slots=True)
class _Play:
    """One performance: installation, proxies, load and fault together."""

    it: Performance
    log: Path
    fixtures: Fixtures
    server: ServerInfo
    variables: Mapping[str, str]

    async def perform(self) -> Stage:
        """Load and fault, then everything that is in doubt is settled."""
        it, drill = self.it, self.it.drill
        async with AsyncExitStack() as stack:
            link = await stack.enter_async_context(self._link()) if drill.has_link else None
            variables = dict(self.variables) | (self._through(link) if link is not None else {})
            installation = await stack.enter_async_context(installed(it.home, self.log, variables=variables))
            there = (HOST, installation.port)
            front = None
            if drill.has_front:
                front = await stack.enter_async_context(ChaosProxy((HOST, 0), there, seed=it.terms.seed))
            client = stack.enter_context(it.client(front.port if front is not None else installation.port))
            stage = Stage(
                installation, it.history, client, it.demand(self.fixtures), it.terms.seconds, it.chance(),
                front=front, link=link, server=self.server, fixtures=self.fixtures, variables=variables,
                tell=it.terms.tell, patience_s=it.terms.slack_s, runbook=it.runbook(),
            )  # fmt: skip
            it.terms.tell("load and fault")
            async with it.load(stage):
                await drill.act(stage)
                for section in (CHECK, FIX):
                    await stage.follow(section)
            if drill.then is not None:
                await drill.then(stage)
            await stage.follow(AFTERWARDS)
            return stage

    def _link(self) -> ChaosProxy:
        folder = self.it.home / "link"
        folder.mkdir(mode=0o700)
        given = parse_qs(urlsplit(self.server.app_url).query)
        return ChaosProxy(
            folder / _SOCKET_NAME, Path(given["host"][0]) / _SOCKET_NAME, seed=self.it.terms.seed
        )

    def _through(self, link: ChaosProxy) -> dict[str, str]:
        """The application reaches the database through the link, its owner does not."""
        folder = str(Path(str(link.address)).parent)
        plain = urlsplit(self.server.app_url)
        query = f"host={quote(folder, safe='')}&port={parse_qs(plain.query)['port'][0]}"
        return {
            "WENYUE_DATABASE_URL": plain._replace(query=query).geturl(),
            "WENYUE_OWNER_DATABASE_URL": self.server.owner_url,
        }
